//! Without a mail server nothing leaves the machine, and nothing is kept for ever.

use notifications::Settings;

use crate::stage::{DAY, Stage, kept, receipt};

#[tokio::test]
async fn without_a_server_a_message_is_kept_to_be_read() {
    let mut stage = Stage::with_user(Settings::mailbox()).await;
    stage.ask(&receipt(1)).await;
    assert_eq!(stage.kept(1).await, kept("sent", None, 1));
    let page = stage.get("/console/mail").await;
    assert!(page.text.contains("Nothing leaves this machine"));
    assert!(page.text.contains("Kept here"));
}

#[tokio::test]
async fn messages_are_forgotten_after_ninety_days() {
    let mut stage = Stage::with_user(Settings::mailbox()).await;
    stage.ask(&receipt(1)).await;
    stage.advance(80 * DAY).await;
    stage.ask(&receipt(2)).await;
    assert_eq!(stage.count().await, 2);
    stage.advance(11 * DAY).await;
    assert_eq!(stage.count().await, 1);
    assert_eq!(stage.kept(2).await.0, "sent");
}
