//! Handlers of whole batches: the one that fails is found, its neighbours are not punished.

use std::time::Duration;

use tidings::{Event, Tx};

use super::{Fragile, MENDED, kept, mend, own_key};
use crate::bed::words::write_down;
use crate::bed::{Bed, CountEvent, consumer, effects_by_key, on_both, producer, publish_all};

on_both!(
    the_one_that_fails_a_batch_is_found,
    one_of_two_is_found,
    a_batch_that_panics_is_halved_too,
);

/// Fails or panics for the whole slice, and does not say for which event.
async fn all_at_once(events: &[Event<CountEvent>], tx: &mut Tx) -> Result<(), Fragile> {
    let mut bad = None;
    for event in events {
        write_down(event, tx).await?;
        let CountEvent::Added { key, .. } = &event.data;
        let sql = "SELECT count(*) FROM mended WHERE key = $1";
        let (mended,): (i64,) = tx.query_one(sql, tidings::params![key]).await?;
        if mended == 0 && (key.starts_with("bad") || key.starts_with("panics")) {
            bad = Some(key.clone());
        }
    }
    match bad {
        Some(key) if key.starts_with("panics") => panic!("too much"),
        Some(key) => Err(Fragile::Swallow(key)),
        None => Ok(()),
    }
}

async fn story(bed: Bed, kind: &str, neighbours: i64) {
    let service = consumer()
        .migrations(MENDED)
        .subscribes_batch("count", all_at_once);
    let mut stage = bed.stage([producer(), service]).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    // What there is at a start is noted batch by batch.
    publish_all(&producer, &[("first", 0)]).await;
    stage.settle().await;

    let bad = own_key(kind);
    let keys: Vec<String> = (0..neighbours).map(|key| format!("k{key}")).collect();
    let mut events: Vec<(&str, i64)> = keys.iter().map(|key| (key.as_str(), 1)).collect();
    events.insert(events.len() / 2, (bad.as_str(), 1));
    publish_all(&producer, &events).await;
    stage.settle().await;
    let parked = kept(&consumer).await;
    let found: Vec<(&str, u32)> = parked
        .iter()
        .map(|event| (event.event.key.as_str(), event.attempts))
        .collect();
    assert_eq!(found, [(bad.as_str(), 3)]);
    let mut expected: std::collections::BTreeMap<String, Vec<i64>> =
        keys.into_iter().map(|key| (key, vec![1])).collect();
    expected.insert("first".to_owned(), vec![0]);
    assert_eq!(effects_by_key(&consumer).await, expected);

    mend(&stage, &bad).await;
    stage.advance(Duration::from_secs(60)).await;
    expected.insert(bad, vec![1]);
    assert_eq!(effects_by_key(&consumer).await, expected);
}

async fn the_one_that_fails_a_batch_is_found(bed: Bed) {
    story(bed, "bad", 40).await;
}

async fn one_of_two_is_found(bed: Bed) {
    story(bed, "bad", 1).await;
}

async fn a_batch_that_panics_is_halved_too(bed: Bed) {
    story(bed, "panics", 9).await;
}
