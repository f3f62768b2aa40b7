//! What is in the broker against what is configured.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, StorageType};
use tidings::{Bus, Error, Kind, StreamInfo, chain};
use tidings_nats::{Nats, NatsSettings};

use crate::server::NatsServer;
use crate::story::{jetstream, quick, within};
use crate::words::SLOTS;

fn stream(name: &'static str) -> StreamInfo {
    StreamInfo {
        name,
        slots: SLOTS,
        kind: Kind::Business,
        types: &[],
        schemas: &|| Vec::new(),
    }
}

/// What comes of making sure that the stream is there, with no events to hand over.
async fn prepared(server: &NatsServer, settings: NatsSettings) -> Result<Config, String> {
    let nats = Nats::connect(&server.url(), settings).await.unwrap();
    assert!(within(async || nats.is_connected()).await);
    let outcome = nats.publish(&stream("counts"), &[]).await;
    outcome.map_err(|error| chain(&error))?;
    let stream = jetstream(server).await.get_stream("TIDINGS_COUNTS").await;
    Ok(stream.unwrap().cached_info().config.clone())
}

#[tokio::test]
async fn a_stream_is_made_as_configured_and_changed_when_the_configuration_is() {
    let server = NatsServer::start().await;
    let made = prepared(&server, quick()).await.unwrap();
    assert_eq!(made.subjects, ["tidings.counts.*"]);
    assert_eq!(made.storage, StorageType::File);
    assert_eq!((made.num_replicas, made.max_messages), (1, -1));
    assert_eq!(made.max_age, Duration::from_hours(7 * 24));
    assert_eq!(made.duplicate_window, Duration::from_mins(2));
    let changed = prepared(
        &server,
        NatsSettings {
            max_age: Duration::from_hours(1),
            messages_max: Some(1000),
            bytes_max: Some(1_000_000),
            duplicate_window: Duration::from_secs(30),
            ..quick()
        },
    );
    let changed = changed.await.unwrap();
    assert_eq!(changed.max_age, Duration::from_hours(1));
    assert_eq!((changed.max_messages, changed.max_bytes), (1000, 1_000_000));
    assert_eq!(changed.duplicate_window, Duration::from_secs(30));
}

#[tokio::test]
async fn a_stream_that_cannot_be_made_to_fit_is_refused_with_the_reason() {
    let server = NatsServer::start().await;
    let broker = jetstream(&server).await;
    let mut config = Config {
        name: "TIDINGS_COUNTS".to_owned(),
        subjects: vec!["tidings.counts.*".to_owned()],
        ..Config::default()
    };
    broker.create_stream(&config).await.unwrap();
    let refused = prepared(&server, quick()).await.unwrap_err();
    assert!(refused.contains("it is not of this stream"), "{refused}");
    broker.delete_stream("TIDINGS_COUNTS").await.unwrap();
    config.metadata = [("tidings-stream".to_owned(), "counts".to_owned())].into();
    config.storage = StorageType::Memory;
    broker.create_stream(&config).await.unwrap();
    let refused = prepared(&server, quick()).await.unwrap_err();
    assert!(refused.contains("it is not kept in files"), "{refused}");
}

/// One server cannot keep three copies, and says so; nobody believes that it does.
#[tokio::test]
async fn replicas_that_the_broker_does_not_have_are_an_error() {
    let server = NatsServer::start().await;
    let three = NatsSettings {
        replicas: 3,
        ..quick()
    };
    let refused = prepared(&server, three).await.unwrap_err();
    assert!(refused.contains("replicas"), "{refused}");
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_once() {
    for wrong in [
        NatsSettings {
            prefix: String::new(),
            ..quick()
        },
        NatsSettings {
            replicas: 0,
            ..quick()
        },
        NatsSettings {
            secret: Some(vec![1; 31]),
            ..quick()
        },
        NatsSettings {
            max_age: Duration::from_secs(1),
            ..quick()
        },
        NatsSettings {
            credentials: Some("no/such/file".into()),
            ..quick()
        },
    ] {
        let refused = Nats::connect("nats://127.0.0.1:1", wrong).await.err();
        assert!(matches!(refused, Some(Error::Unsafe(_))), "{refused:?}");
    }
}

/// Two streams whose names become one in the broker do not get into each other.
#[tokio::test]
async fn two_streams_of_one_name_in_the_broker_are_told_apart() {
    let server = NatsServer::start().await;
    let nats = Nats::connect(&server.url(), quick()).await.unwrap();
    assert!(within(async || nats.is_connected()).await);
    nats.publish(&stream("a.b"), &[]).await.unwrap();
    let refused = nats.publish(&stream("a_b"), &[]).await.unwrap_err();
    assert!(chain(&refused).contains("it is not of this stream"));
}

/// who asks what the broker keeps changes nothing there.
#[tokio::test]
async fn a_report_says_how_a_stream_is_kept_and_makes_none() {
    let server = NatsServer::start().await;
    let nats = Nats::connect(&server.url(), quick()).await.unwrap();
    let before = nats.report(&["counts"]).await.unwrap();
    assert!(before.streams[0].kept.is_none());
    assert!(before.cluster.is_none() && !before.version.is_empty());
    let broker = jetstream(&server).await;
    assert!(broker.get_stream("TIDINGS_COUNTS").await.is_err());
    prepared(&server, quick()).await.unwrap();
    let after = nats.report(&["counts"]).await.unwrap();
    let kept = after.streams[0].kept.clone().unwrap();
    assert_eq!((kept.messages, kept.replicas), (0, 1));
    assert_eq!(kept.max_age, Duration::from_hours(7 * 24));
    assert!(kept.is_as_made);
}
