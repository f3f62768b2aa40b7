//! What every subscription did with one event (E-10).

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use tidings::find::{self, Reception, ReceptionState};
use tidings::{Error, Event, EventId, Fate, Fault, Service, Start, Tx, dead};

use crate::bed::{Bed, CountEvent, Stage, on_both, producer, publish};

#[derive(Debug, thiserror::Error)]
enum Picky {
    #[error("use the store")]
    Store(#[from] Error),
    #[error("swallow {0}")]
    Swallow(i64),
    #[error("bear {0}")]
    Bear(i64),
}

impl Fault for Picky {
    fn fate(&self) -> Fate {
        match self {
            Picky::Store(error) => error.fate(),
            Picky::Swallow(_) => Fate::Retry,
            Picky::Bear(_) => Fate::Fail,
        }
    }
}

/// How often each event was tried; by its key, which is of one test alone.
static TRIED: LazyLock<Mutex<HashMap<String, i64>>> = LazyLock::new(Mutex::default);

/// Swallows a number at the try of that number; negative ones never.
async fn picky(event: Event<CountEvent>, _: &mut Tx) -> Result<(), Picky> {
    let CountEvent::Added { key, number } = event.data;
    let mut tried = TRIED.lock().unwrap();
    let tries = tried.entry(format!("{key} {number}")).or_default();
    *tries += 1;
    match number {
        ..0 => Err(Picky::Bear(number)),
        _ if *tries < number => Err(Picky::Swallow(number)),
        _ => Ok(()),
    }
}

async fn anything(_: Event<CountEvent>, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

async fn stage(bed: &Bed) -> Stage {
    let eater = Service::new("eater")
        .subscribes("picky", picky)
        .subscribes("anything", anything);
    bed.stage([producer(), eater]).await
}

fn key(name: &str) -> String {
    let id = uuid::Uuid::new_v7(uuid::Timestamp::now(uuid::NoContext));
    format!("{name}-{id}")
}

fn event(key: &str, sequence: u64) -> EventId {
    let slot = tidings::slot_of(key, 4);
    format!("counts.{slot}.{sequence}").parse().unwrap()
}

async fn of(stage: &Stage, subscription: &str, event: &EventId) -> Reception {
    let all = find::receptions(&stage.installation, event).await;
    let mut mine = all.into_iter();
    mine.find(|one| one.subscription == subscription).unwrap()
}

on_both!(
    an_event_is_found_by_its_address,
    what_is_owed_applied_dead_and_discarded_is_told_by_subscription,
    what_needed_more_than_one_try_is_on_record_when_it_is_applied_at_last,
    a_subscription_that_began_later_says_so,
    records_of_tries_are_deleted_after_a_fortnight,
);

async fn what_is_owed_applied_dead_and_discarded_is_told_by_subscription(bed: Bed) {
    let mut stage = stage(&bed).await;
    let key = key("a");
    stage.settle().await;
    publish(&stage.handle("producer"), &key, -1).await;
    publish(&stage.handle("producer"), &key, 0).await;
    let (first, second) = (event(&key, 1), event(&key, 2));
    let owed = of(&stage, "anything", &first).await;
    assert_eq!(owed.state, ReceptionState::Owed);
    stage.settle().await;
    let applied = of(&stage, "anything", &first).await;
    assert_eq!(
        (applied.state, applied.attempts),
        (ReceptionState::Applied, None)
    );
    let dead = of(&stage, "picky", &first).await;
    assert_eq!(
        (
            dead.service,
            dead.state,
            dead.attempts,
            dead.error.as_deref()
        ),
        ("eater", ReceptionState::Dead, Some(1), Some("bear -1"))
    );
    let waiting = of(&stage, "picky", &second).await;
    assert_eq!(
        (waiting.state, waiting.attempts),
        (ReceptionState::Waiting, None)
    );
    let mut tx = stage.handle("eater").begin_own().await.unwrap();
    assert!(
        dead::discard(&mut tx, "picky", &first, "it never was")
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    stage.settle().await;
    let discarded = of(&stage, "picky", &first).await;
    assert_eq!(discarded.state, ReceptionState::Discarded);
    let [decision] = discarded.decisions.as_slice() else {
        panic!("{:?}", discarded.decisions);
    };
    assert_eq!(
        (
            decision.act.as_str(),
            decision.actor.as_str(),
            decision.note.as_deref()
        ),
        ("discard", "service:eater", Some("it never was"))
    );
    let second = of(&stage, "picky", &second).await;
    assert_eq!(second.state, ReceptionState::Applied);
}

async fn an_event_is_found_by_its_address(bed: Bed) {
    let mut stage = stage(&bed).await;
    publish(&stage.handle("producer"), "e", 1).await;
    stage.settle().await;
    let producer = stage.handle("producer");
    let there = find::event(&producer, &event("e", 1)).await.unwrap();
    assert_eq!(there.map(|event| event.key), Some("e".to_owned()));
    assert_eq!(find::event(&producer, &event("e", 9)).await.unwrap(), None);
}

async fn what_needed_more_than_one_try_is_on_record_when_it_is_applied_at_last(bed: Bed) {
    let mut stage = stage(&bed).await;
    let key = key("b");
    stage.settle().await;
    // At once, among the quick tries, and after it was parked. A try beside others does not count.
    for number in [1, 3, 5] {
        publish(&stage.handle("producer"), &key, number).await;
    }
    let began = stage.clock.now();
    stage.settle().await;
    let parked = of(&stage, "picky", &event(&key, 3)).await;
    assert_eq!(
        (parked.state, parked.attempts),
        (ReceptionState::Parked, Some(3))
    );
    assert!(parked.next_at.is_some() && parked.applied_at.is_none());
    for _ in 0..5 {
        stage.advance(Duration::from_secs(10)).await;
    }
    let quick = of(&stage, "picky", &event(&key, 2)).await;
    assert_eq!(
        (quick.state, quick.attempts, quick.applied_at),
        (ReceptionState::Applied, Some(2), Some(began))
    );
    assert_eq!(quick.error.as_deref(), Some("swallow 3"));
    let late = of(&stage, "picky", &event(&key, 3)).await;
    assert_eq!(
        (late.state, late.attempts, late.first_failed_at),
        (ReceptionState::Applied, Some(5), Some(began))
    );
    assert!(late.applied_at > Some(began));
    let at_once = of(&stage, "picky", &event(&key, 1)).await;
    assert_eq!((at_once.attempts, at_once.applied_at), (None, None));
    let all = dead::retried(&stage.handle("eater"), None, 10)
        .await
        .unwrap();
    let all: Vec<_> = all
        .iter()
        .map(|one| (one.event.sequence, one.attempts))
        .collect();
    assert_eq!(all, [(3, 5), (2, 2)], "applied last first");
}

async fn a_subscription_that_began_later_says_so(bed: Bed) {
    let mut stage = bed.stage([producer()]).await;
    publish(&stage.handle("producer"), "c", 1).await;
    stage.settle().await;
    drop(stage);
    let eater = Service::new("eater")
        .subscribes("anything", anything)
        .starts("anything", Start::Now);
    let mut stage = bed.stage([producer(), eater]).await;
    stage.settle().await;
    publish(&stage.handle("producer"), "c", 2).await;
    stage.settle().await;
    let states = [1, 2].map(|number| event("c", number));
    assert_eq!(
        of(&stage, "anything", &states[0]).await.state,
        ReceptionState::Before
    );
    assert_eq!(
        of(&stage, "anything", &states[1]).await.state,
        ReceptionState::Applied
    );
}

async fn records_of_tries_are_deleted_after_a_fortnight(bed: Bed) {
    let mut stage = stage(&bed).await;
    let key = key("d");
    stage.settle().await;
    publish(&stage.handle("producer"), &key, 2).await;
    stage.settle().await;
    let day = Duration::from_secs(24 * 3600);
    stage.advance(day * 13).await;
    let eater = stage.handle("eater");
    assert_eq!(dead::retried(&eater, None, 10).await.unwrap().len(), 1);
    stage.advance(day * 2).await;
    stage.advance(Duration::from_secs(600)).await;
    assert_eq!(dead::retried(&eater, None, 10).await.unwrap(), []);
}
