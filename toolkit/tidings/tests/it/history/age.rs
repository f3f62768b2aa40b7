//! Events older than they are kept are deleted, and whoever needs them is told.

use tidings::{Dialect, Handle, LocalFeed, Service, Transport, alert, slot_of};

use super::{DAY, HOUR, alerts, counting, left, rows, settle_until};
use crate::bed::{
    Bed, CountEvent, Stage, clock, effects, effects_by_key, on_both, producer, publish, publish_all,
};

/// How many events stay, whatever their age: on SQLite the last one of the database does.
fn least(service: &Handle) -> i64 {
    match service.db().dialect() {
        Dialect::Sqlite => 1,
        Dialect::Postgres => 0,
    }
}

fn keeping() -> Service {
    producer().keeps::<CountEvent>(7 * DAY)
}

on_both!(
    events_are_kept_for_ever_unless_something_is_said,
    events_older_than_they_are_kept_are_deleted_and_younger_ones_are_not,
    more_than_one_batch_is_deleted_to_the_last,
    who_has_read_everything_gets_what_comes_after_it_was_deleted,
    a_new_subscription_begins_behind_what_is_gone,
    a_subscription_that_needs_what_is_gone_stands_still_and_names_it,
    of_a_subscription_that_is_behind_in_one_slot_the_others_flow,
    the_place_of_the_last_event_that_is_gone_is_remembered,
    a_crash_while_events_are_deleted_leaves_none_half_gone,
);

async fn events_are_kept_for_ever_unless_something_is_said(bed: Bed) {
    let mut stage = bed.stage([producer()]).await;
    publish(&stage.handle("producer"), "a", 1).await;
    stage.settle().await;
    stage.advance(10_000 * DAY).await;
    assert_eq!(rows(&stage.handle("producer")).await[0], 1);
}

async fn events_older_than_they_are_kept_are_deleted_and_younger_ones_are_not(bed: Bed) {
    let mut stage = bed.stage([keeping(), counting()]).await;
    let service = stage.handle("producer");
    for number in 1..=3 {
        publish(&service, "a", number).await;
        stage.settle().await;
        stage.clock.advance(DAY);
    }
    stage.advance(5 * DAY).await;
    let slot = slot_of("a", 4);
    assert_eq!(
        left(&service).await,
        [format!("{slot}.2"), format!("{slot}.3")]
    );
    assert!(rows(&service).await.iter().all(|count| *count == 2));
    stage.advance(DAY + HOUR).await;
    stage.advance(DAY).await;
    let last = [format!("{slot}.3")];
    let kept = usize::try_from(least(&service)).unwrap();
    assert_eq!(left(&service).await, last[..kept]);
    publish(&service, "a", 4).await;
    stage.settle().await;
    assert_eq!(left(&service).await.last(), Some(&format!("{slot}.4")));
    let consumer = stage.handle("consumer");
    assert_eq!(effects_by_key(&consumer).await["a"], [1, 2, 3, 4]);
    assert_eq!(alerts(&consumer).await, []);
}

async fn more_than_one_batch_is_deleted_to_the_last(bed: Bed) {
    let mut stage = bed.stage([keeping()]).await;
    let service = stage.handle("producer");
    let many: Vec<(String, i64)> = (0..2500).map(|n| (format!("k{}", n % 50), n)).collect();
    let many: Vec<(&str, i64)> = many.iter().map(|(key, n)| (key.as_str(), *n)).collect();
    publish_all(&service, &many).await;
    stage.settle().await;
    stage.advance(8 * DAY).await;
    assert!(
        rows(&service)
            .await
            .iter()
            .all(|count| *count == least(&service))
    );
}

/// A place in the stream is a position. On SQLite a row that is inserted takes the number behind
/// the highest that is there, so a table without any would give positions again, and whoever has
/// passed them would not look there.
async fn who_has_read_everything_gets_what_comes_after_it_was_deleted(bed: Bed) {
    let mut stage = bed.stage([keeping()]).await;
    let service = stage.handle("producer");
    let feed = LocalFeed::new(service.clone());
    let slots: Vec<(u16, u64)> = (0..4).map(|slot| (slot, 0)).collect();
    let mut follower = feed.open("counts", &slots).await.unwrap();
    let mut read = Vec::new();
    for number in 1..=5 {
        publish(&service, "a", number).await;
        if number == 3 {
            stage.settle().await;
            read.extend(follower.receive(10).await.unwrap());
            stage.advance(8 * DAY).await;
            assert!(rows(&service).await[0] < 3);
        }
    }
    stage.settle().await;
    read.extend(follower.receive(10).await.unwrap());
    let numbers = read.iter().map(|event| event.id.sequence);
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

/// Three events, of which the first two are deleted.
async fn two_of_three_gone(bed: &Bed, stage: &mut Stage) {
    let service = stage.handle("producer");
    // Numbered before anybody reads.
    let mut numbering = bed.stage([keeping()]).await;
    for number in 1..=3 {
        if number == 3 {
            stage.clock.advance(7 * DAY);
            numbering.clock.advance(7 * DAY);
        }
        publish(&service, "a", number).await;
        numbering.settle().await;
    }
    stage.clock.advance(HOUR);
    numbering.advance(HOUR).await;
    assert_eq!(rows(&service).await[0], 1);
}

async fn a_new_subscription_begins_behind_what_is_gone(bed: Bed) {
    let mut before = bed.stage([keeping()]).await;
    two_of_three_gone(&bed, &mut before).await;
    let mut stage = bed.stage([keeping(), counting()]).await;
    stage.settle().await;
    let consumer = stage.handle("consumer");
    assert_eq!(effects(&consumer).await, [("a".to_owned(), 3)]);
    assert_eq!(alerts(&consumer).await, []);
}

async fn a_subscription_that_needs_what_is_gone_stands_still_and_names_it(bed: Bed) {
    let clock = clock();
    let open = || bed.setup(&clock).service(keeping()).service(counting());
    let mut stage = Stage::open(open(), clock.clone()).await;
    // Its cursors are made.
    stage.settle().await;
    two_of_three_gone(&bed, &mut stage).await;
    publish(&stage.handle("producer"), "a", 4).await;
    stage.settle().await;
    let consumer = stage.handle("consumer");
    let slot = slot_of("a", 4);
    let gone = format!(
        "counts.{slot}.1 to counts.{slot}.2 were deleted by age before they were applied; the \
         slot stands still until a person has decided where it goes on"
    );
    let told = [("gone".to_owned(), gone)];
    assert_eq!(alerts(&consumer).await, told);
    assert_eq!(effects(&consumer).await, []);

    drop(stage);
    let mut stage = Stage::open(open(), clock.clone()).await;
    stage.settle().await;
    assert_eq!(alerts(&consumer).await, told, "also after a restart");
    assert_eq!(effects(&consumer).await, []);

    let mut tx = consumer.begin_own().await.unwrap();
    let settled = alert::settle(&mut tx, "count", "counts", slot, 2).await;
    assert!(settled.unwrap());
    tx.commit().await.unwrap();
    stage.settle().await;
    assert_eq!(effects_by_key(&consumer).await["a"], [3, 4]);
    assert_eq!(alerts(&consumer).await, []);
}

async fn of_a_subscription_that_is_behind_in_one_slot_the_others_flow(bed: Bed) {
    let mut stage = bed.stage([keeping(), counting()]).await;
    stage.settle().await;
    two_of_three_gone(&bed, &mut stage).await;
    let other = (0..).map(|number| format!("s{number}"));
    let other = { other }
        .find(|key| slot_of(key, 4) != slot_of("a", 4))
        .unwrap();
    publish(&stage.handle("producer"), &other, 1).await;
    stage.settle().await;
    let applied = [(other, vec![1])];
    assert_eq!(
        effects_by_key(&stage.handle("consumer")).await,
        applied.into()
    );
}

/// By it a reader of the whole stream is told that it has missed something, in whatever slot.
async fn the_place_of_the_last_event_that_is_gone_is_remembered(bed: Bed) {
    let mut stage = bed.stage([keeping()]).await;
    let service = stage.handle("producer");
    let table = service
        .db()
        .dialect()
        .pick("tidings_outbox", "tidings_numbers");
    let ask = async |sql: &str| {
        let mut conn = service.read().await.unwrap();
        conn.query_one::<(i64,)>(sql, &[]).await.unwrap().0
    };
    publish_all(&service, &[("a", 1), ("b", 1), ("c", 1)]).await;
    stage.settle().await;
    let last = ask(&format!("SELECT max(position) FROM {table}")).await;
    stage.advance(5 * DAY).await;
    publish(&service, "a", 2).await;
    stage.settle().await;
    stage.advance(5 * DAY).await;
    assert_eq!(rows(&service).await[0], 1);
    let remembered = ask("SELECT max(position) FROM tidings_floors").await;
    assert_eq!(remembered, last);
}

/// 1. Events fall due; the process ends after their slots are noted as gone, or after they are
///    deleted, and in both cases before COMMIT.
/// 2. Everything is still there, for a reader that comes now too.
/// 3. The next process deletes them.
async fn a_crash_while_events_are_deleted_leaves_none_half_gone(bed: Bed) {
    let clock = clock();
    for point in ["H1", "H2"] {
        let open = || bed.setup(&clock).service(keeping());
        let mut stage = Stage::open(open(), clock.clone()).await;
        publish_all(&stage.handle("producer"), &[("a", 1), ("a", 2)]).await;
        stage.settle().await;
        let all = left(&stage.handle("producer")).await;
        stage.clock.advance(8 * DAY);
        assert!(settle_until(&mut stage, point).await, "{point} is passed");
        drop(stage);
        let mut stage = Stage::open(open(), clock.clone()).await;
        let service = stage.handle("producer");
        assert_eq!(left(&service).await, all);
        assert_eq!(rows(&service).await[0], all.len() as i64);
        // Whoever had the job counts as gone when its lease is over.
        stage.advance(HOUR).await;
        assert_eq!(rows(&service).await[0], least(&service));
    }
}
