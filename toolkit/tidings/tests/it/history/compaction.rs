//! Of a state stream the last event of each key is kept, and a replica can always be built.

use std::collections::BTreeMap;

use tidings::{
    Error, Event, Feed, FeedPage, Handle, LocalFeed, Migration, Service, Tx, alert, lag, params,
};

use super::{DAY, HOUR, settle_until};
use crate::bed::{Bed, Stage, clock, on_both};

/// Where something is now.
#[derive(Clone, Debug, PartialEq, tidings::Stream)]
#[stream(name = "places", key = "key", slots = 4, state)]
pub(crate) enum PlaceEvent {
    #[event("place.set")]
    Set { key: String, number: i64 },
}

const PLACES: &[Migration] = &[Migration::new(
    "0001_places",
    "CREATE TABLE places (key TEXT PRIMARY KEY, number BIGINT NOT NULL, seen BIGINT NOT NULL)",
)];

fn mover() -> Service {
    Service::new("mover")
        .publishes::<PlaceEvent>()
        .keeps::<PlaceEvent>(DAY)
}

async fn replicate(event: Event<PlaceEvent>, tx: &mut Tx) -> Result<(), Error> {
    let PlaceEvent::Set { key, number } = event.data;
    let sql = "INSERT INTO places (key, number, seen) VALUES ($1, $2, 1)
        ON CONFLICT (key) DO UPDATE SET number = excluded.number, seen = places.seen + 1";
    tx.execute(sql, params![key, number]).await?;
    Ok(())
}

fn replica(name: &'static str) -> Service {
    Service::new(name)
        .migrations(PLACES)
        .subscribes("replica", replicate)
}

async fn set(service: &Handle, key: &str, number: i64) {
    let mut tx = service.begin_own().await.unwrap();
    let key = key.to_owned();
    tx.publish(PlaceEvent::Set { key, number }).unwrap();
    tx.commit().await.unwrap();
}

async fn places(service: &Handle) -> BTreeMap<String, i64> {
    let sql = "SELECT key, number FROM places";
    let mut conn = service.read().await.unwrap();
    let rows: Vec<(String, i64)> = conn.query(sql, &[]).await.unwrap();
    rows.into_iter().collect()
}

async fn events(service: &Handle) -> i64 {
    let sql = "SELECT count(*) FROM tidings_outbox";
    let mut conn = service.read().await.unwrap();
    conn.query_one::<(i64,)>(sql, &[]).await.unwrap().0
}

/// Three keys, each set thirty times; the last of each counts.
async fn moved_about(stage: &mut Stage) -> BTreeMap<String, i64> {
    let mover = stage.handle("mover");
    for number in 1..=30 {
        for key in ["a", "b", "c"] {
            set(&mover, key, number).await;
        }
    }
    stage.settle().await;
    ["a", "b", "c"].map(|key| (key.to_owned(), 30)).into()
}

on_both!(
    only_the_last_event_of_each_key_is_kept_and_a_new_replica_has_them_all,
    what_was_superseded_a_moment_ago_stays_for_its_grace,
    a_replica_that_was_away_goes_on_over_what_was_compacted,
    a_replica_owes_what_is_left_and_not_what_was_compacted,
    a_number_that_was_lost_is_no_part_of_what_was_compacted,
    a_loss_before_the_compaction_is_not_declared_by_it,
    a_crash_while_a_slot_is_compacted_loses_nothing,
    replicas_are_right_while_writers_write_and_slots_are_compacted,
);

async fn only_the_last_event_of_each_key_is_kept_and_a_new_replica_has_them_all(bed: Bed) {
    let mut stage = bed.stage([mover()]).await;
    let last = moved_about(&mut stage).await;
    stage.advance(DAY + HOUR).await;
    assert_eq!(events(&stage.handle("mover")).await, 3);
    let mut stage = bed.stage([mover(), replica("late")]).await;
    stage.settle().await;
    let late = stage.handle("late");
    assert_eq!(places(&late).await, last);
    assert_eq!(alert::open(&late).await.unwrap(), []);
}

async fn what_was_superseded_a_moment_ago_stays_for_its_grace(bed: Bed) {
    let mut stage = bed.stage([mover()]).await;
    moved_about(&mut stage).await;
    stage.advance(DAY - HOUR).await;
    assert_eq!(events(&stage.handle("mover")).await, 90);
}

async fn a_replica_that_was_away_goes_on_over_what_was_compacted(bed: Bed) {
    let clock = clock();
    let open = || bed.setup(&clock).service(mover());
    let mut stage = Stage::open(open().service(replica("away")), clock.clone()).await;
    set(&stage.handle("mover"), "a", 1).await;
    stage.settle().await;
    let away = stage.handle("away");
    drop(stage);
    let mut stage = Stage::open(open(), clock.clone()).await;
    let last = moved_about(&mut stage).await;
    stage.advance(DAY + HOUR).await;
    assert_eq!(events(&stage.handle("mover")).await, 3);
    let mut stage = Stage::open(open().service(replica("away")), clock.clone()).await;
    stage.settle().await;
    assert_eq!(places(&away).await, last);
    assert_eq!(alert::open(&away).await.unwrap(), []);
}

async fn a_replica_owes_what_is_left_and_not_what_was_compacted(bed: Bed) {
    let clock = clock();
    let open = || bed.setup(&clock).service(mover());
    let mut stage = Stage::open(open().service(replica("away")), clock.clone()).await;
    set(&stage.handle("mover"), "a", 0).await;
    stage.settle().await;
    drop(stage);
    let mut stage = Stage::open(open(), clock.clone()).await;
    moved_about(&mut stage).await;
    stage.advance(DAY + HOUR).await;
    set(&stage.handle("mover"), "a", 31).await;
    stage.settle().await;
    // Its cursors were made, and nothing of the ninety and one was applied since.
    let mut stage = Stage::open(open().service(replica("away")), clock.clone()).await;
    let owes = async |stage: &Stage| {
        let all = lag::subscriptions(&stage.installation).await.unwrap();
        let inspected = open().service(replica("away")).inspect().await.unwrap();
        assert_eq!(inspected.subscriptions[0].lag, Some(all[0].lag));
        all[0].lag
    };
    assert_eq!(owes(&stage).await, 4);
    stage.settle().await;
    assert_eq!(owes(&stage).await, 0);
}

async fn lose(service: &Handle, slot: u16, sequence: i64) {
    let sql = match service.db().dialect() {
        tidings::Dialect::Sqlite => "DELETE FROM tidings_outbox WHERE slot = $1 AND sequence = $2",
        tidings::Dialect::Postgres => {
            "DELETE FROM tidings_numbers WHERE slot = $1 AND sequence = $2"
        }
    };
    let mut tx = service.begin_own().await.unwrap();
    assert_eq!(tx.execute(sql, params![slot, sequence]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn page(service: &Handle, slot: u16, after: u64) -> FeedPage {
    let feed = LocalFeed::new(service.clone());
    feed.read("places", slot, after, 1000).await.unwrap()
}

async fn a_number_that_was_lost_is_no_part_of_what_was_compacted(bed: Bed) {
    let mut stage = bed.stage([mover()]).await;
    moved_about(&mut stage).await;
    stage.advance(DAY + HOUR).await;
    let mover_ = stage.handle("mover");
    let slot = tidings::slot_of("a", 4);
    let compacted = page(&mover_, slot, 0).await.covered;
    for number in 31..=33 {
        set(&mover_, "a", number).await;
    }
    stage.settle().await;
    lose(&mover_, slot, i64::try_from(compacted).unwrap() + 2).await;
    assert_eq!(page(&mover_, slot, 0).await.covered, compacted + 1);
    let mut stage = bed.stage([mover(), replica("late")]).await;
    stage.settle().await;
    let open = alert::open(&stage.handle("late")).await.unwrap();
    let kinds: Vec<&str> = open.iter().map(|alert| alert.kind.as_str()).collect();
    assert_eq!(kinds, ["gap"]);
    assert_eq!(places(&stage.handle("late")).await["a"], 31);
}

async fn a_loss_before_the_compaction_is_not_declared_by_it(bed: Bed) {
    let mut stage = bed.stage([mover()]).await;
    moved_about(&mut stage).await;
    let mover_ = stage.handle("mover");
    let slot = tidings::slot_of("a", 4);
    lose(&mover_, slot, 5).await;
    stage.advance(DAY + HOUR).await;
    stage.advance(DAY).await;
    let page = page(&mover_, slot, 0).await;
    assert_eq!(page.covered, 4);
    let kept = page.events.iter().map(|event| event.id.sequence);
    let first = { kept }.find(|sequence| *sequence > 4);
    assert_eq!(first, Some(6), "nothing behind the loss is compacted");
}

async fn a_crash_while_a_slot_is_compacted_loses_nothing(bed: Bed) {
    let clock = clock();
    for point in ["H1", "H2"] {
        let open = || bed.setup(&clock).service(mover()).service(replica("late"));
        let mut stage = Stage::open(open(), clock.clone()).await;
        let last = moved_about(&mut stage).await;
        stage.clock.advance(DAY + HOUR);
        assert!(settle_until(&mut stage, point).await, "{point} is passed");
        drop(stage);
        let mut stage = Stage::open(open(), clock.clone()).await;
        stage.advance(2 * HOUR).await;
        assert_eq!(events(&stage.handle("mover")).await, 3, "{point}");
        let late = stage.handle("late");
        assert_eq!(places(&late).await, last);
        assert_eq!(alert::open(&late).await.unwrap(), []);
    }
}

/// 1. Four writers set keys; time runs, so that everything is soon old enough.
/// 2. Meanwhile slots are compacted, and replicas that begin at different moments read.
/// 3. At the end each replica has the last of each key, and no number is missing to anybody.
async fn replicas_are_right_while_writers_write_and_slots_are_compacted(bed: Bed) {
    let clock = clock();
    let setup = bed.setup(&clock).service(mover()).service(replica("early"));
    let mut stage = Stage::open(setup, clock.clone()).await;
    let mover_ = stage.handle("mover");
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4_i64 {
        let (mover_, clock) = (mover_.clone(), clock.clone());
        writers.spawn(async move {
            for number in 1..=60 {
                set(&mover_, &format!("{writer}.{}", number % 5), number).await;
                clock.advance(HOUR / 2);
                tokio::task::yield_now().await;
            }
        });
    }
    let mut replicas = vec![stage.handle("early")];
    for name in ["second", "third"] {
        for _ in 0..5 {
            step_all(&mut stage).await;
        }
        writers.join_next().await.unwrap().unwrap();
        let setup = bed.setup(&clock).service(mover()).service(replica(name));
        let mut late = Stage::open(setup, clock.clone()).await;
        step_all(&mut late).await;
        replicas.push(late.handle(name));
        stage.workers.extend(std::mem::take(&mut late.workers));
    }
    while writers.join_next().await.is_some() {}
    stage.advance(2 * DAY).await;
    let left = events(&mover_).await;
    assert_eq!(left, 20, "four writers' five keys");
    let expected: BTreeMap<String, i64> = (0..4)
        .flat_map(|writer| (0..5).map(move |key| (format!("{writer}.{key}"), 60 - (5 - key) % 5)))
        .collect();
    for replica in &replicas {
        assert_eq!(places(replica).await, expected, "{replica:?}");
        assert_eq!(alert::open(replica).await.unwrap(), []);
    }
}

async fn step_all(stage: &mut Stage) {
    for worker in &mut stage.workers {
        worker.step().await.unwrap();
    }
}
