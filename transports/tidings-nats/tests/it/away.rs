//! A broker that is away, cut off or back without what it had (P-05, P-08, F-36, F-37, F-48).

use std::sync::Arc;
use std::time::Duration;

use tidings::{Clock, Setup, Worker, alert, lag};
use tidings_nats::Nats;
use tidings_test::Proxy;

use crate::server::{NatsServer, by};
use crate::story::{applied, consumer, handed_over, producer, publish, quick, within};
use crate::words;
use tidings_test::{Database, on_both};

on_both![
    a_broker_that_is_killed_and_comes_back_loses_nothing,
    a_broker_that_comes_back_with_nothing_is_made_up_for_by_the_producer,
    a_broker_that_is_down_from_the_start_delays_nobody,
    a_consumer_cut_off_from_the_broker_asks_the_producer_and_comes_back,
    a_producer_cut_off_from_the_broker_hands_over_what_has_waited,
    an_alert_opens_while_the_broker_is_away_and_closes_by_itself,
];

async fn a_broker_that_is_killed_and_comes_back_loses_nothing(database: Database) {
    let mut server = NatsServer::start().await;
    let producer = producer(&database, &server.url(), quick()).await;
    let (consumer, _) = consumer(&database, &server.url(), quick(), &producer.handle).await;
    for round in 0..4 {
        publish(&producer.handle, round * 60..round * 60 + 30).await;
        server.kill();
        publish(&producer.handle, round * 60 + 30..(round + 1) * 60).await;
        server.run().await;
    }
    applied(&consumer.handle, 240).await;
    handed_over(&server, &producer.handle).await;
}

async fn a_broker_that_comes_back_with_nothing_is_made_up_for_by_the_producer(database: Database) {
    let mut server = NatsServer::start().await;
    let producer = producer(&database, &server.url(), quick()).await;
    publish(&producer.handle, 0..100).await;
    handed_over(&server, &producer.handle).await;
    server.kill();
    server.forget_all();
    server.run().await;
    let (consumer, feed) = consumer(&database, &server.url(), quick(), &producer.handle).await;
    applied(&consumer.handle, 100).await;
    assert_eq!(feed.given(), 100 * crate::story::KEYS);
    // A reader that was far in the old stream is at the beginning of the new one.
    for round in 0..3 {
        server.kill();
        server.forget_all();
        server.run().await;
        let first = 100 + round * 50;
        publish(&producer.handle, first..first + 50).await;
        applied(&consumer.handle, first + 50).await;
    }
}

/// the truth is in the outbox, and a start does not need the broker.
async fn a_broker_that_is_down_from_the_start_delays_nobody(database: Database) {
    let mut server = NatsServer::start().await;
    server.kill();
    let producer = producer(&database, &server.url(), quick()).await;
    publish(&producer.handle, 0..30).await;
    let (consumer, feed) = consumer(&database, &server.url(), quick(), &producer.handle).await;
    applied(&consumer.handle, 30).await;
    assert!(feed.given() > 0);
    server.run().await;
    handed_over(&server, &producer.handle).await;
    publish(&producer.handle, 30..60).await;
    applied(&consumer.handle, 60).await;
}

async fn a_consumer_cut_off_from_the_broker_asks_the_producer_and_comes_back(database: Database) {
    let server = NatsServer::start().await;
    let proxy = Proxy::to(&server.address()).await.unwrap();
    let producer = producer(&database, &server.url(), quick()).await;
    let (consumer, feed) = consumer(&database, &by(&proxy), quick(), &producer.handle).await;
    publish(&producer.handle, 0..20).await;
    applied(&consumer.handle, 20).await;
    for (round, cut) in [Proxy::silence, Proxy::close].into_iter().enumerate() {
        let first = 20 + 40 * i64::try_from(round).unwrap();
        cut(&proxy);
        let before = feed.given();
        publish(&producer.handle, first..first + 20).await;
        applied(&consumer.handle, first + 20).await;
        assert!(feed.given() > before, "the broker was not cut off");
        proxy.open();
        publish(&producer.handle, first + 20..first + 40).await;
        applied(&consumer.handle, first + 40).await;
    }
    // And at last the broker brings again what the producer is not asked for.
    let carries = async || {
        let (next, before) = (words::effects(&consumer.handle).await, feed.given());
        let end = i64::try_from(next["key-0"].len()).unwrap();
        publish(&producer.handle, end..end + 1).await;
        applied(&consumer.handle, end + 1).await;
        feed.given() == before
    };
    assert!(within(carries).await);
}

async fn a_producer_cut_off_from_the_broker_hands_over_what_has_waited(database: Database) {
    let server = NatsServer::start().await;
    let proxy = Proxy::to(&server.address()).await.unwrap();
    let producer = producer(&database, &by(&proxy), quick()).await;
    let (consumer, _) = consumer(&database, &server.url(), quick(), &producer.handle).await;
    for (round, cut) in [Proxy::silence, Proxy::close].into_iter().enumerate() {
        let first = 40 * i64::try_from(round).unwrap();
        publish(&producer.handle, first..first + 10).await;
        cut(&proxy);
        publish(&producer.handle, first + 10..first + 40).await;
        applied(&consumer.handle, first + 40).await;
        proxy.open();
        handed_over(&server, &producer.handle).await;
    }
}

/// Stepped by hand, on a clock that the test moves past the minute.
async fn an_alert_opens_while_the_broker_is_away_and_closes_by_itself(database: Database) {
    let mut server = NatsServer::start().await;
    let nats = Nats::connect(&server.url(), quick()).await.unwrap();
    let clock = Clock::manual("2026-01-01T12:00:00Z".parse().unwrap());
    let setup = Setup::new(database.storage()).clock(clock.clone());
    let setup = setup.service(words::producer()).bus(Arc::new(nats));
    let mut installation = setup.open().await.unwrap();
    let mut workers = installation.workers();
    let handle = installation.handles()[0].clone();
    server.kill();
    publish(&handle, 0..1).await;
    for _ in 0..2 {
        assert_eq!(alert::open(&handle).await.unwrap(), []);
        step(&mut workers).await;
        clock.advance(Duration::from_secs(61));
    }
    step(&mut workers).await;
    let open = alert::open(&handle).await.unwrap();
    let named: Vec<_> = open.iter().map(|a| (&*a.kind, &*a.subject)).collect();
    assert_eq!(named, [("bus", "nats counts")]);
    assert_eq!(lag::buses(&installation).await.unwrap()[0].lag, 5);
    server.run().await;
    let closed = async || {
        step(&mut workers).await;
        alert::open(&handle).await.unwrap().is_empty()
    };
    assert!(within(closed).await);
    // What was handed over is noted by the step behind it.
    step(&mut workers).await;
    assert_eq!(lag::buses(&installation).await.unwrap()[0].lag, 0);
}

pub(crate) async fn step(workers: &mut [Worker]) {
    for worker in workers {
        // A broker that is away is what the story is about.
        let _ = worker.step().await;
    }
}
