//! Rebuilds that would not be what they say: refused, told, and the live one as it was.

use std::time::Duration;

use tidings::projection::{Rebuild, RebuildError, rebuild};
use tidings::{Error, Event, Handle, Migration, Projection, Service, Start, View, params, slot_of};

use super::{TABLES, build, expected, mended, read, total, totals, wrong_history, wrong_totals};
use crate::bed::{Bed, CountEvent, Stage, clock, on_both, producer, publish};

const DAY: Duration = Duration::from_secs(86_400);

on_both!(
    a_history_that_is_gone_is_told_before_anything_begins,
    what_is_left_of_a_history_can_be_asked_for,
    a_projection_that_began_later_is_built_of_what_came_since,
    an_event_that_the_code_refuses_is_parked_with_the_new_one,
    a_number_that_the_feed_cannot_give_stops_the_rebuild,
    a_handler_that_needs_a_table_of_somebody_else_parks_its_events,
    a_name_that_nobody_has_is_told_with_those_there_are,
);

/// Everything that the live projection was made of is deleted but the last of each key.
async fn gone(bed: &Bed) -> Stage {
    let clock = clock();
    wrong_history(bed, &clock).await;
    let keeping = producer().keeps::<CountEvent>(DAY);
    let setup = bed.setup(&clock).service(keeping).service(totals());
    let mut stage = Stage::open(setup, clock).await;
    stage.advance(2 * DAY).await;
    publish(&stage.handle("producer"), "a", 5).await;
    stage.settle().await;
    // What was the last until then, which SQLite keeps, goes too.
    stage.advance(Duration::from_secs(3600)).await;
    stage
}

async fn a_history_that_is_gone_is_told_before_anything_begins(bed: Bed) {
    let stage = gone(&bed).await;
    let refused = build(&stage.installation).await.unwrap_err();
    assert!(
        matches!(&refused, RebuildError::Gone { stream, .. } if stream == "counts"),
        "{refused:?}"
    );
    let live = expected([("a", 9, 5), ("b", 4, 4)]);
    assert_eq!(read(&stage.handle("reports")).await, live);
}

async fn what_is_left_of_a_history_can_be_asked_for(bed: Bed) {
    let stage = gone(&bed).await;
    let what = Rebuild::of("totals").of_what_is_left();
    let building = Box::pin(rebuild(&stage.installation, &what, |_| {}));
    assert_eq!(building.await.unwrap().applied, 1);
    let reports = stage.handle("reports");
    assert_eq!(read(&reports).await, expected([("a", 5, 1)]));
}

async fn a_projection_that_began_later_is_built_of_what_came_since(bed: Bed) {
    let clock = clock();
    let mut alone = Stage::open(bed.setup(&clock).service(producer()), clock.clone()).await;
    publish(&alone.handle("producer"), "a", 1000).await;
    alone.settle().await;
    let open = |reports: Service| bed.setup(&clock).service(producer()).service(reports);
    let wrong = wrong_totals().starts("totals", Start::Now);
    let mut stage = Stage::open(open(wrong), clock.clone()).await;
    stage.settle().await;
    for number in 1..=3 {
        publish(&stage.handle("producer"), "a", number).await;
    }
    stage.settle().await;
    // The cursors know where they began, whatever is said now.
    for reports in [totals().starts("totals", Start::Now), totals()] {
        let stage = Stage::open(open(reports), clock.clone()).await;
        assert_eq!(build(&stage.installation).await.unwrap().applied, 3);
        let reports = stage.handle("reports");
        assert_eq!(read(&reports).await, expected([("a", 6, 3)]));
    }
}

async fn an_event_that_the_code_refuses_is_parked_with_the_new_one(bed: Bed) {
    let clock = clock();
    wrong_history(&bed, &clock).await;
    let mut stage = Stage::open(
        bed.setup(&clock)
            .service(producer())
            .service(wrong_totals()),
        clock.clone(),
    )
    .await;
    for number in [-1, 7] {
        publish(&stage.handle("producer"), "a", number).await;
    }
    stage.settle().await;
    drop(stage);
    let stage = Stage::open(mended(&bed, &clock), clock).await;
    let rebuilt = build(&stage.installation).await.unwrap();
    assert_eq!((rebuilt.applied, rebuilt.parked), (10, 2));
    let reports = stage.handle("reports");
    let right = expected([("a", 10, 4), ("b", 1000, 4)]);
    assert_eq!(read(&reports).await, right);
    let parked = tidings::dead::events(&reports, 10).await.unwrap();
    let states: Vec<&str> = parked.iter().map(|parked| parked.state.as_str()).collect();
    assert_eq!(states, ["dead", "waiting"]);
}

async fn lose(producer: &Handle, slot: u16) {
    let table = match producer.db().dialect() {
        tidings::Dialect::Sqlite => "tidings_outbox",
        tidings::Dialect::Postgres => "tidings_numbers",
    };
    let sql = format!("DELETE FROM {table} WHERE stream = 'counts' AND slot = $1 AND sequence = 2");
    let mut tx = producer.begin_own().await.unwrap();
    assert_eq!(tx.execute(&sql, params![slot]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn a_number_that_the_feed_cannot_give_stops_the_rebuild(bed: Bed) {
    let clock = clock();
    wrong_history(&bed, &clock).await;
    let stage = Stage::open(mended(&bed, &clock), clock).await;
    let slot = slot_of("a", 4);
    lose(&stage.handle("producer"), slot).await;
    let refused = build(&stage.installation).await.unwrap_err();
    let RebuildError::Stopped { text } = &refused else {
        panic!("{refused:?}")
    };
    assert!(text.contains(&format!("counts.{slot}.2")), "{text}");
    let live = expected([("a", 4, 4), ("b", 4, 4)]);
    assert_eq!(read(&stage.handle("reports")).await, live);
}

async fn nosy(event: Event<CountEvent>, view: &mut View<'_>) -> Result<(), Error> {
    let CountEvent::Added { key, number } = event.data;
    let sql = "INSERT INTO totals (key, total, events)
        SELECT $1, $2, factor FROM settings ON CONFLICT DO NOTHING";
    view.execute(sql, params![key, number]).await?;
    Ok(())
}

async fn a_handler_that_needs_a_table_of_somebody_else_parks_its_events(bed: Bed) {
    let clock = clock();
    wrong_history(&bed, &clock).await;
    let settings = Migration::new(
        "0009_settings",
        "CREATE TABLE settings (factor BIGINT NOT NULL); INSERT INTO settings VALUES (1)",
    );
    let reports = Service::new("reports")
        .migrations(&[settings])
        .projection(Projection::new("totals").tables(TABLES).on(nosy));
    let setup = bed.setup(&clock).service(producer()).service(reports);
    let stage = Stage::open(setup, clock).await;
    assert_eq!(build(&stage.installation).await.unwrap().parked, 8);
}

async fn a_name_that_nobody_has_is_told_with_those_there_are(bed: Bed) {
    let other =
        Service::new("others").projection(Projection::new("totals").tables(TABLES).on(total));
    let setup = bed.setup(&clock()).service(producer());
    let installation = setup.service(totals()).service(other).open().await.unwrap();
    let refused = Box::pin(rebuild(&installation, &Rebuild::of("sums"), |_| {})).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("reports/totals, others/totals"), "{text}");
    let refused = build(&installation).await.unwrap_err();
    assert!(
        matches!(refused, RebuildError::Ambiguous { .. }),
        "{refused:?}"
    );
}
