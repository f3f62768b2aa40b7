//! A transport that is a little behind is waited for; one that has lost something is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tidings::{Envelope, Error, Event, Feed, FeedPage, LocalFeed, Receiver, Transport, Tx};
use tokio::sync::watch;

use crate::bed::words::write_down;
use crate::bed::{
    Bed, CountEvent, Stage, clock, consumer, effects, on_both, producer, publish_all,
};

const PATIENCE: Duration = Duration::from_secs(1);

/// Brings nothing, ever.
struct Silent(watch::Sender<u64>);

impl Transport for Silent {
    fn open<'a>(
        &'a self,
        _: &'static str,
        _: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Box<dyn Receiver>, Error>> {
        let receiver: Box<dyn Receiver> = Box::new(Silent(self.0.clone()));
        Box::pin(async { Ok(receiver) })
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }
}

impl Receiver for Silent {
    fn receive(&mut self, _: u32) -> BoxFuture<'_, Result<Vec<Envelope>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// A feed that counts how often it is asked.
struct Counted {
    feed: LocalFeed,
    asked: Arc<AtomicUsize>,
}

impl Feed for Counted {
    fn read<'a>(
        &'a self,
        stream: &'a str,
        slot: u16,
        after: u64,
        limit: u32,
    ) -> BoxFuture<'a, Result<FeedPage, Error>> {
        self.feed.read(stream, slot, after, limit)
    }

    fn heads<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        self.asked.fetch_add(1, SeqCst);
        self.feed.heads(stream)
    }
}

async fn count(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(&event, tx).await
}

on_both![what_a_transport_has_not_brought_in_time_is_fetched_without_a_pause];

async fn what_a_transport_has_not_brought_in_time_is_fetched_without_a_pause(bed: Bed) {
    let clock = clock();
    let mut here = Stage::open(bed.setup(&clock).service(producer()), clock.clone()).await;
    let events: Vec<(&str, i64)> = (0..350).map(|number| ("a", number)).collect();
    publish_all(&here.handle("producer"), &events).await;
    here.settle().await;
    let asked = Arc::default();
    let feed = Counted {
        feed: LocalFeed::new(here.handle("producer")),
        asked: Arc::clone(&asked),
    };
    let setup = bed
        .setup(&clock)
        .service(consumer().subscribes("count", count))
        .elsewhere(
            "counts",
            Arc::new(feed),
            Arc::new(Silent(watch::Sender::new(0))),
        );
    let mut there = Stage::open(setup, clock).await;
    let applied = there.handle("consumer");
    for _ in 0..5 {
        there.settle().await;
    }
    // Once for where a new subscription begins, and once for what there is.
    assert_eq!((effects(&applied).await.len(), asked.load(SeqCst)), (0, 2));
    there.advance(PATIENCE).await;
    let all: Vec<_> = events.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect();
    assert_eq!(effects(&applied).await, all);
}
