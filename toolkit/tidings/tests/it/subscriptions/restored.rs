//! A producer whose database was restored from a backup: its numbers mean other events.

mod backup;
mod feed;

use tidings::{Handle, alert, dead, params, slot_of};

use self::backup::Backup;
use self::feed::Swapped;
use super::services;
use crate::bed::{Bed, Stage, clock, effects_by_key, on_both, producer, publish};

on_both!(
    a_restored_producer_that_has_written_past_the_cursor_is_noticed_at_the_next_start,
    parked_events_of_the_lost_history_go_with_it,
    a_reader_that_stays_up_notices_that_its_producer_has_come_back_with_another_past,
    what_a_bus_has_brought_of_another_past_does_not_hide_it,
    one_slot_that_went_back_is_reason_to_look_at_the_others,
    what_only_looks_like_another_past_is_no_alarm,
    a_cursor_without_a_mark_gets_one_and_is_watched_from_then_on,
    marks_that_are_read_event_by_event_are_the_same,
);

/// A key of another slot than that of `a`.
const OTHER: &str = "b";

async fn alerts(service: &Handle) -> Vec<(String, String)> {
    let open = alert::open(service).await.unwrap();
    open.into_iter()
        .map(|alert| (alert.kind, alert.subject))
        .collect()
}

async fn run(service: &Handle, sql: &str, row: &[tidings::Value]) {
    let mut tx = service.begin_own().await.unwrap();
    assert!(tx.execute(sql, row).await.unwrap() > 0, "{sql}");
    tx.commit().await.unwrap();
}

/// A backup after one event of each key, two events of `a` that are applied and in no backup,
/// and three others in their place.
async fn restore(bed: &Bed) {
    assert_ne!(slot_of("a", 4), slot_of(OTHER, 4));
    let mut stage = bed.stage(services()).await;
    publish(&stage.handle("producer"), "a", 1).await;
    publish(&stage.handle("producer"), OTHER, 1).await;
    stage.settle().await;
    drop(stage);
    let backup = Backup::take(bed).await;
    let mut stage = bed.stage(services()).await;
    for number in [2, 3] {
        publish(&stage.handle("producer"), "a", number).await;
    }
    stage.settle().await;
    drop(stage);
    backup.restore(bed).await;
    let mut alone = bed.stage([producer()]).await;
    for number in [12, 13, 14] {
        publish(&alone.handle("producer"), "a", number).await;
    }
    alone.settle().await;
}

/// 1. Numbers 2 and 3 are applied, then the producer's database goes back to number 1.
/// 2. Before anybody looks it has written other events 2, 3 and 4.
/// 3. The subscriber's cursor is at 3: without marks it would go on with 4.
async fn a_restored_producer_that_has_written_past_the_cursor_is_noticed_at_the_next_start(
    bed: Bed,
) {
    restore(&bed).await;
    let slot = slot_of("a", 4);
    for start in 0..2 {
        let mut stage = bed.stage(services()).await;
        let consumer = stage.handle("consumer");
        publish(&stage.handle("producer"), OTHER, 2 + start).await;
        stage.settle().await;
        let applied = effects_by_key(&consumer).await;
        assert_eq!(applied["a"], [1, 2, 3], "the slot stands still");
        assert_eq!(applied[OTHER].len(), 2 + start as usize, "others flow");
        let open = alert::open(&consumer).await.unwrap();
        let [told] = &open[..] else {
            panic!("one alert, {open:?}")
        };
        let subject = format!("count counts.{slot}");
        assert_eq!((&*told.kind, &*told.subject), ("ahead", &*subject));
        for words in [&*format!("counts.{slot}.3 was applied"), "ends at 4"] {
            assert!(told.text.contains(words), "{}", told.text);
        }
    }

    let mut stage = bed.stage(services()).await;
    let consumer = stage.handle("consumer");
    let mut tx = consumer.begin_own().await.unwrap();
    let settled = alert::settle(&mut tx, "count", "counts", slot, 1).await;
    assert!(settled.unwrap());
    tx.commit().await.unwrap();
    stage.settle().await;
    let applied = effects_by_key(&consumer).await;
    assert_eq!(applied["a"], [1, 2, 3, 12, 13, 14]);
    drop(stage);
    let mut stage = bed.stage(services()).await;
    stage.settle().await;
    assert_eq!(alerts(&stage.handle("consumer")).await, []);
}

/// The number of one that is parked comes again with another event.
async fn parked_events_of_the_lost_history_go_with_it(bed: Bed) {
    restore(&bed).await;
    let slot = slot_of("a", 4);
    let mut stage = bed.stage(services()).await;
    let consumer = stage.handle("consumer");
    for (number, state) in [(1, "dead"), (2, "waiting"), (3, "waiting")] {
        let sql = "INSERT INTO tidings_parked (subscription, stream, slot, sequence, key, type,
                version, data, time, actor, correlation_id, state, next_at)
            VALUES ('count', 'counts', $1, $2, 'a', 'count.added', 1, '{}', 0, 'x', 'c', $3, 0)";
        run(&consumer, sql, params![slot, number, state]).await;
    }
    stage.settle().await;
    let mut tx = consumer.begin_own().await.unwrap();
    let settled = alert::settle(&mut tx, "count", "counts", slot, 1).await;
    assert!(settled.unwrap());
    tx.commit().await.unwrap();
    stage.settle().await;
    let left = dead::events(&consumer, 10).await.unwrap();
    let left: Vec<u64> = left.iter().map(|event| event.event.id.sequence).collect();
    // What is dead of the history that both share still holds its key up.
    assert_eq!(left, [1, 2, 3, 4]);
    let sql = "SELECT note FROM tidings_acts WHERE act = 'settle'";
    let (note,): (String,) = consumer
        .read()
        .await
        .unwrap()
        .query_one(sql, &[])
        .await
        .unwrap();
    assert!(
        note.contains("2 parked events of the lost history are given up"),
        "{note}"
    );
    let mut tx = consumer.begin_own().await.unwrap();
    let first = tidings::EventId {
        stream: "counts".into(),
        slot,
        sequence: 1,
    };
    assert!(
        dead::discard(&mut tx, "count", &first, "of the story")
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    stage.settle().await;
    assert_eq!(effects_by_key(&consumer).await["a"], [1, 2, 3, 12, 13, 14]);
}

async fn a_reader_that_stays_up_notices_that_its_producer_has_come_back_with_another_past(
    bed: Bed,
) {
    let (applied, alerts) = come_back_with_another_past(&bed, false).await;
    assert_eq!(applied, [1, 2]);
    let subject = format!("count counts.{}", slot_of("a", 4));
    assert_eq!(alerts, [("ahead".to_owned(), subject)]);
}

/// 1. Number 2 is applied; the producer goes back to 1 and writes another 2, and 3.
/// 2. A bus brings the new number 3, which looks like the next one, and it is applied.
/// 3. The producer still says who it is, and that its number 2 is another.
async fn what_a_bus_has_brought_of_another_past_does_not_hide_it(bed: Bed) {
    let (applied, alerts) = come_back_with_another_past(&bed, true).await;
    assert_eq!(applied, [1, 2, 13]);
    assert_eq!(alerts.len(), 1, "nothing is passed over in silence");
}

/// The producer is in another process: the reader sees its feed, and never starts anew.
async fn come_back_with_another_past(
    bed: &Bed,
    over_a_bus: bool,
) -> (Vec<i64>, Vec<(String, String)>) {
    let mut first = bed.stage([producer()]).await;
    let feed = Swapped::new(first.handle("producer"));
    let setup = bed.setup(&clock()).service(super::consumer_of_counts());
    let setup = setup.elsewhere("counts", feed.clone(), feed.clone());
    let mut reader = Stage::open(setup, clock()).await;
    let consumer = reader.handle("consumer");
    publish(&first.handle("producer"), "a", 1).await;
    first.settle().await;
    reader.settle().await;
    drop(first);
    let backup = Backup::take(bed).await;
    let mut second = bed.stage([producer()]).await;
    feed.swap(second.handle("producer"));
    publish(&second.handle("producer"), "a", 2).await;
    second.settle().await;
    reader.settle().await;
    assert_eq!(alerts(&consumer).await, [], "a restart is no alarm");
    feed.unplug();
    drop(second);
    backup.restore(bed).await;
    let mut third = bed.stage([producer()]).await;
    for number in [12, 13] {
        publish(&third.handle("producer"), "a", number).await;
    }
    third.settle().await;
    feed.swap(third.handle("producer"));
    if over_a_bus {
        let slot = slot_of("a", 4);
        let page = tidings::Feed::read(&*feed, "counts", slot, 2, 9).await;
        feed.carry(page.unwrap().events);
    }
    reader.settle().await;
    let applied = effects_by_key(&consumer).await.remove("a");
    (applied.unwrap(), alerts(&consumer).await)
}

async fn one_slot_that_went_back_is_reason_to_look_at_the_others(bed: Bed) {
    let mut stage = bed.stage(services()).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    for key in ["a", OTHER] {
        publish(&producer, key, 1).await;
    }
    stage.settle().await;
    let sql = "UPDATE tidings_outbox SET correlation_id = 'other' WHERE key = $1";
    run(&producer, sql, params![OTHER]).await;
    stage.settle().await;
    assert_eq!(alerts(&consumer).await, [], "nothing has told of a change");
    let sql = "UPDATE tidings_heads SET sequence = 0 WHERE slot = $1";
    run(&producer, sql, params![slot_of("a", 4)]).await;
    stage.settle().await;
    assert_eq!(alerts(&consumer).await.len(), 2);
}

async fn what_only_looks_like_another_past_is_no_alarm(bed: Bed) {
    let mut stage = bed.stage(services()).await;
    for key in ["a", OTHER] {
        publish(&stage.handle("producer"), key, 1).await;
    }
    stage.settle().await;
    drop(stage);
    for number in 2..=4 {
        let mut stage = bed.stage(services()).await;
        let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
        let slot = slot_of("a", 4);
        let (sql, row) = match number {
            // Personal data is erased.
            2 => (
                "UPDATE tidings_outbox SET data = '{}' WHERE key = $1",
                params!["a"].to_vec(),
            ),
            // What the mark was taken of is no longer kept.
            3 => {
                let table = producer.db().dialect();
                let sql = table.pick(
                    "DELETE FROM tidings_outbox WHERE slot = $1",
                    "DELETE FROM tidings_numbers WHERE slot = $1",
                );
                (sql, params![slot].to_vec())
            }
            // An older version, which knows of no marks, has applied this one.
            _ => ("", Vec::new()),
        };
        if number < 4 {
            run(&producer, sql, &row).await;
        } else {
            publish(&producer, "a", number).await;
            let mut numbering = bed.stage([crate::bed::producer()]).await;
            numbering.settle().await;
            let sql = "UPDATE tidings_cursors SET sequence = sequence + 1 WHERE slot = $1";
            run(&consumer, sql, params![slot]).await;
        }
        publish(&producer, "a", 10 * number).await;
        stage.settle().await;
        assert_eq!(alerts(&consumer).await, [], "{number}");
        drop(stage);
    }
    let mut stage = bed.stage(services()).await;
    stage.settle().await;
    let consumer = stage.handle("consumer");
    assert_eq!(effects_by_key(&consumer).await["a"], [1, 20, 30, 40]);
    assert_eq!(alerts(&consumer).await, []);
}

/// As after an upgrade from a version that had no marks.
async fn a_cursor_without_a_mark_gets_one_and_is_watched_from_then_on(bed: Bed) {
    let mut stage = bed.stage(services()).await;
    publish(&stage.handle("producer"), "a", 1).await;
    stage.settle().await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    // While this instance is there, it keeps the slots.
    drop(stage);
    let sql = "UPDATE tidings_cursors SET marked = NULL, mark = NULL WHERE slot = $1";
    run(&consumer, sql, params![slot_of("a", 4)]).await;
    bed.stage(services()).await.settle().await;
    assert_eq!(alerts(&consumer).await, []);
    let sql = "UPDATE tidings_outbox SET time = time + 1 WHERE key = $1";
    run(&producer, sql, params!["a"]).await;
    bed.stage(services()).await.settle().await;
    assert_eq!(alerts(&consumer).await.len(), 1);
}

async fn marks_that_are_read_event_by_event_are_the_same(bed: Bed) {
    let mut stage = bed.stage(services()).await;
    let producer = stage.handle("producer");
    for number in 1..=3 {
        publish(&producer, "a", number).await;
    }
    stage.settle().await;
    let slot = slot_of("a", 4);
    let places: Vec<(u16, u64)> = (0..=4).map(|sequence| (slot, sequence)).collect();
    let (local, read) = feed::marks_of_both(producer, &places).await;
    assert_eq!(local, read);
    assert_eq!(local.len(), 3, "{local:?}");
}
