//! Random histories over the real store end where they must: every committed event
//! applied once, in order per key, whatever was lost, repeated, dropped or crashed.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use tidings::crash::{Plan, with_plan};
use tidings::{Error, Event, Handle, Migration, Service, Setup, Tx, lag, params};

use crate::bed::words::write_down;
use crate::bed::{
    BadTransport, Bed, CountEvent, Faults, Stage, add, clock, consumer, effects_by_key, producer,
};

#[derive(Clone, Debug)]
enum Act {
    /// A transaction with an event for each key, that ends at a crash point or not.
    Publish(Vec<u8>, Option<&'static str>),
    /// A transaction that is dropped before COMMIT.
    Abort(Vec<u8>),
    /// One step of one part, that crashes at the n-th point it passes or not.
    Step(u8, Option<u8>),
    /// A new process on the same database.
    Restart,
    Advance(u16),
}

#[derive(Clone, Debug)]
struct History {
    faults: Faults,
    acts: Vec<Act>,
}

fn acts() -> impl Strategy<Value = Act> {
    let keys = || prop::collection::vec(0..5_u8, 1..6);
    let points = prop::sample::select(vec!["P1", "P2", "P3", "P4"]);
    prop_oneof![
        4 => (keys(), prop::option::weighted(0.2, points)).prop_map(|(keys, at)| Act::Publish(keys, at)),
        1 => keys().prop_map(Act::Abort),
        8 => (any::<u8>(), prop::option::weighted(0.4, 0..20_u8)).prop_map(|(part, at)| Act::Step(part, at)),
        1 => Just(Act::Restart),
        1 => (0..3000_u16).prop_map(Act::Advance),
    ]
}

fn histories() -> impl Strategy<Value = History> {
    let faults = (any::<u64>(), any::<u64>(), any::<u64>(), any::<bool>());
    let faults = faults.prop_map(|(lose, repeat, delay, backwards)| Faults {
        lose,
        repeat,
        delay,
        backwards,
    });
    (faults, prop::collection::vec(acts(), 1..60))
        .prop_map(|(faults, acts)| History { faults, acts })
}

/// What was committed is what this table says: it is written in the same transaction.
const WRITTEN: &[Migration] = &[Migration::new(
    "0001_written",
    "CREATE TABLE written (act BIGINT PRIMARY KEY)",
)];

async fn count(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(&event, tx).await
}

struct World<'a> {
    bed: &'a Bed,
    faults: Faults,
    stage: Stage,
    /// Events by the act that published them.
    published: BTreeMap<i64, Vec<(String, i64)>>,
}

impl<'a> World<'a> {
    async fn new(bed: &'a Bed, faults: Faults) -> Self {
        let stage = open(bed, faults, clock()).await;
        let published = BTreeMap::new();
        Self {
            bed,
            faults,
            stage,
            published,
        }
    }

    async fn act(&mut self, place: usize, act: &Act) {
        match act {
            Act::Publish(keys, crash) => self.publish(place as i64, keys, *crash).await,
            Act::Abort(keys) => {
                let tx = self.fill(place as i64, keys).await;
                drop(tx);
                self.published.remove(&(place as i64));
            }
            Act::Step(part, crash) => self.step(*part, *crash).await,
            Act::Restart => self.restart().await,
            Act::Advance(millis) => self
                .stage
                .clock
                .advance(Duration::from_millis((*millis).into())),
        }
    }

    async fn fill(&mut self, act: i64, keys: &[u8]) -> Tx {
        let events: Vec<(String, i64)> = keys
            .iter()
            .zip(0..)
            .map(|(key, place)| (format!("k{key}"), act * 100 + place))
            .collect();
        let mut tx = self.stage.handle("producer").begin_own().await.unwrap();
        let sql = "INSERT INTO written (act) VALUES ($1)";
        tx.execute(sql, params![act]).await.unwrap();
        for (key, number) in &events {
            tx.publish(add(key, *number)).unwrap();
        }
        self.published.insert(act, events);
        tx
    }

    async fn publish(&mut self, act: i64, keys: &[u8], crash: Option<&'static str>) {
        let tx = self.fill(act, keys).await;
        let plan = Plan::new(move |point| Some(point) == crash);
        match with_plan(&plan, tx.commit()).await {
            Some(outcome) => outcome.unwrap(),
            None => self.restart().await,
        }
    }

    async fn step(&mut self, part: u8, crash: Option<u8>) {
        let parts = self.stage.workers.len();
        let left = Cell::new(crash);
        let plan = Plan::new(move |_| {
            let now = left.get() == Some(0);
            left.set(left.get().map(|left| left.saturating_sub(1)));
            now
        });
        let worker = &mut self.stage.workers[usize::from(part) % parts];
        match with_plan(&plan, worker.step()).await {
            Some(outcome) => drop(outcome.unwrap()),
            None => self.restart().await,
        }
    }

    async fn restart(&mut self) {
        let clock = self.stage.clock.clone();
        self.stage = open(self.bed, self.faults, clock).await;
    }

    /// What is on disk decides about commits whose caller was cut off.
    async fn committed(&self, producer: &Handle) -> BTreeMap<String, Vec<i64>> {
        let mut conn = producer.read().await.unwrap();
        let sql = "SELECT act FROM written ORDER BY act";
        let acts: Vec<(i64,)> = conn.query(sql, &[]).await.unwrap();
        let mut events = BTreeMap::<String, Vec<i64>>::new();
        for (act,) in acts {
            for (key, number) in &self.published[&act] {
                events.entry(key.clone()).or_default().push(*number);
            }
        }
        events
    }
}

async fn open(bed: &Bed, faults: Faults, clock: tidings::Clock) -> Stage {
    let services: [Service; 2] = [
        producer().migrations(WRITTEN),
        consumer().subscribes("count", count),
    ];
    let setup = services.into_iter().fold(bed.setup(&clock), Setup::service);
    let setup = setup.transport(move |feed| Arc::new(BadTransport::new(feed, faults)));
    Stage::open(setup, clock).await
}

async fn ends_where_it_must(bed: Bed, history: History) -> Result<(), TestCaseError> {
    let mut world = World::new(&bed, history.faults).await;
    for (place, act) in history.acts.iter().enumerate() {
        world.act(place, act).await;
    }
    // The quiet period: what was parked after crashes is retried, the last loss is found.
    for _ in 0..5 {
        world.stage.advance(Duration::from_secs(3600)).await;
    }
    let stage = &world.stage;
    let expected = world.committed(&stage.handle("producer")).await;
    let applied = effects_by_key(&stage.handle("consumer")).await;
    prop_assert_eq!(&applied, &expected);
    let owed = lag::subscriptions(&stage.installation).await.unwrap();
    let left = (owed[0].lag, owed[0].parked, owed[0].dead);
    prop_assert_eq!(left, (0, 0, 0), "cursors are at the heads");
    let head = lag::streams(&stage.installation).await.unwrap()[0].head;
    let events: usize = expected.values().map(Vec::len).sum();
    prop_assert_eq!(head, events as u64, "nothing else has a number");
    Ok(())
}

fn check(cases: u32, bed: impl AsyncFn() -> Bed) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases,
        max_shrink_iters: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&histories(), |history| {
        runtime.block_on(async { Box::pin(ends_where_it_must(bed().await, history)).await })
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn every_history_ends_with_each_committed_event_applied_once_on_sqlite() {
    check(40, async || Bed::sqlite());
}

#[test]
fn every_history_ends_with_each_committed_event_applied_once_on_postgres() {
    check(8, async || Bed::postgres().await);
}
