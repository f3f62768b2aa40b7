//! The operators' page: who may see it, what it shows, and sending again.

use axum::http::StatusCode;
use contracts::notifications::SendEmail;
use notifications::Settings;
use serde_json::Value;

use crate::server::{Mood, Server};
use crate::stage::{Stage, kept, message_id, receipt, record, to_address, user};

fn path(number: u128) -> String {
    format!("/console/mail/{}", message_id(number))
}

#[tokio::test]
async fn only_operators_read_mail_and_send_it_again() {
    let mut stage = Stage::with_user(Settings::mailbox()).await;
    stage.ask(&receipt(1)).await;
    let reader = stage.world.token(user(1).uuid(), &[]);
    let resend = format!("{}/resend", path(1));
    for (method, path) in [
        ("GET", "/console/mail"),
        ("GET", &path(1)),
        ("POST", &resend),
    ] {
        let nobody = stage.world.send(method, path, None, Value::Null).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{path}");
        let other = stage
            .world
            .send(method, path, Some(&reader), Value::Null)
            .await;
        assert_eq!(other.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(stage.get("/console/mail").await.status, StatusCode::OK);
    assert_eq!(stage.get(&path(2)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_list_is_newest_first_and_in_parts() {
    let mut stage = Stage::with_user(Settings::mailbox()).await;
    let empty = stage.get("/console/mail").await.text;
    assert!(empty.contains("No mail yet"));
    for number in 1..=3 {
        stage.ask(&receipt(number)).await;
        stage.advance(std::time::Duration::from_secs(1)).await;
    }
    let subjects = |text: &str| -> Vec<u128> {
        let places = (1..=3).filter_map(|n| Some((text.find(&format!("Receipt {n}<"))?, n)));
        let mut places: Vec<(usize, u128)> = places.collect();
        places.sort();
        places.into_iter().map(|(_, number)| number).collect()
    };
    let first = stage.get("/console/mail?limit=2").await.text;
    assert_eq!(subjects(&first), [3, 2]);
    let (_, rest) = first.split_once("rel=\"next\" href=\"").unwrap();
    let next = rest.split('"').next().unwrap().replace("&#38;", "&");
    let second = stage.get(&next).await.text;
    assert_eq!(subjects(&second), [1]);
    assert!(second.contains("← Newest") && !second.contains("Older"));
}

/// SEC: a message may hold anything.
#[tokio::test]
async fn a_message_is_shown_as_text() {
    let mut stage = Stage::with_user(Settings::mailbox()).await;
    let evil = "<script>alert(1)</script>".to_owned();
    let (subject, text) = (evil.clone(), evil);
    stage
        .ask(&SendEmail {
            subject,
            text,
            ..receipt(1)
        })
        .await;
    for path in ["/console/mail", &path(1)] {
        let page = stage.get(path).await.text;
        assert!(
            !page.contains("<script>") && page.contains("&#60;script&#62;"),
            "{path}"
        );
    }
}

/// C-30.
#[tokio::test]
async fn sent_again_it_is_another_letter_to_the_address_of_now() {
    let server = Server::start().await;
    let mut stage = Stage::with_user(server.settings()).await;
    stage.ask(&receipt(1)).await;
    stage.hear(record(1, "ann@example.org", 2)).await;
    let answer = stage.post(&format!("{}/resend", path(1))).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let to = format!("{}?done=resent", path(1));
    assert_eq!(answer.headers["location"], to);
    stage.world.settle().await;
    assert_eq!(stage.kept(1).await, kept("sent", None, 1));
    let letters = server.letters();
    let ids: Vec<String> = letters.iter().map(|one| one.header("Message-ID")).collect();
    let id = message_id(1);
    assert_eq!(
        ids,
        [
            format!("<{id}@tickets.example>"),
            format!("<{id}.1@tickets.example>")
        ]
    );
    assert_eq!(letters[1].to, ["<ann@example.org>"]);
    let page = stage.get(&to).await.text;
    assert!(page.contains("queued again") && page.contains("ann@example.org"));
}

#[tokio::test]
async fn what_has_failed_can_be_sent_again_and_what_waits_or_was_skipped_cannot() {
    let server = Server::start().await;
    let mut stage = Stage::with_user(server.settings()).await;
    server.be(Mood::RefusesTheReader);
    stage.ask(&receipt(1)).await;
    server.be(Mood::IsBusy);
    stage.ask(&receipt(2)).await;
    let mut shut = record(2, "bob@example.com", 1);
    shut.disabled = true;
    stage.hear(shut).await;
    let to_bob = contracts::notifications::Recipient::User(user(2));
    stage
        .ask(&SendEmail {
            to: to_bob,
            ..receipt(3)
        })
        .await;
    for (number, why) in [(2, "waits to be sent"), (3, "has been shut")] {
        assert!(!stage.get(&path(number)).await.text.contains("Send again"));
        let answer = stage.post(&format!("{}/resend", path(number))).await;
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert!(answer.text.contains(why), "{}", answer.text);
    }
    server.be(Mood::Takes);
    assert!(
        stage
            .get(&path(1))
            .await
            .text
            .contains("nobody of that name")
    );
    stage.post(&format!("{}/resend", path(1))).await;
    stage.world.settle().await;
    assert_eq!(stage.kept(1).await, kept("sent", None, 1));
}

/// An address that was wrong stays wrong: it fails again, and says so.
#[tokio::test]
async fn what_is_no_address_fails_again_when_it_is_sent_again() {
    let server = Server::start().await;
    let mut stage = Stage::new(server.settings()).await;
    stage.ask(&to_address(1, "ann")).await;
    stage.post(&format!("{}/resend", path(1))).await;
    stage.world.settle().await;
    assert_eq!(stage.kept(1).await.0, "failed");
    assert_eq!(server.letters(), []);
}
