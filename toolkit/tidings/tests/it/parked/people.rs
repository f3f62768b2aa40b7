//! What operators decide: once, and written down.

use std::time::Duration;

use tidings::{Context, EventId, Handle, dead};

use super::{fragile_stage, kept, mend, own_key, state, states};
use crate::bed::{Bed, Stage, effects_by_key, on_both, publish};

on_both!(
    a_retry_is_done_once_and_written_down,
    a_discarded_event_lets_the_later_ones_go_on,
);

/// One bad event that is dead, and a later one of its key.
async fn dead_event(bed: &Bed) -> (Stage, String, EventId) {
    let mut stage = fragile_stage(bed).await;
    let bad = own_key("bad");
    for number in 1..=2 {
        publish(&stage.handle("producer"), &bad, number).await;
    }
    for _ in 0..8 {
        stage.advance(Duration::from_secs(3600)).await;
    }
    let consumer = stage.handle("consumer");
    let expected = [state("dead", 10, 1), state("waiting", 0, 2)];
    assert_eq!(states(&consumer).await, expected);
    let id = kept(&consumer).await.remove(0).event.id;
    (stage, bad, id)
}

fn operator(name: &str) -> Context {
    Context {
        actor: format!("user:{name}"),
        correlation_id: "c".to_owned(),
        causation_id: None,
    }
}

async fn acts(service: &Handle) -> Vec<(String, String, String, Option<String>)> {
    let sql = "SELECT actor, act, subject, note FROM tidings_acts ORDER BY at, id";
    service.read().await.unwrap().query(sql, &[]).await.unwrap()
}

async fn a_retry_is_done_once_and_written_down(bed: Bed) {
    let (mut stage, bad, id) = dead_event(&bed).await;
    let consumer = stage.handle("consumer");
    mend(&stage, &bad).await;
    for (name, expected) in [("ann", true), ("bob", false)] {
        let mut tx = consumer.begin(operator(name)).await.unwrap();
        let done = dead::retry(&mut tx, "count", &id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(done, expected, "{name}");
    }
    stage.settle().await;
    assert_eq!(effects_by_key(&consumer).await, [(bad, vec![1, 2])].into());
    let act = ("user:ann", "retry", format!("count {id}"));
    let act = (act.0.to_owned(), act.1.to_owned(), act.2, None);
    assert_eq!(acts(&consumer).await, [act]);
}

async fn a_discarded_event_lets_the_later_ones_go_on(bed: Bed) {
    let (mut stage, bad, id) = dead_event(&bed).await;
    let consumer = stage.handle("consumer");
    mend(&stage, &bad).await;
    for (name, expected) in [("ann", true), ("bob", false)] {
        let mut tx = consumer.begin(operator(name)).await.unwrap();
        let done = dead::discard(&mut tx, "count", &id, "a typo").await;
        tx.commit().await.unwrap();
        assert_eq!(done.unwrap(), expected, "{name}");
    }
    stage.settle().await;
    assert_eq!(effects_by_key(&consumer).await, [(bad, vec![2])].into());
    let note = Some("a typo".to_owned());
    let act = (
        "user:ann".to_owned(),
        "discard".to_owned(),
        format!("count {id}"),
        note,
    );
    assert_eq!(acts(&consumer).await, [act]);
}
