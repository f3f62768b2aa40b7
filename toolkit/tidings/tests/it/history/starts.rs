//! A new subscription begins where it was said, decided once.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tidings::{Clock, Error, Feed, FeedPage, LocalFeed, Service, Start, slot_of};

use super::{DAY, HOUR, counting, settle_until};
use crate::bed::{
    Bed, CountEvent, Stage, clock, effects, effects_by_key, on_both, producer, publish,
};

on_both!(
    a_subscription_from_now_gets_what_is_published_later,
    a_subscription_from_a_time_gets_what_was_published_then_and_later,
    where_it_begins_is_decided_once,
    a_crash_before_the_cursors_are_stored_has_decided_nothing,
    a_start_of_no_subscription_is_refused,
    a_feed_that_only_reads_finds_the_same_starts,
);

async fn open(bed: &Bed, clock: &Clock, start: Start) -> Stage {
    let setup = bed
        .setup(clock)
        .service(producer())
        .service(counting().starts("count", start));
    Stage::open(setup, clock.clone()).await
}

/// One event of each of three keys an hour.
async fn three_hours(bed: &Bed, clock: &Clock) {
    let mut stage = Stage::open(bed.setup(clock).service(producer()), clock.clone()).await;
    for number in 1..=3 {
        for key in ["a", "b", "c"] {
            publish(&stage.handle("producer"), key, number).await;
        }
        stage.advance(HOUR).await;
    }
}

async fn a_subscription_from_now_gets_what_is_published_later(bed: Bed) {
    let clock = clock();
    three_hours(&bed, &clock).await;
    let mut stage = open(&bed, &clock, Start::Now).await;
    stage.settle().await;
    publish(&stage.handle("producer"), "a", 4).await;
    stage.settle().await;
    let consumer = stage.handle("consumer");
    assert_eq!(effects(&consumer).await, [("a".to_owned(), 4)]);
}

async fn a_subscription_from_a_time_gets_what_was_published_then_and_later(bed: Bed) {
    let clock = clock();
    let second_hour = clock.now().plus(HOUR);
    three_hours(&bed, &clock).await;
    let mut stage = open(&bed, &clock, Start::At(second_hour)).await;
    stage.settle().await;
    let expected = ["a", "b", "c"].map(|key| (key.to_owned(), vec![2, 3]));
    let applied = effects_by_key(&stage.handle("consumer")).await;
    assert_eq!(applied, expected.into());
}

async fn where_it_begins_is_decided_once(bed: Bed) {
    let clock = clock();
    three_hours(&bed, &clock).await;
    let mut stage = open(&bed, &clock, Start::Now).await;
    stage.settle().await;
    drop(stage);
    let mut alone = Stage::open(bed.setup(&clock).service(producer()), clock.clone()).await;
    publish(&alone.handle("producer"), "a", 4).await;
    alone.settle().await;
    for start in [Start::Now, Start::Beginning] {
        let mut stage = open(&bed, &clock, start).await;
        stage.settle().await;
        let consumer = stage.handle("consumer");
        assert_eq!(effects(&consumer).await, [("a".to_owned(), 4)]);
    }
}

/// 1. The subscription asks where it begins, and the process ends before COMMIT.
/// 2. Another event is published.
/// 3. The next process asks again, and begins behind that event.
async fn a_crash_before_the_cursors_are_stored_has_decided_nothing(bed: Bed) {
    let clock = clock();
    three_hours(&bed, &clock).await;
    let mut stage = open(&bed, &clock, Start::Now).await;
    assert!(settle_until(&mut stage, "P2").await);
    drop(stage);
    let mut alone = Stage::open(bed.setup(&clock).service(producer()), clock.clone()).await;
    publish(&alone.handle("producer"), "a", 4).await;
    alone.settle().await;
    let mut stage = open(&bed, &clock, Start::Now).await;
    stage.settle().await;
    publish(&stage.handle("producer"), "a", 5).await;
    stage.settle().await;
    let consumer = stage.handle("consumer");
    assert_eq!(effects(&consumer).await, [("a".to_owned(), 5)]);
}

async fn a_start_of_no_subscription_is_refused(bed: Bed) {
    let service: Service = counting().starts("recount", Start::Now);
    let opened = bed.setup(&clock()).service(service).open().await;
    assert!(matches!(opened.err().unwrap(), Error::Unsafe(text) if text.contains("recount")));
}

/// What a feed over the network is that knows nothing better.
struct OnlyReads(LocalFeed);

impl Feed for OnlyReads {
    fn read<'a>(
        &'a self,
        stream: &'a str,
        slot: u16,
        after: u64,
        limit: u32,
    ) -> BoxFuture<'a, Result<FeedPage, Error>> {
        self.0.read(stream, slot, after, limit)
    }

    fn heads<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        self.0.heads(stream)
    }
}

async fn a_feed_that_only_reads_finds_the_same_starts(bed: Bed) {
    let clock = clock();
    let begun = clock.now();
    three_hours(&bed, &clock).await;
    let keeping = producer().keeps::<CountEvent>(DAY);
    let mut stage = Stage::open(bed.setup(&clock).service(keeping), clock.clone()).await;
    stage.advance(DAY - HOUR).await;
    let feed = LocalFeed::new(stage.handle("producer"));
    let reads: Arc<dyn Feed> = Arc::new(OnlyReads(feed.clone()));
    let times = [0, 1, 2, 9].map(|hours| Start::At(begun.plus(hours * HOUR)));
    for start in [Start::Beginning, Start::Now].into_iter().chain(times) {
        let direct = feed.starts("counts", start).await.unwrap();
        assert_eq!(
            reads.starts("counts", start).await.unwrap(),
            direct,
            "{start:?}"
        );
    }
    let gone = feed.starts("counts", Start::Beginning).await.unwrap();
    assert!(
        gone.iter()
            .any(|(slot, last)| *slot == slot_of("a", 4) && *last > 0)
    );
}
