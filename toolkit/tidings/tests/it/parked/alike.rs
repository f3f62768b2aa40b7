//! Thousands of events that have failed of one thing: found, counted, tried again together.

use std::time::{Duration, Instant};

use tidings::acts::{self, Acts};
use tidings::dead::{self, DeadPlace, Which};
use tidings::{Context, Handle, params};

use super::fragile_stage;
use crate::bed::{Bed, effects_by_key, on_both};

on_both!(
    dead_events_are_grouped_by_what_they_have_failed_of,
    all_that_have_failed_alike_are_tried_again_together,
    a_list_is_read_part_by_part,
);

/// As the runtime leaves them, only faster.
async fn put_aside(service: &Handle, count: u32, kind: &str, error: &str) {
    let mut tx = service.begin_own().await.unwrap();
    let numbers = tx.dialect().pick(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)",
        "WITH n AS (SELECT generate_series(1, $1::bigint) AS i)",
    );
    let sql = format!(
        "{numbers} INSERT INTO tidings_parked (subscription, stream, slot, sequence, key, type,
            version, data, time, actor, correlation_id, state, error, error_class, attempts, next_at,
            first_failed_at, last_failed_at)
        SELECT 'count', 'counts', 0, i + $4, $2 || '-' || i, 'count.added', 1,
            '{{\"key\":\"' || $2 || '-' || i || '\",\"number\":' || i || '}}', i, 'a', 'c', 'dead',
            $3, $5, 10, 0, i, i FROM n"
    );
    // Names of classes do not matter here, only that they differ.
    let (class, after) = (format!("class of {error}"), error.len() as i64 * 1_000_000);
    let row = params![count, kind, error, after, class];
    tx.execute(&sql, row).await.unwrap();
    tx.commit().await.unwrap();
}

fn operator() -> Context {
    Context {
        actor: "user:ann".to_owned(),
        correlation_id: "c".to_owned(),
        causation_id: None,
    }
}

async fn dead_events_are_grouped_by_what_they_have_failed_of(bed: Bed) {
    let stage = fragile_stage(&bed).await;
    let consumer = stage.handle("consumer");
    put_aside(&consumer, 30, "a", "one thing").await;
    put_aside(&consumer, 20, "b", "another").await;
    let groups = dead::alike(&consumer, 10).await.unwrap();
    let told: Vec<_> = groups
        .iter()
        .map(|one| (one.count, one.example.error.as_deref().unwrap_or("")))
        .collect();
    assert_eq!(told, [(30, "one thing"), (20, "another")]);
    assert_eq!(
        groups[0].first_at.map(tidings::Timestamp::as_micros),
        Some(1)
    );
    let which = Which {
        error_class: Some(groups[1].error_class.clone()),
        ..Which::default()
    };
    let found = dead::list(&consumer, Some("dead"), &which, None, 100).await;
    assert_eq!(found.unwrap().len(), 20);
}

async fn all_that_have_failed_alike_are_tried_again_together(bed: Bed) {
    let mut stage = fragile_stage(&bed).await;
    let consumer = stage.handle("consumer");
    put_aside(&consumer, 2_300, "a", "one thing").await;
    put_aside(&consumer, 20, "b", "another").await;
    let which = Which {
        subscription: Some("count".to_owned()),
        error: Some("one".to_owned()),
        ..Which::default()
    };
    let both = [operator(), operator()];
    let (ann, bob) = tokio::join!(
        dead::retry_all(&consumer, &both[0], &which),
        dead::retry_all(&consumer, &both[1], &which)
    );
    let (ann, bob) = (ann.unwrap(), bob.unwrap());
    assert_eq!(ann.retried + bob.retried, 2_300, "each of them once");
    assert!(!ann.more && !bob.more);
    let which_acts = Acts::default();
    let acts = acts::list(&consumer, &which_acts, 100).await.unwrap();
    let events: usize = acts
        .iter()
        .map(|act| {
            act.detail
                .as_deref()
                .unwrap_or("")
                .matches("count counts.0.")
                .count()
        })
        .sum();
    assert_eq!(events, 2_300, "every one is on record");
    assert!(acts.iter().all(|act| act.act == "retry_all"));
    let began = Instant::now();
    stage.settle().await;
    let applied = effects_by_key(&consumer).await;
    assert_eq!(applied.len(), 2_300);
    assert!(applied.values().all(|events| events.len() == 1));
    assert!(began.elapsed() < Duration::from_secs(120));
    let left = dead::list(&consumer, None, &Which::default(), None, 100).await;
    assert_eq!(left.unwrap().len(), 20);
}

async fn a_list_is_read_part_by_part(bed: Bed) {
    let stage = fragile_stage(&bed).await;
    let consumer = stage.handle("consumer");
    put_aside(&consumer, 25, "a", "one thing").await;
    put_aside(&consumer, 25, "b", "another").await;
    let mut tx = consumer.begin_own().await.unwrap();
    let sql = "UPDATE tidings_parked SET state = 'waiting', last_failed_at = NULL
        WHERE key IN ('a-1', 'a-2')";
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let (mut seen, mut place) = (Vec::new(), None::<DeadPlace>);
    loop {
        let which = Which::default();
        let part = dead::list(&consumer, None, &which, place.as_ref(), 7)
            .await
            .unwrap();
        let Some(last) = part.last() else { break };
        place = Some(DeadPlace::of(last));
        seen.extend(part.iter().map(DeadPlace::of));
    }
    assert_eq!(seen.len(), 50);
    assert!(seen.windows(2).all(|two| two[0] > two[1]));
}
