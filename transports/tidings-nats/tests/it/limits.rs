//! What a broker does not take.

use crate::server::NatsServer;
use crate::story::{KEYS, applied, consumer, jetstream, producer, publish, publish_noted, quick};
use tidings_test::{Database, on_both};

on_both![an_event_that_is_too_large_for_the_broker_comes_from_the_producer];

/// F-46: one event of every key is larger than the broker allows; those behind it are not held up.
async fn an_event_that_is_too_large_for_the_broker_comes_from_the_producer(database: Database) {
    let server = NatsServer::start_with("max_payload: 8KB").await;
    let producer = producer(&database, &server.url(), quick()).await;
    let (consumer, feed) = consumer(&database, &server.url(), quick(), &producer.handle).await;
    publish(&producer.handle, 0..10).await;
    publish_noted(&producer.handle, 10..11, &"large ".repeat(2000)).await;
    publish(&producer.handle, 11..30).await;
    applied(&consumer.handle, 30).await;
    assert!(feed.given() >= KEYS);
    let stored = async || {
        let stream = jetstream(&server).await.get_stream("TIDINGS_COUNTS").await;
        let messages = stream.map_or(0, |stream| stream.cached_info().state.messages);
        messages == 29 * u64::try_from(KEYS).unwrap()
    };
    assert!(crate::story::within(stored).await);
}
