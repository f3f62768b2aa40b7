//! Events that cannot be applied: parked, retried in order, dead, decided about by a person.

mod alike;
mod batches;
mod dry_run;
mod editing;
mod instances;
mod paused;
mod people;
mod repaired;

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use tidings::{DeadEvent, Error, Event, Fate, Fault, Handle, Migration, Service, Tx, dead, params};

use crate::bed::words::write_down;
use crate::bed::{Bed, CountEvent, Stage, consumer, effects_by_key, on_both, producer, publish};
use crate::subscriptions::NewerEvent;

#[derive(Debug, thiserror::Error)]
enum Fragile {
    #[error("use the store")]
    Store(#[from] Error),
    #[error("swallow {0}")]
    Swallow(String),
    #[error("find the ground")]
    Ground,
}

impl Fault for Fragile {
    fn fate(&self) -> Fate {
        match self {
            Fragile::Store(error) => error.fate(),
            Fragile::Swallow(_) => Fate::Retry,
            Fragile::Ground => Fate::Wait,
        }
    }
}

/// How often the handler was entered, by event; rolled back it would not be known.
static ENTERED: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Mutex::default);

/// A key that is of this test alone, and of the slot of another.
fn own_key(kind: &str) -> String {
    let id = uuid::Uuid::new_v7(uuid::Timestamp::now(uuid::NoContext));
    format!("{kind}-{id}")
}

fn entered(key: &str) -> u32 {
    ENTERED.lock().unwrap().get(key).copied().unwrap_or(0)
}

/// Fails for keys that are named so, until they are mended.
async fn fragile(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Fragile> {
    let CountEvent::Added { key, .. } = &event.data;
    *ENTERED.lock().unwrap().entry(key.clone()).or_default() += 1;
    // Before the failure, so that it would show if it were kept.
    write_down(&event, tx).await?;
    let sql = "SELECT count(*) FROM mended WHERE key = $1";
    let (mended,): (i64,) = tx.query_one(sql, params![key]).await?;
    match key.split('-').next() {
        _ if mended > 0 => Ok(()),
        Some("bad") => Err(Fragile::Swallow(key.clone())),
        Some("panics") => panic!("{key} is too much"),
        Some("quiet") => {
            // A failure that the handler keeps to itself.
            let _ = tx.execute("no such statement", &[]).await;
            Ok(())
        }
        Some("ground") => Err(Fragile::Ground),
        _ => Ok(()),
    }
}

const MENDED: &[Migration] = &[Migration::new(
    "0002_mended",
    "CREATE TABLE mended (key TEXT PRIMARY KEY)",
)];

fn fragile_consumer() -> Service {
    consumer().migrations(MENDED).subscribes("count", fragile)
}

async fn fragile_stage(bed: &Bed) -> Stage {
    bed.stage([producer(), fragile_consumer()]).await
}

async fn mend(stage: &Stage, key: &str) {
    let mut tx = stage.handle("consumer").begin_own().await.unwrap();
    let sql = "INSERT INTO mended (key) VALUES ($1)";
    tx.execute(sql, params![key]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn kept(service: &Handle) -> Vec<DeadEvent> {
    dead::events(service, 100).await.unwrap()
}

/// State, attempts and number of what is parked, waits or is dead, oldest first.
async fn states(service: &Handle) -> Vec<(String, u32, u64)> {
    let mut all = kept(service).await;
    all.sort_by_key(|event| event.event.id.sequence);
    all.into_iter()
        .map(|kept| (kept.state, kept.attempts, kept.event.id.sequence))
        .collect()
}

fn state(name: &str, attempts: u32, sequence: u64) -> (String, u32, u64) {
    (name.to_owned(), attempts, sequence)
}

/// A key of the same slot that fails for nobody.
fn neighbour(key: &str) -> String {
    let slot = tidings::slot_of(key, 4);
    let mut keys = (0..).map(|number| format!("n{number}"));
    keys.find(|other| tidings::slot_of(other, 4) == slot)
        .unwrap()
}

on_both!(
    a_failing_event_is_parked_and_only_its_key_waits,
    parked_events_are_retried_in_order_with_growing_pauses,
    an_event_that_always_fails_is_dead_after_ten_tries,
    a_panic_is_a_failure_like_any_other,
    a_failure_that_a_handler_keeps_to_itself_is_one_too,
    missing_ground_burns_no_attempt,
    what_cannot_be_read_is_dead_at_once_and_kept,
);

async fn a_failing_event_is_parked_and_only_its_key_waits(bed: Bed) {
    let mut stage = fragile_stage(&bed).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    stage.settle().await;
    let bad = own_key("bad");
    publish(&producer, &bad, 1).await;
    stage.settle().await;
    assert_eq!(entered(&bad), 3, "three quick tries");
    for number in 2..=3 {
        publish(&producer, &bad, number).await;
        publish(&producer, &neighbour(&bad), number).await;
    }
    stage.settle().await;
    assert_eq!(entered(&bad), 3, "the others of its key were not tried");
    let expected = [
        state("parked", 3, 1),
        state("waiting", 0, 2),
        state("waiting", 0, 4),
    ];
    assert_eq!(states(&consumer).await, expected);
    let applied = [(neighbour(&bad), vec![2, 3])];
    assert_eq!(effects_by_key(&consumer).await, applied.into());
    let error = kept(&consumer).await.remove(0).error.unwrap();
    assert_eq!(error, format!("swallow {bad}"));
}

async fn parked_events_are_retried_in_order_with_growing_pauses(bed: Bed) {
    let mut stage = fragile_stage(&bed).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    let bad = own_key("bad");
    for number in 1..=3 {
        publish(&producer, &bad, number).await;
    }
    stage.settle().await;
    let mut pauses = Vec::new();
    for attempts in 4..8 {
        let before = stage.clock.now();
        let due = kept(&consumer).await.remove(0).next_at;
        pauses.push(due.since(before));
        let tried = entered(&bad);
        stage
            .advance(due.since(before) - Duration::from_micros(1))
            .await;
        assert_eq!(entered(&bad), tried, "not before its time");
        stage.advance(Duration::from_micros(1)).await;
        assert_eq!(states(&consumer).await[0], state("parked", attempts, 1));
    }
    assert!(pauses.last() > pauses.first(), "{pauses:?}");
    mend(&stage, &bad).await;
    stage.advance(Duration::from_secs(3600)).await;
    let applied = [(bad, vec![1, 2, 3])];
    assert_eq!(effects_by_key(&consumer).await, applied.into());
    assert_eq!(states(&consumer).await, []);
}

async fn an_event_that_always_fails_is_dead_after_ten_tries(bed: Bed) {
    let mut stage = fragile_stage(&bed).await;
    let consumer = stage.handle("consumer");
    let bad = own_key("bad");
    publish(&stage.handle("producer"), &bad, 1).await;
    for _ in 0..8 {
        stage.advance(Duration::from_secs(3600)).await;
    }
    assert_eq!(states(&consumer).await, [state("dead", 10, 1)]);
    assert_eq!(entered(&bad), 10);
}

async fn a_panic_is_a_failure_like_any_other(bed: Bed) {
    let mut stage = fragile_stage(&bed).await;
    let consumer = stage.handle("consumer");
    let bad = own_key("panics");
    publish(&stage.handle("producer"), &bad, 1).await;
    publish(&stage.handle("producer"), "good", 1).await;
    stage.settle().await;
    assert_eq!(states(&consumer).await, [state("parked", 3, 1)]);
    let error = kept(&consumer).await.remove(0).error.unwrap();
    assert_eq!(error, format!("panicked: {bad} is too much"));
    mend(&stage, &bad).await;
    stage.advance(Duration::from_secs(60)).await;
    let applied = [(bad, vec![1]), ("good".to_owned(), vec![1])];
    assert_eq!(effects_by_key(&consumer).await, applied.into());
}

/// COMMIT refuses it; the subscription must not try the same batch for ever.
async fn a_failure_that_a_handler_keeps_to_itself_is_one_too(bed: Bed) {
    let mut stage = fragile_stage(&bed).await;
    let consumer = stage.handle("consumer");
    let quiet = own_key("quiet");
    publish(&stage.handle("producer"), &quiet, 1).await;
    publish(&stage.handle("producer"), "good", 1).await;
    stage.settle().await;
    assert_eq!(states(&consumer).await[0].0, "parked");
    let applied = [("good".to_owned(), vec![1])];
    assert_eq!(effects_by_key(&consumer).await, applied.into());
}

async fn missing_ground_burns_no_attempt(bed: Bed) {
    let mut stage = fragile_stage(&bed).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    let key = own_key("ground");
    publish(&producer, &key, 1).await;
    for _ in 0..20 {
        for worker in &mut stage.workers {
            if let Err(error) = worker.step().await {
                assert_eq!(error, "find the ground");
            }
        }
    }
    assert!(entered(&key) > 10);
    assert_eq!(states(&consumer).await, [], "nothing was parked");
    mend(&stage, &key).await;
    stage.settle().await;
    assert_eq!(effects_by_key(&consumer).await, [(key, vec![1])].into());
}

async fn what_cannot_be_read_is_dead_at_once_and_kept(bed: Bed) {
    let newer = Service::new("producer").publishes::<NewerEvent>();
    let mut stage = bed.stage([newer, fragile_consumer()]).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    let mut tx = producer.begin_own().await.unwrap();
    let (key, amount) = ("a".to_owned(), "many".to_owned());
    tx.publish(NewerEvent::Added { key, amount }).unwrap();
    tx.publish(crate::bed::add("a", 2)).unwrap();
    tx.commit().await.unwrap();
    stage.settle().await;
    let expected = [state("dead", 1, 1), state("waiting", 0, 2)];
    assert_eq!(states(&consumer).await, expected);
    let kept = kept(&consumer).await.remove(0);
    assert_eq!(kept.event.data, r#"{"key":"a","amount":"many"}"#);
    assert_eq!(entered("a"), 0);
}
