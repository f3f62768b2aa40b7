//! Tables that are made of events and can be made anew beside themselves.

mod refused;
mod swapped;

use std::collections::BTreeMap;

use tidings::projection::{Rebuild, RebuildError, Rebuilt, rebuild};
use tidings::{
    Clock, Error, Event, Fate, Fault, Handle, Installation, Migration, Projection, Service, Setup,
    View, params,
};

use crate::bed::{Bed, CountEvent, Stage, clock, on_both, producer, publish};

const TABLES: &[Migration] = &[Migration::new(
    "totals_0001",
    "CREATE TABLE totals (key TEXT PRIMARY KEY, total BIGINT NOT NULL, events BIGINT NOT NULL);
     CREATE INDEX totals_by_total ON totals (total);
     CREATE VIEW rich AS SELECT key FROM totals WHERE total > 100",
)];

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("use the tables")]
    Store(#[from] Error),
    #[error("like negative numbers")]
    Negative,
}

impl Fault for Refused {
    fn fate(&self) -> Fate {
        match self {
            Refused::Store(error) => error.fate(),
            Refused::Negative => Fate::Fail,
        }
    }
}

async fn put(view: &mut View<'_>, key: &str, amount: i64) -> Result<(), Error> {
    let sql = "INSERT INTO totals (key, total, events) VALUES ($1, $2, 1)
        ON CONFLICT (key) DO UPDATE SET total = totals.total + excluded.total,
            events = totals.events + 1";
    view.execute(sql, params![key, amount]).await?;
    Ok(())
}

async fn total(event: Event<CountEvent>, view: &mut View<'_>) -> Result<(), Refused> {
    let CountEvent::Added { key, number } = event.data;
    if number < 0 {
        return Err(Refused::Negative);
    }
    put(view, &key, number).await?;
    Ok(())
}

/// As somebody wrote it first.
async fn wrong(event: Event<CountEvent>, view: &mut View<'_>) -> Result<(), Error> {
    let CountEvent::Added { key, .. } = event.data;
    put(view, &key, 1).await
}

async fn total_all(events: &[Event<CountEvent>], view: &mut View<'_>) -> Result<(), Refused> {
    for event in events {
        total(event.clone(), view).await?;
    }
    Ok(())
}

fn totals() -> Service {
    let right = Projection::new("totals").tables(TABLES).on(total);
    Service::new("reports").projection(right)
}

fn wrong_totals() -> Service {
    let wrong = Projection::new("totals").tables(TABLES).on(wrong);
    Service::new("reports").projection(wrong)
}

/// Each key's total, and how many events it is of.
async fn read(service: &Handle) -> BTreeMap<String, (i64, i64)> {
    let sql = "SELECT key, total, events FROM totals";
    let mut conn = service.read().await.unwrap();
    let rows: Vec<(String, i64, i64)> = conn.query(sql, &[]).await.unwrap();
    let rows = rows.into_iter();
    rows.map(|(key, total, events)| (key, (total, events)))
        .collect()
}

fn expected<const N: usize>(rows: [(&str, i64, i64); N]) -> BTreeMap<String, (i64, i64)> {
    rows.map(|(key, total, events)| (key.to_owned(), (total, events)))
        .into()
}

async fn build(installation: &Installation) -> Result<Rebuilt, RebuildError> {
    Box::pin(rebuild(installation, &Rebuild::of("totals"), |_| {})).await
}

/// Numbers 1 to 4 for two keys, applied by code that is wrong.
async fn wrong_history(bed: &Bed, clock: &Clock) {
    let setup = bed.setup(clock).service(producer()).service(wrong_totals());
    let mut stage = Stage::open(setup, clock.clone()).await;
    for number in 1..=4 {
        publish(&stage.handle("producer"), "a", number).await;
        publish(&stage.handle("producer"), "b", 100 * number).await;
    }
    stage.settle().await;
    let reports = stage.handle("reports");
    assert_eq!(read(&reports).await, expected([("a", 4, 4), ("b", 4, 4)]));
}

fn mended(bed: &Bed, clock: &Clock) -> Setup {
    bed.setup(clock).service(producer()).service(totals())
}

on_both!(
    a_projection_is_kept_up_to_date_like_any_subscription,
    a_projection_of_batches_is_the_same,
    a_rebuilt_projection_is_what_the_code_of_now_makes_of_all_history,
    a_rebuild_tells_how_far_it_is,
);

async fn a_projection_is_kept_up_to_date_like_any_subscription(bed: Bed) {
    let mut stage = bed.stage([producer(), totals()]).await;
    for number in 1..=3 {
        publish(&stage.handle("producer"), "a", number).await;
        stage.settle().await;
    }
    assert_eq!(
        read(&stage.handle("reports")).await,
        expected([("a", 6, 3)])
    );
}

async fn a_projection_of_batches_is_the_same(bed: Bed) {
    let batches = Projection::new("totals").tables(TABLES).on_batch(total_all);
    let reports = Service::new("reports").projection(batches);
    let mut stage = bed.stage([producer(), reports]).await;
    for number in [1, 2, -1, 3] {
        publish(&stage.handle("producer"), "a", number).await;
    }
    publish(&stage.handle("producer"), "b", 5).await;
    stage.settle().await;
    let reports = stage.handle("reports");
    let parked = tidings::dead::events(&reports, 10).await.unwrap();
    let states: Vec<&str> = parked.iter().map(|parked| parked.state.as_str()).collect();
    assert_eq!(states, ["dead", "waiting"]);
    let applied = expected([("a", 3, 2), ("b", 5, 1)]);
    assert_eq!(read(&reports).await, applied);
}

async fn a_rebuilt_projection_is_what_the_code_of_now_makes_of_all_history(bed: Bed) {
    let clock = clock();
    wrong_history(&bed, &clock).await;
    let mut stage = Stage::open(mended(&bed, &clock), clock).await;
    let rebuilt = build(&stage.installation).await.unwrap();
    assert_eq!((rebuilt.applied, rebuilt.parked), (8, 0));
    let reports = stage.handle("reports");
    let right = expected([("a", 10, 4), ("b", 1000, 4)]);
    assert_eq!(read(&reports).await, right);
    publish(&stage.handle("producer"), "a", 5).await;
    stage.settle().await;
    assert_eq!(read(&reports).await["a"], (15, 5), "it goes on");
    let sql = "SELECT key FROM rich";
    let mut conn = reports.read().await.unwrap();
    let rich: Vec<(String,)> = conn.query(sql, &[]).await.unwrap();
    assert_eq!(rich, [("b".to_owned(),)], "its view too");
}

async fn a_rebuild_tells_how_far_it_is(bed: Bed) {
    let clock = clock();
    wrong_history(&bed, &clock).await;
    let installation = mended(&bed, &clock).open().await.unwrap();
    let mut told = Vec::new();
    let what = Rebuild::of("totals").in_service("reports");
    let building = Box::pin(rebuild(&installation, &what, |progress| {
        told.push((progress.applied, progress.total));
    }));
    building.await.unwrap();
    assert_eq!(told.last(), Some(&(8, 8)));
    let applied = told.iter().map(|(applied, _)| *applied);
    assert!(applied.is_sorted(), "{told:?}");
}
