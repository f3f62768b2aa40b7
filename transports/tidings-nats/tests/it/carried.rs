//! A broker that does what it should: it carries everything, and producers are left alone.

use crate::server::NatsServer;
use crate::story::{
    KEYS, applied, consumer, handed_over, jetstream, patient, producer, publish, quick, within,
};
use async_nats::jetstream::consumer::DeliverPolicy;
use futures_util::TryStreamExt;
use tidings_test::{Database, on_both};

on_both![
    history_and_what_comes_live_are_carried_without_asking_the_producer,
    a_consumer_that_crashes_again_and_again_applies_each_event_once,
    two_publishers_of_one_stream_make_no_second_effect,
    a_reader_that_is_nearly_there_begins_nearly_there,
];

async fn history_and_what_comes_live_are_carried_without_asking_the_producer(database: Database) {
    let server = NatsServer::start().await;
    let producer = producer(&database, &server.url(), patient()).await;
    publish(&producer.handle, 0..150).await;
    handed_over(&server, &producer.handle).await;
    let (consumer, feed) = consumer(&database, &server.url(), patient(), &producer.handle).await;
    applied(&consumer.handle, 150).await;
    publish(&producer.handle, 150..300).await;
    applied(&consumer.handle, 300).await;
    assert_eq!(feed.given(), 0);
}

async fn a_consumer_that_crashes_again_and_again_applies_each_event_once(database: Database) {
    let server = NatsServer::start().await;
    let producer = producer(&database, &server.url(), patient()).await;
    for round in 0..6 {
        let (first, end) = (round * 50, (round + 1) * 50);
        publish(&producer.handle, first..end).await;
        // Dropped in the middle of its work, at a different place every time.
        let (crashing, _) = consumer(&database, &server.url(), patient(), &producer.handle).await;
        let pause = std::time::Duration::from_millis(10 * u64::try_from(round).unwrap());
        tidings::Clock::system().sleep(pause).await;
        drop(crashing);
    }
    let (consumer, feed) = consumer(&database, &server.url(), patient(), &producer.handle).await;
    applied(&consumer.handle, 300).await;
    assert_eq!(feed.given(), 0);
}

async fn two_publishers_of_one_stream_make_no_second_effect(database: Database) {
    let server = NatsServer::start().await;
    let one = producer(&database, &server.url(), quick()).await;
    let other = producer(&database, &server.url(), quick()).await;
    let (consumer, _) = consumer(&database, &server.url(), quick(), &one.handle).await;
    for number in 0..100 {
        let side = if number % 2 == 0 { &one } else { &other };
        publish(&side.handle, number..number + 1).await;
    }
    applied(&consumer.handle, 100).await;
}

/// Nothing is stored about where a reader is in the broker; it is found by the cursors.
async fn a_reader_that_is_nearly_there_begins_nearly_there(database: Database) {
    let server = NatsServer::start().await;
    let producer = producer(&database, &server.url(), patient()).await;
    publish(&producer.handle, 0..200).await;
    let (first, _) = consumer(&database, &server.url(), patient(), &producer.handle).await;
    applied(&first.handle, 200).await;
    drop(first);
    publish(&producer.handle, 200..202).await;
    handed_over(&server, &producer.handle).await;
    let (again, _) = consumer(&database, &server.url(), patient(), &producer.handle).await;
    applied(&again.handle, 202).await;
    let started = |config: &async_nats::jetstream::consumer::Config| match config.deliver_policy {
        DeliverPolicy::ByStartSequence { start_sequence } => start_sequence,
        _ => 0,
    };
    // Where the broker is slow the producer may have been asked first; a reader follows anyway.
    let applied_before = u64::try_from(200 * KEYS).unwrap();
    let is_nearly_there = async || {
        let stream = jetstream(&server).await.get_stream("TIDINGS_COUNTS").await;
        let consumers: Vec<_> = stream.unwrap().consumers().try_collect().await.unwrap();
        let mut starts = consumers.iter().map(|info| started(&info.config));
        starts.any(|start| start > applied_before)
    };
    assert!(
        within(is_nearly_there).await,
        "it has begun at the beginning"
    );
}
