//! Slots that cannot go on: their alert, and how it ends.

use tidings::{Handle, alert, params, slot_of};

use super::services;
use crate::bed::{Bed, effects_by_key, on_both, publish};

on_both!(
    a_number_that_the_feed_cannot_give_stops_its_slot_and_is_named,
    a_gap_that_is_gone_closes_its_alert_also_after_a_restart,
    a_gap_is_told_while_another_slot_is_busy,
    a_cursor_ahead_of_the_head_stays_stopped_until_a_person_decides,
);

/// Takes number 2 of a key's slot out of the producer's sight, or puts it back.
async fn hide(producer: &Handle, key: &str, hidden: bool) {
    let table = match producer.db().dialect() {
        tidings::Dialect::Sqlite => "tidings_outbox",
        tidings::Dialect::Postgres => "tidings_numbers",
    };
    let names = ["counts", "hidden"];
    let (from, to) = (names[usize::from(!hidden)], names[usize::from(hidden)]);
    let sql =
        format!("UPDATE {table} SET stream = $1 WHERE stream = $2 AND slot = $3 AND sequence = 2");
    let mut tx = producer.begin_own().await.unwrap();
    let row = params![to, from, slot_of(key, 4)];
    assert_eq!(tx.execute(&sql, row).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn alerts(service: &Handle) -> Vec<(String, String)> {
    let open = alert::open(service).await.unwrap();
    open.into_iter()
        .map(|alert| (alert.kind, alert.text))
        .collect()
}

/// A key of another slot than that of `a`.
fn stranger() -> String {
    let mut keys = (0..).map(|number| format!("s{number}"));
    keys.find(|key| slot_of(key, 4) != slot_of("a", 4)).unwrap()
}

async fn publish_with_gap(bed: &Bed) -> crate::bed::Stage {
    let mut stage = bed.stage(services()).await;
    let producer = stage.handle("producer");
    // Numbered before anybody reads.
    let mut numbering = bed.stage([crate::bed::producer()]).await;
    for number in 1..=3 {
        publish(&producer, "a", number).await;
    }
    numbering.settle().await;
    hide(&producer, "a", true).await;
    publish(&producer, &stranger(), 1).await;
    stage.settle().await;
    stage
}

async fn a_number_that_the_feed_cannot_give_stops_its_slot_and_is_named(bed: Bed) {
    let mut stage = publish_with_gap(&bed).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    let slot = slot_of("a", 4);
    let [(kind, text)] = &alerts(&consumer).await[..] else {
        panic!("one alert")
    };
    assert_eq!(kind, "gap");
    assert!(text.contains(&format!("counts.{slot}.2")), "{text}");
    let applied = effects_by_key(&consumer).await;
    assert_eq!(applied["a"], [1], "the slot stands still");
    assert_eq!(applied[&stranger()], [1], "others flow");

    hide(&producer, "a", false).await;
    stage.settle().await;
    assert_eq!(effects_by_key(&consumer).await["a"], [1, 2, 3]);
    assert_eq!(alerts(&consumer).await, []);
}

async fn a_gap_that_is_gone_closes_its_alert_also_after_a_restart(bed: Bed) {
    let stage = publish_with_gap(&bed).await;
    hide(&stage.handle("producer"), "a", false).await;
    drop(stage);
    let mut stage = bed.stage(services()).await;
    let consumer = stage.handle("consumer");
    assert_eq!(alerts(&consumer).await.len(), 1);
    stage.settle().await;
    assert_eq!(effects_by_key(&consumer).await["a"], [1, 2, 3]);
    assert_eq!(alerts(&consumer).await, []);
}

/// The reader never finds nothing to do, because another slot always has more.
async fn a_gap_is_told_while_another_slot_is_busy(bed: Bed) {
    let mut stage = bed.stage(services()).await;
    stage.settle().await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    for number in 1..=2 {
        publish(&producer, "a", number).await;
    }
    let mut numbering = bed.stage([crate::bed::producer()]).await;
    numbering.settle().await;
    hide(&producer, "a", true).await;
    for number in 0..40 {
        publish(&producer, &stranger(), number).await;
        for worker in &mut stage.workers {
            worker.step().await.unwrap();
        }
    }
    assert_eq!(alerts(&consumer).await.len(), 1);
}

/// 1. The subscriber has applied up to 2; the producer's database goes back to nothing.
/// 2. The producer publishes three other events: it has passed the cursor again.
/// 3. The slot still stands: number 1 and 2 are not what was applied.
/// 4. A person decides to apply them all.
async fn a_cursor_ahead_of_the_head_stays_stopped_until_a_person_decides(bed: Bed) {
    let mut stage = bed.stage(services()).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    let slot = slot_of("a", 4);
    stage.settle().await;
    let mut tx = consumer.begin_own().await.unwrap();
    let sql = "UPDATE tidings_cursors SET sequence = 2 WHERE slot = $1";
    assert_eq!(tx.execute(sql, params![slot]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    drop(stage);

    let mut stage = bed.stage(services()).await;
    stage.settle().await;
    assert_eq!(alerts(&consumer).await[0].0, "ahead");
    for number in 1..=3 {
        publish(&producer, "a", number).await;
    }
    publish(&producer, &stranger(), 1).await;
    stage.settle().await;
    let others = [(stranger(), vec![1])];
    assert_eq!(effects_by_key(&consumer).await, others.into());
    assert_eq!(alerts(&consumer).await[0].0, "ahead");

    let mut tx = consumer.begin_own().await.unwrap();
    let settled = alert::settle(&mut tx, "count", "counts", slot, 0).await;
    assert!(settled.unwrap());
    let again = alert::settle(&mut tx, "count", "counts", slot, 0).await;
    assert!(!again.unwrap(), "somebody has decided already");
    tx.commit().await.unwrap();
    stage.settle().await;
    assert_eq!(effects_by_key(&consumer).await["a"], [1, 2, 3]);
    assert_eq!(alerts(&consumer).await, []);
}
