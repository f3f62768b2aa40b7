//! Letters with a link that only their reader may know.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use contracts::notifications::{LetterEvent, Link, Recipient, SendLink};
use contracts::users::UserEvent;
use notifications::Settings;
use tidings::{Error, Event, Handle, Migration, Service, Storage, Tx, params};
use tidings_test::{Database, World};

use crate::server::{Mood, Server};
use crate::stage::{DAY, MINUTE, Stage, kept, message_id};

/// How often the sender was asked; each link is another one.
#[derive(Default)]
struct Asked(AtomicU32);

/// What the sender says: 0 a link, or a status.
#[derive(Default)]
struct Answer(AtomicU32);

async fn give(State(service): State<Handle>) -> Response {
    let times = service.resource::<Asked>().unwrap();
    let times = times.0.fetch_add(1, Ordering::SeqCst) + 1;
    let answer = service.resource::<Answer>().unwrap();
    let status = u16::try_from(answer.0.load(Ordering::SeqCst)).unwrap();
    match StatusCode::from_u16(status) {
        Ok(status) => status.into_response(),
        Err(_) => {
            let link = format!("https://shop.example/secret-{times}");
            tidings::Json(Link { link }).into_response()
        }
    }
}

async fn hear(event: Event<LetterEvent>, tx: &mut Tx) -> Result<(), Error> {
    let line = match event.data {
        LetterEvent::Sent { .. } => "sent".to_owned(),
        LetterEvent::Failed { reason, .. } => format!("failed: {reason}"),
    };
    let sql = "INSERT INTO heard VALUES ((SELECT count(*) FROM heard), $1)";
    tx.execute(sql, params![line]).await?;
    Ok(())
}

struct Post {
    stage: Stage,
}

impl Post {
    async fn new(settings: Settings) -> Self {
        Self::on(Storage::Memory, settings).await
    }

    async fn on(storage: Storage, settings: Settings) -> Self {
        let heard = "CREATE TABLE heard (place BIGINT, line TEXT)";
        let services = [
            notifications::service(settings),
            Service::new("auth").publishes::<UserEvent>(),
            Service::new("shop")
                .sends::<SendLink>()
                .migrations(&[Migration::new("0001", heard)])
                .subscribes("letters", hear)
                .resource(Asked::default())
                .resource(Answer::default())
                .http(Router::new().route("/links/1", post(give))),
        ];
        let world = World::on(storage, services).await;
        Self {
            stage: Stage { world },
        }
    }

    fn shop(&self) -> Handle {
        self.stage.world.service("shop")
    }

    fn say(&self, status: u32) {
        let answer = self.shop().resource::<Answer>().unwrap();
        answer.0.store(status, Ordering::SeqCst);
    }

    async fn send(&mut self) {
        let command = SendLink {
            message_id: message_id(1),
            to: Recipient::Address("ann@example.com".to_owned()),
            subject: "Come in".to_owned(),
            text: "Here:\n\n{link}\n".to_owned(),
            link_from: "/links/1".to_owned(),
        };
        let mut tx = self.shop().begin_own().await.unwrap();
        tx.send(&command).await.unwrap();
        tx.commit().await.unwrap();
        self.stage.world.settle().await;
    }

    async fn heard(&self) -> Vec<String> {
        let mut conn = self.shop().read().await.unwrap();
        let sql = "SELECT line FROM heard ORDER BY place";
        let rows: Vec<(String,)> = conn.query(sql, &[]).await.unwrap();
        rows.into_iter().map(|(line,)| line).collect()
    }
}

#[tokio::test]
async fn the_letter_has_the_link_and_the_database_has_not() {
    let database = Database::sqlite();
    let server = Server::start().await;
    let mut post = Post::on(database.storage(), server.settings()).await;
    post.send().await;
    assert_eq!(post.stage.kept(1).await, kept("sent", None, 1));
    let letter = server.letters().remove(0);
    assert_eq!(letter.text, "Here:\n\nhttps://shop.example/secret-1");
    assert_eq!(post.heard().await, ["sent"]);
    let page = post
        .stage
        .get(&format!("/console/mail/{}", message_id(1)))
        .await;
    assert!(page.text.contains("it is not kept here") && !page.text.contains("secret-1"));
    let Storage::Sqlite(folder) = database.storage() else {
        panic!("SQLite keeps its data in a folder");
    };
    for entry in std::fs::read_dir(&folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("secret-1"));
    }
}

#[tokio::test]
async fn without_a_mail_server_the_link_is_kept_to_be_read() {
    let mut post = Post::new(Settings::mailbox()).await;
    post.send().await;
    assert_eq!(post.stage.kept(1).await, kept("sent", None, 1));
    let page = post
        .stage
        .get(&format!("/console/mail/{}", message_id(1)))
        .await;
    assert!(
        page.text.contains("https://shop.example/secret-1"),
        "{}",
        page.text
    );
    assert_eq!(post.heard().await, ["sent"]);
}

/// The mail server is down, and each try asks for a link of its own.
#[tokio::test]
async fn while_the_mail_server_is_down_nothing_is_told_and_then_it_has_gone() {
    let mut server = Server::start().await;
    let mut post = Post::new(server.settings()).await;
    server.stop().await;
    post.send().await;
    for _ in 0..10 {
        post.stage.advance(MINUTE).await;
    }
    let (state, _, attempts) = post.stage.kept(1).await;
    assert_eq!(state, "queued");
    assert!(attempts > 2, "{attempts}");
    assert_eq!(post.heard().await, [""; 0]);
    server.come_back().await;
    post.stage.advance(30 * MINUTE).await;
    assert_eq!(post.heard().await, ["sent"]);
    let times = post
        .shop()
        .resource::<Asked>()
        .unwrap()
        .0
        .load(Ordering::SeqCst);
    let text = server.letters().remove(0).text;
    assert!(text.ends_with(&format!("secret-{times}")), "{text}");
}

#[tokio::test]
async fn a_sender_that_is_away_is_asked_again() {
    let server = Server::start().await;
    let mut post = Post::new(server.settings()).await;
    for status in [503, 500, 404] {
        post.say(status);
        if status == 503 {
            post.send().await;
        }
        post.stage.advance(30 * MINUTE).await;
        assert_eq!(post.stage.kept(1).await.0, "queued", "{status}");
    }
    assert_eq!(server.letters().len(), 0);
    post.say(0);
    post.stage.advance(60 * MINUTE).await;
    assert_eq!(post.stage.kept(1).await.0, "sent");
    assert_eq!(server.letters().len(), 1);
}

/// It was used, withdrawn, or its time is over.
#[tokio::test]
async fn a_letter_whose_link_leads_nowhere_is_not_sent() {
    let server = Server::start().await;
    let mut post = Post::new(server.settings()).await;
    post.say(410);
    post.send().await;
    let reason = "its link leads nowhere any more";
    assert_eq!(post.stage.kept(1).await, kept("skipped", Some(reason), 1));
    post.stage.advance(DAY).await;
    assert_eq!(server.letters().len(), 0);
    assert_eq!(post.heard().await, [""; 0]);
}

#[tokio::test]
async fn a_letter_that_is_refused_is_told_with_the_reason() {
    let server = Server::start().await;
    let mut post = Post::new(server.settings()).await;
    server.be(Mood::RefusesTheReader);
    post.send().await;
    assert_eq!(post.stage.kept(1).await.0, "failed");
    let heard = post.heard().await;
    assert_eq!(heard.len(), 1);
    assert!(
        heard[0].starts_with("failed: ") && heard[0].contains("5.1.1"),
        "{heard:?}"
    );
}
