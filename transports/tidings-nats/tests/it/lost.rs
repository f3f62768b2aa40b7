//! What a broker has acknowledged and does not have any more (P-05, F-38, F-40).

use std::time::Duration;

use tidings_nats::NatsSettings;

use crate::server::NatsServer;
use crate::story::{
    KEYS, applied, consumer, handed_over, jetstream, patient, producer, publish, publish_noted,
    quick, within,
};
use crate::words;
use tidings_test::{Database, on_both};

on_both![
    acknowledged_messages_that_are_lost_come_from_the_producer,
    the_last_message_lost_is_missed_too,
    what_retention_has_taken_comes_from_the_producer,
    a_stream_that_somebody_has_deleted_is_made_again,
    what_a_restored_producer_has_forgotten_is_forgotten_by_the_broker,
];

async fn acknowledged_messages_that_are_lost_come_from_the_producer(database: Database) {
    let server = NatsServer::start().await;
    let producer = producer(&database, &server.url(), quick()).await;
    publish(&producer.handle, 0..100).await;
    handed_over(&server, &producer.handle).await;
    let stream = jetstream(&server).await.get_stream("TIDINGS_COUNTS").await;
    let stream = stream.unwrap();
    let last = stream.cached_info().state.last_sequence;
    let lost = (1..=last).filter(|sequence| sequence % 7 == 0 || (50..90).contains(sequence));
    for sequence in lost {
        stream.delete_message(sequence).await.unwrap();
    }
    let (consumer, feed) = consumer(&database, &server.url(), quick(), &producer.handle).await;
    applied(&consumer.handle, 100).await;
    assert!(feed.given() > 0);
}

/// Nothing comes behind it that would show the gap; only the producer's heads do.
async fn the_last_message_lost_is_missed_too(database: Database) {
    let server = NatsServer::start().await;
    let producer = producer(&database, &server.url(), quick()).await;
    publish(&producer.handle, 0..10).await;
    handed_over(&server, &producer.handle).await;
    let stream = jetstream(&server).await.get_stream("TIDINGS_COUNTS").await;
    let stream = stream.unwrap();
    let last = stream.cached_info().state.last_sequence;
    stream.delete_message(last).await.unwrap();
    let (before, feed) = consumer(&database, &server.url(), patient(), &producer.handle).await;
    let others = async || {
        let effects = words::effects(&before.handle).await;
        effects.values().map(Vec::len).sum::<usize>() == KEYS * 10 - 1
    };
    assert!(within(others).await, "the others did not come");
    assert_eq!(feed.given(), 0, "none of them was asked for");
    drop(before);
    let (after, feed) = consumer(&database, &server.url(), quick(), &producer.handle).await;
    applied(&after.handle, 10).await;
    assert_eq!(feed.given(), 1);
}

async fn what_retention_has_taken_comes_from_the_producer(database: Database) {
    let server = NatsServer::start().await;
    let settings = NatsSettings {
        messages_max: Some(40),
        ..quick()
    };
    let producer = producer(&database, &server.url(), settings.clone()).await;
    publish(&producer.handle, 0..200).await;
    handed_over(&server, &producer.handle).await;
    let (consumer, feed) = consumer(&database, &server.url(), settings, &producer.handle).await;
    applied(&consumer.handle, 200).await;
    assert!(feed.given() >= 200 * KEYS - 40);
    publish(&producer.handle, 200..220).await;
    applied(&consumer.handle, 220).await;
}

async fn a_stream_that_somebody_has_deleted_is_made_again(database: Database) {
    let server = NatsServer::start().await;
    let producer = producer(&database, &server.url(), patient()).await;
    let (consumer, _) = consumer(&database, &server.url(), quick(), &producer.handle).await;
    for round in 0..3 {
        publish(&producer.handle, round * 20..round * 20 + 10).await;
        handed_over_since(&server, 1).await;
        let stranger = jetstream(&server).await;
        stranger.delete_stream("TIDINGS_COUNTS").await.unwrap();
        publish(&producer.handle, round * 20 + 10..(round + 1) * 20).await;
        applied(&consumer.handle, (round + 1) * 20).await;
    }
    handed_over_since(&server, 1).await;
}

/// Waits until a stream that may be new has messages.
async fn handed_over_since(server: &NatsServer, least: u64) {
    let has_some = async || {
        let stream = jetstream(server).await.get_stream("TIDINGS_COUNTS").await;
        stream.is_ok_and(|stream| stream.cached_info().state.last_sequence >= least)
    };
    let limit = Duration::from_secs(20);
    assert!(tokio::time::timeout(limit, within(has_some)).await.unwrap());
}

/// a reader that is behind must not take events that never were for those that have their
/// numbers now.
async fn what_a_restored_producer_has_forgotten_is_forgotten_by_the_broker(database: Database) {
    let server = NatsServer::start().await;
    let before = producer(&database, &server.url(), quick()).await;
    publish_noted(&before.handle, 0..20, "never was").await;
    handed_over(&server, &before.handle).await;
    drop(before);
    // An older copy of the database: here from before the first event.
    let restored = database.another().await;
    let after = producer(&restored, &server.url(), patient()).await;
    publish(&after.handle, 0..10).await;
    let (consumer, _) = consumer(&restored, &server.url(), quick(), &after.handle).await;
    applied(&consumer.handle, 10).await;
    assert_eq!(words::notes(&consumer.handle).await, ["as published"]);
}
