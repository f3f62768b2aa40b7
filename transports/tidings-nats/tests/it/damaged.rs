//! A broker whose messages somebody else has touched.

use std::fmt::Write;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::Context;
use aws_lc_rs::digest;
use tidings::Clock;
use tidings_nats::NatsSettings;

use crate::server::NatsServer;
use crate::story::{applied, consumer, handed_over, jetstream, producer, publish, quick};
use crate::words;
use tidings_test::{Database, on_both};

const WINDOW: Duration = Duration::from_millis(100);

on_both![
    messages_that_were_edited_are_left_out_and_come_from_the_producer,
    messages_that_are_no_events_do_no_harm,
    with_a_secret_a_message_with_a_new_digest_is_left_out,
];

/// A broker that soon does not know any more what it has had.
fn forgetful() -> NatsSettings {
    NatsSettings {
        duplicate_window: WINDOW,
        ..quick()
    }
}

/// Puts another message of the same event behind all others in the place of one.
async fn edit(broker: &Context, sequence: u64, headers: &[&str], has_new_digest: bool) {
    let stream = broker.get_stream("TIDINGS_COUNTS").await.unwrap();
    let message = stream.direct_get(sequence).await.unwrap();
    stream.delete_message(sequence).await.unwrap();
    let text = String::from_utf8(message.payload.to_vec()).unwrap();
    let forged = text.replace("as published", "forged");
    assert_ne!(forged, text);
    let mut kept = HeaderMap::new();
    for name in headers {
        let value = message.headers.get(*name).unwrap();
        kept.insert(*name, value.clone());
    }
    if has_new_digest {
        kept.insert("Tidings-Seal", digest_of(forged.as_bytes()));
    }
    let subject = message.subject.to_string();
    let acknowledged = broker.publish_with_headers(subject, kept, forged.into());
    let acknowledged = acknowledged.await.unwrap().await.unwrap();
    assert!(!acknowledged.duplicate);
}

fn digest_of(data: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, data);
    let hex = digest
        .as_ref()
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
    format!("sha256={hex}")
}

async fn messages_that_were_edited_are_left_out_and_come_from_the_producer(database: Database) {
    let server = NatsServer::start().await;
    let producer = producer(&database, &server.url(), forgetful()).await;
    publish(&producer.handle, 0..20).await;
    handed_over(&server, &producer.handle).await;
    Clock::system().sleep(WINDOW * 2).await;
    let broker = jetstream(&server).await;
    let all = ["Nats-Msg-Id", "Tidings-Seal", "Content-Type"];
    edit(&broker, 3, &all, false).await;
    edit(&broker, 50, &["Nats-Msg-Id"], false).await;
    edit(&broker, 80, &[], false).await;
    let (consumer, feed) = consumer(&database, &server.url(), forgetful(), &producer.handle).await;
    applied(&consumer.handle, 20).await;
    assert_eq!(words::notes(&consumer.handle).await, ["as published"]);
    assert!(feed.given() >= 3);
}

async fn messages_that_are_no_events_do_no_harm(database: Database) {
    let server = NatsServer::start().await;
    let producer = producer(&database, &server.url(), quick()).await;
    publish(&producer.handle, 0..10).await;
    handed_over(&server, &producer.handle).await;
    let broker = jetstream(&server).await;
    for (subject, text) in [
        ("tidings.counts.0", ""),
        ("tidings.counts.1", "not JSON"),
        ("tidings.counts.2", r#"{"specversion": "1.0"}"#),
        ("tidings.counts.3", "\u{0}\u{1}"),
        ("tidings.counts.999", "a slot that there is not"),
        ("tidings.counts.seven", "no slot at all"),
    ] {
        let acknowledged = broker.publish(subject, text.into()).await.unwrap();
        acknowledged.await.unwrap();
    }
    publish(&producer.handle, 10..20).await;
    let (consumer, _) = consumer(&database, &server.url(), quick(), &producer.handle).await;
    applied(&consumer.handle, 20).await;
}

/// SEC: who may write to the broker cannot make events, where readers share a secret with
/// producers. Without one a digest that fits is believed, and only the prefix of what is said
/// here would hold; see the README.
async fn with_a_secret_a_message_with_a_new_digest_is_left_out(database: Database) {
    let settings = || NatsSettings {
        secret: Some(vec![7; 32]),
        ..forgetful()
    };
    let server = NatsServer::start().await;
    let producer = producer(&database, &server.url(), settings()).await;
    publish(&producer.handle, 0..20).await;
    handed_over(&server, &producer.handle).await;
    Clock::system().sleep(WINDOW * 2).await;
    edit(&jetstream(&server).await, 7, &["Nats-Msg-Id"], true).await;
    let (consumer, feed) = consumer(&database, &server.url(), settings(), &producer.handle).await;
    applied(&consumer.handle, 20).await;
    assert_eq!(words::notes(&consumer.handle).await, ["as published"]);
    assert!(feed.given() >= 1);
}
