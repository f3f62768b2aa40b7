//! A producer and a consumer that know each other only through a broker, and the producer's feed
//! that the consumer may ask.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tidings::{
    Bus, Clock, Error, Feed, FeedPage, Handle, Installation, LocalFeed, Running, Setup, Standing,
    Start, alert,
};
use tidings_nats::{Nats, NatsSettings};

use crate::words::{self, CountEvent};
use tidings_test::Database;

const DONE_WITHIN: Duration = Duration::from_secs(60);
pub(crate) const KEYS: usize = 5;

/// Quick to notice, so that tests are.
pub(crate) fn quick() -> NatsSettings {
    NatsSettings {
        patience: Duration::from_millis(300),
        answer_limit: Duration::from_secs(2),
        heartbeat: Duration::from_millis(500),
        ..NatsSettings::default()
    }
}

/// A reader that waits longer for the broker than a test lasts: all it gets came from there.
pub(crate) fn patient() -> NatsSettings {
    NatsSettings {
        patience: Duration::from_mins(10),
        ..quick()
    }
}

/// An installation that runs until it is dropped, which is like a crash.
pub(crate) struct Side {
    pub(crate) handle: Handle,
    _installation: Installation,
    _running: Running,
}

async fn run(setup: Setup) -> Side {
    let mut installation = setup.open().await.unwrap();
    let running = installation.start();
    Side {
        handle: installation.handles()[0].clone(),
        _installation: installation,
        _running: running,
    }
}

pub(crate) async fn producer(database: &Database, url: &str, settings: NatsSettings) -> Side {
    let nats = Nats::connect(url, settings).await.unwrap();
    let setup = Setup::new(database.storage()).service(words::producer());
    run(setup.bus(Arc::new(nats))).await
}

/// A consumer of what a producer hands to the broker, and the feed that it asks.
pub(crate) async fn consumer(
    database: &Database,
    url: &str,
    settings: NatsSettings,
    producer: &Handle,
) -> (Side, Arc<Watched>) {
    let nats = Nats::connect(url, settings).await.unwrap();
    let feed = Arc::new(Watched {
        feed: LocalFeed::new(producer.clone()),
        given: AtomicUsize::new(0),
    });
    let setup = Setup::new(database.storage())
        .service(words::consumer())
        .elsewhere(
            "counts",
            Arc::clone(&feed) as Arc<dyn Feed>,
            nats.transport(),
        );
    (run(setup).await, feed)
}

/// The producer's feed, which counts what it gives.
pub(crate) struct Watched {
    feed: LocalFeed,
    given: AtomicUsize,
}

impl Watched {
    /// How many events the producer was asked for.
    pub(crate) fn given(&self) -> usize {
        self.given.load(SeqCst)
    }
}

impl Feed for Watched {
    fn read<'a>(
        &'a self,
        stream: &'a str,
        slot: u16,
        after: u64,
        limit: u32,
    ) -> BoxFuture<'a, Result<FeedPage, Error>> {
        Box::pin(async move {
            let page = self.feed.read(stream, slot, after, limit).await?;
            self.given.fetch_add(page.events.len(), SeqCst);
            Ok(page)
        })
    }

    fn heads<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        self.feed.heads(stream)
    }

    fn standing<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Standing, Error>> {
        self.feed.standing(stream)
    }

    fn starts<'a>(
        &'a self,
        stream: &'a str,
        start: Start,
    ) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        self.feed.starts(stream, start)
    }

    fn marks<'a>(
        &'a self,
        stream: &'a str,
        places: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Vec<tidings::Marked>, Error>> {
        self.feed.marks(stream, places)
    }
}

/// Publishes numbers of every key, in several transactions.
pub(crate) async fn publish(producer: &Handle, numbers: std::ops::Range<i64>) {
    publish_noted(producer, numbers, "as published").await;
}

pub(crate) async fn publish_noted(producer: &Handle, numbers: std::ops::Range<i64>, note: &str) {
    for number in numbers {
        let mut tx = producer.begin_own().await.unwrap();
        for key in 0..KEYS {
            let (key, note) = (format!("key-{key}"), note.to_owned());
            let event = CountEvent::Added { key, number, note };
            tx.publish(event).unwrap();
        }
        tx.commit().await.unwrap();
    }
}

/// Waits until the numbers up to `end` have been applied, and sees that each was applied once
/// and in order per key (P-02, P-03).
pub(crate) async fn applied(consumer: &Handle, end: i64) {
    let expected: BTreeMap<String, Vec<i64>> = (0..KEYS)
        .map(|key| (format!("key-{key}"), (0..end).collect()))
        .collect();
    let all = KEYS * usize::try_from(end).unwrap();
    let done = async || {
        let found = words::effects(consumer).await;
        found.values().map(Vec::len).sum::<usize>() >= all
    };
    let in_time = within(done).await;
    assert_eq!(words::effects(consumer).await, expected);
    assert!(in_time);
    assert_eq!(alert::open(consumer).await.unwrap(), []);
    let sql = "SELECT count(*) FROM tidings_parked";
    let mut conn = consumer.read().await.unwrap();
    let (parked,): (i64,) = conn.query_one(sql, &[]).await.unwrap();
    assert_eq!(parked, 0);
}

/// Waits until something is so; `false` when it took too long.
pub(crate) async fn within(mut is_so: impl AsyncFnMut() -> bool) -> bool {
    let look = async {
        while !is_so().await {
            Clock::system().sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DONE_WITHIN, look).await.is_ok()
}

/// Waits until everything is in the broker.
pub(crate) async fn handed_over(server: &crate::server::NatsServer, producer: &Handle) {
    let mut conn = producer.read().await.unwrap();
    // On PostgreSQL the last of them may have no number yet, so heads would not tell of all.
    let sql = "SELECT count(*) FROM tidings_outbox";
    let done = async || {
        let (all,): (u64,) = conn.query_one(sql, &[]).await.unwrap();
        let stream = jetstream(server).await.get_stream("TIDINGS_COUNTS").await;
        stream.is_ok_and(|stream| stream.cached_info().state.last_sequence >= all)
    };
    assert!(within(done).await, "not everything was handed over");
}

/// The broker as a stranger sees it.
pub(crate) async fn jetstream(
    server: &crate::server::NatsServer,
) -> async_nats::jetstream::Context {
    let client = async_nats::connect(server.url()).await.unwrap();
    async_nats::jetstream::new(client)
}
