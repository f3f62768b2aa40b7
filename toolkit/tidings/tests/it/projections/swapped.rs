//! The swap: old or new, whole, whoever is at work meanwhile and wherever it is cut off.

use std::time::Duration;

use tidings::{Clock, Handle, Installation, Setup};

use super::{build, expected, mended, read, totals, wrong_history};
use crate::bed::{Bed, Stage, clock, on_both, producer, publish};

on_both!(
    cut_off_anywhere_a_rebuild_leaves_the_old_or_the_new_and_the_next_one_ends,
    a_rebuild_beside_the_running_service_loses_and_doubles_nothing,
    nothing_is_left_beside_the_service_when_it_is_done,
    a_rebuild_of_a_compacted_stream_is_what_is_kept_of_it,
);

/// 1. The wrong code has applied everything; the rebuild is cut off at a point.
/// 2. What is read is whole: old, or new from the point on at which the swap is committed.
/// 3. The service goes on with either, and the next rebuild ends.
async fn cut_off_anywhere_a_rebuild_leaves_the_old_or_the_new_and_the_next_one_ends(bed: Bed) {
    let old = expected([("a", 4, 4), ("b", 4, 4)]);
    let new = expected([("a", 10, 4), ("b", 1000, 4)]);
    let points = [
        ("R1", &old),
        ("C2", &old),
        ("R2", &old),
        ("R3", &old),
        ("R4", &new),
    ];
    let clock = clock();
    wrong_history(&bed, &clock).await;
    for (point, left) in points {
        let installation = mended(&bed, &clock).open().await.unwrap();
        let plan = tidings::crash::Plan::new(move |passed| passed == point);
        let cut_off = tidings::crash::with_plan(&plan, build(&installation)).await;
        assert!(cut_off.is_none(), "{point} is passed");
        drop(installation);
        let mut stage = Stage::open(mended(&bed, &clock), clock.clone()).await;
        assert_eq!(read(&stage.handle("reports")).await, *left, "{point}");
        stage.settle().await;
        assert_eq!(read(&stage.handle("reports")).await, *left, "{point}");
    }
    let mut stage = Stage::open(mended(&bed, &clock), clock.clone()).await;
    build(&stage.installation).await.unwrap();
    publish(&stage.handle("producer"), "a", 5).await;
    stage.settle().await;
    let reports = stage.handle("reports");
    assert_eq!(
        read(&reports).await,
        expected([("a", 15, 5), ("b", 1000, 4)])
    );
}

async fn write(producer: Handle, key: String, numbers: i64) {
    for number in 1..=numbers {
        publish(&producer, &key, number).await;
    }
}

/// Waits in real time: everything runs by itself here.
async fn wait_until_totals_are(service: &Handle, events: i64) {
    for _ in 0..600 {
        let seen: i64 = read(service).await.values().map(|(_, events)| events).sum();
        if seen >= events {
            return;
        }
        tidings::Clock::system()
            .sleep(Duration::from_millis(50))
            .await;
    }
    panic!("the projection does not catch up");
}

async fn opened(setup: Setup) -> Installation {
    setup.open().await.unwrap()
}

/// 1. The service runs; four writers publish all the time.
/// 2. The projection is built anew three times meanwhile, on PostgreSQL by another process.
/// 3. At the end it has each event once.
async fn a_rebuild_beside_the_running_service_loses_and_doubles_nothing(bed: Bed) {
    let setup = || {
        bed.setup(&Clock::system())
            .service(producer())
            .service(totals())
    };
    let mut installation = opened(setup()).await;
    let running = installation.start();
    let service = installation.handle("producer").unwrap();
    let reports = installation.handle("reports").unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        writers.spawn(write(service.clone(), format!("w{writer}"), 120));
    }
    for _ in 0..3 {
        match reports.db().dialect() {
            tidings::Dialect::Sqlite => build(&installation).await.unwrap(),
            tidings::Dialect::Postgres => build(&opened(setup()).await).await.unwrap(),
        };
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    wait_until_totals_are(&reports, 480).await;
    let last = match reports.db().dialect() {
        tidings::Dialect::Sqlite => build(&installation).await.unwrap(),
        tidings::Dialect::Postgres => build(&opened(setup()).await).await.unwrap(),
    };
    assert_eq!((last.applied, last.parked), (480, 0));
    let sum = 120 * 121 / 2;
    let each = [
        ("w0", sum, 120),
        ("w1", sum, 120),
        ("w2", sum, 120),
        ("w3", sum, 120),
    ];
    assert_eq!(read(&reports).await, expected(each));
    running.stop().await;
    assert_eq!(tidings::alert::open(&reports).await.unwrap(), []);
}

async fn nothing_is_left_beside_the_service_when_it_is_done(bed: Bed) {
    let clock = clock();
    wrong_history(&bed, &clock).await;
    let installation = mended(&bed, &clock).open().await.unwrap();
    let plan = tidings::crash::Plan::new(|passed| passed == "R3");
    let cut_off = tidings::crash::with_plan(&plan, build(&installation)).await;
    assert!(cut_off.is_none());
    build(&installation).await.unwrap();
    let left = if bed.is_sqlite() {
        let files = std::fs::read_dir(bed.folder()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains("rebuild")).collect()
    } else {
        let sql = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE '%rebuild%'";
        let client = crate::bed::client(bed.url()).await;
        let rows = client.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<String>>()
    };
    assert_eq!(left, [""; 0]);
}

#[derive(Clone, Debug, PartialEq, tidings::Stream)]
#[stream(name = "counts", key = "key", slots = 4, state)]
enum CountState {
    #[event("count.added")]
    Added { key: String, number: i64 },
}

async fn a_rebuild_of_a_compacted_stream_is_what_is_kept_of_it(bed: Bed) {
    let day = Duration::from_secs(86_400);
    let clock = clock();
    wrong_history(&bed, &clock).await;
    let state = tidings::Service::new("producer")
        .publishes::<CountState>()
        .keeps::<CountState>(day);
    let setup = bed.setup(&clock).service(state).service(totals());
    let mut stage = Stage::open(setup, clock.clone()).await;
    stage.advance(2 * day).await;
    let rebuilt = build(&stage.installation).await.unwrap();
    assert_eq!(rebuilt.parked, 0);
    let last = expected([("a", 4, 1), ("b", 400, 1)]);
    assert_eq!(read(&stage.handle("reports")).await, last);
}
