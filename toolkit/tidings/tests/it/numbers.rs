//! Numbers follow commit order per key, without gaps; and what goes wrong with the usual ways.

mod commit_order;
mod moved;
mod rejected;

use std::collections::BTreeMap;

use tidings::{Feed, Handle, LocalFeed, Migration, Service, params};

use crate::bed::words::by_key;
use crate::bed::{Bed, Stage, add, on_both, producer, publish, publish_all};

/// Everything that has a number, slot by slot; fails when a slot has a gap.
async fn numbered(service: &Handle) -> Vec<(String, i64)> {
    let feed = LocalFeed::new(service.clone());
    let mut all = Vec::new();
    for (slot, head) in feed.heads("counts").await.unwrap() {
        let page = feed.read("counts", slot, 0, 100_000).await.unwrap();
        let numbers: Vec<u64> = page.events.iter().map(|event| event.id.sequence).collect();
        assert_eq!(numbers, (1..=head).collect::<Vec<_>>(), "slot {slot}");
        all.extend(page.events.iter().map(|event| {
            let data = serde_json::from_str::<serde_json::Value>(&event.data).unwrap();
            (event.key.clone(), data["number"].as_i64().unwrap())
        }));
    }
    all
}

/// Two keys of one slot.
const A: &str = "a";

fn neighbour_of_a() -> String {
    let slot = tidings::slot_of(A, 4);
    (0..)
        .map(|number| format!("b{number}"))
        .find(|key| tidings::slot_of(key, 4) == slot)
        .unwrap()
}

fn counting() -> Service {
    producer().migrations(&[Migration::new(
        "0001_counters",
        "CREATE TABLE counters (key TEXT PRIMARY KEY, count BIGINT NOT NULL);
         INSERT INTO counters VALUES ('a', 0), ('b', 0), ('c', 0)",
    )])
}

/// Counts a key up and tells of it: the row's lock makes the count the order of commits.
async fn count_up(service: &Handle, key: &str) {
    let mut tx = service.begin_own().await.unwrap();
    let sql = "UPDATE counters SET count = count + 1 WHERE key = $1 RETURNING count";
    let (count,): (i64,) = tx.query_one(sql, params![key]).await.unwrap();
    tx.publish(add(key, count)).unwrap();
    tx.commit().await.unwrap();
}

on_both!(
    per_key_the_numbers_follow_the_commits_of_concurrent_writers,
    a_transaction_of_many_events_keeps_their_order,
    what_was_rolled_back_leaves_no_gap,
);

async fn per_key_the_numbers_follow_the_commits_of_concurrent_writers(bed: Bed) {
    let mut stage = bed.stage([counting()]).await;
    let service = stage.handle("producer");
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let service = service.clone();
        writers.spawn(async move {
            for turn in 0..15 {
                let key = ["a", "b", "c"][(writer + turn) % 3];
                count_up(&service, key).await;
                // Some never happen.
                let mut tx = service.begin_own().await.unwrap();
                tx.publish(add(key, -1)).unwrap();
                drop(tx);
            }
        });
    }
    while !writers.is_empty() {
        stage.settle().await;
        writers.join_next().await.unwrap().unwrap();
    }
    stage.settle().await;
    let expected = BTreeMap::from(["a", "b", "c"].map(|key| (key.to_owned(), (1..=40).collect())));
    assert_eq!(by_key(numbered(&service).await), expected);
}

async fn a_transaction_of_many_events_keeps_their_order(bed: Bed) {
    let mut stage = bed.stage([producer()]).await;
    let service = stage.handle("producer");
    let events: Vec<(&str, i64)> = (0..200)
        .map(|number| (["a", "b", "c"][number as usize % 3], number))
        .collect();
    publish_all(&service, &events).await;
    stage.settle().await;
    let owned = events
        .iter()
        .map(|(key, number)| ((*key).to_owned(), *number));
    assert_eq!(by_key(numbered(&service).await), by_key(owned.collect()));
}

async fn what_was_rolled_back_leaves_no_gap(bed: Bed) {
    let mut stage = bed.stage([producer()]).await;
    let service = stage.handle("producer");
    for number in 0..6 {
        if number % 2 == 0 {
            publish(&service, A, number).await;
        } else {
            abort_after_insert(&service, number).await;
        }
        stage.settle().await;
    }
    let kept = [0, 2, 4].map(|number| (A.to_owned(), number));
    assert_eq!(numbered(&service).await, kept);
}

/// The events are inserted, and COMMIT does not come (F-35).
async fn abort_after_insert(service: &Handle, number: i64) {
    let plan = tidings::crash::Plan::new(|point| point == "P2");
    let mut tx = service.begin_own().await.unwrap();
    tx.publish(add(A, number)).unwrap();
    let crashed = tidings::crash::with_plan(&plan, tx.commit()).await;
    assert!(crashed.is_none());
}

/// The order of a stage's worker of one kind.
async fn tick(stage: &mut Stage) -> bool {
    let mut workers = stage.workers.iter_mut();
    let sequencer = workers.find(|worker| worker.name().ends_with("sequencer"));
    sequencer.unwrap().step().await.unwrap()
}
