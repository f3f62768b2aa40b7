//! Who asks for a message gets one, to whom it is for.

use contracts::users::User;
use notifications::Settings;
use tidings::params;

use crate::stage::{MINUTE, Stage, kept, message_id, receipt, record, to_address};

async fn address(stage: &Stage, number: u128) -> String {
    let sql = "SELECT address FROM messages WHERE id = $1";
    let mut conn = stage.service().read().await.unwrap();
    let row = params![message_id(number)];
    let (address,): (String,) = conn.query_one(sql, row).await.unwrap();
    address
}

#[tokio::test]
async fn a_message_to_an_account_goes_to_the_address_that_the_account_has_now() {
    let mut stage = Stage::with_user(Settings::mailbox()).await;
    stage.ask(&receipt(1)).await;
    assert_eq!(address(&stage, 1).await, "ann@example.com");
    stage.hear(record(1, "ann@example.org", 2)).await;
    stage.ask(&receipt(2)).await;
    assert_eq!(address(&stage, 2).await, "ann@example.org");
    assert_eq!(address(&stage, 1).await, "ann@example.com", "it is past");
}

/// The account is made by one service, the message asked for by another: no order between them.
#[tokio::test]
async fn a_message_to_an_account_that_was_not_heard_of_waits_for_it() {
    let mut stage = Stage::new(Settings::mailbox()).await;
    stage.ask(&receipt(1)).await;
    stage.ask(&to_address(2, "bob@example.com")).await;
    assert_eq!(stage.stuck().await, ["parked"]);
    assert_eq!(stage.count().await, 1, "others do not wait with it");
    stage.hear(record(1, "ann@example.com", 1)).await;
    stage.advance(MINUTE).await;
    assert_eq!(stage.kept(1).await, kept("sent", None, 1));
    assert_eq!(stage.stuck().await, [""; 0]);
}

#[tokio::test]
async fn nothing_is_sent_to_an_account_that_was_shut_and_that_is_on_record() {
    let mut stage = Stage::new(Settings::mailbox()).await;
    let user = record(1, "ann@example.com", 1);
    stage
        .hear(User {
            disabled: true,
            ..user
        })
        .await;
    stage.ask(&receipt(1)).await;
    let expected = kept("skipped", Some("the account has been shut"), 0);
    assert_eq!(stage.kept(1).await, expected);
}

#[tokio::test]
async fn a_message_that_is_asked_for_twice_is_one_message() {
    let mut stage = Stage::with_user(Settings::mailbox()).await;
    stage.ask(&receipt(1)).await;
    stage.ask(&receipt(1)).await;
    assert_eq!(stage.count().await, 1);
    assert_eq!(stage.kept(1).await, kept("sent", None, 1));
}

#[tokio::test]
async fn what_is_no_address_is_on_record_and_holds_up_nobody() {
    let mut stage = Stage::new(Settings::mailbox()).await;
    for (number, address) in (1..).zip(["", "ann", "ann@", "a@b\r\nBcc: c@d.example"]) {
        stage.ask(&to_address(number, address)).await;
        let (state, reason, _) = stage.kept(number).await;
        assert_eq!(state, "failed", "{address:?}");
        assert!(reason.unwrap().starts_with("not an e-mail address"));
    }
    assert_eq!(stage.stuck().await, [""; 0]);
}
