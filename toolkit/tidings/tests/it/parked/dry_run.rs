//! Trying an event without doing it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tidings::dead::{self, DryRun};
use tidings::{Clock, Conn, Dialect, Error, Event, EventId, Job, Migration, Service, Tx, params};

use super::{Fragile, MENDED, kept, mend, own_key};
use crate::bed::words::write_down;
use crate::bed::{Bed, CountEvent, Stage, consumer, on_both, producer, publish};

#[derive(Serialize, Deserialize)]
struct Thank {
    key: String,
}

impl Job for Thank {
    const KIND: &'static str = "thank";
}

async fn thank(_: Thank, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

#[derive(Clone, Debug, tidings::Stream)]
#[stream(name = "sums", key = "key", slots = 4)]
enum SumEvent {
    #[event("sum.changed")]
    Changed { key: String, number: i64 },
}

const SUMS: &[Migration] = &[Migration::new(
    "0003_sums",
    "CREATE TABLE sums (key TEXT PRIMARY KEY, sum BIGINT NOT NULL)",
)];

/// Does all that a handler can do, where it is mended; otherwise it fails when it has done it.
async fn busy(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Fragile> {
    let CountEvent::Added { key, number } = event.data.clone();
    write_down(&event, tx).await?;
    let sql = "INSERT INTO sums (key, sum) VALUES ($1, $2)
        ON CONFLICT (key) DO UPDATE SET sum = sums.sum + $2";
    tx.execute(sql, params![&key, number]).await?;
    tx.execute("DELETE FROM sums WHERE key = 'old'", &[])
        .await?;
    tx.publish(SumEvent::Changed {
        key: key.clone(),
        number,
    })?;
    tx.enqueue(&Thank { key: key.clone() }).await?;
    let sql = "SELECT count(*) FROM mended WHERE key = $1";
    let (mended,): (i64,) = tx.query_one(sql, params![&key]).await?;
    match key.split('-').next() {
        _ if mended > 0 => Ok(()),
        Some("slow") => {
            std::future::pending::<()>().await;
            Ok(())
        }
        _ => Err(Fragile::Swallow(key)),
    }
}

fn busy_consumer() -> Service {
    consumer()
        .migrations(MENDED)
        .migrations(SUMS)
        .publishes::<SumEvent>()
        .job(thank)
        .subscribes("count", busy)
}

/// One event that cannot be applied, and rows that it would change.
async fn with_a_parked_event(bed: &Bed, kind: &str) -> (Stage, String, EventId) {
    let mut stage = bed.stage([producer(), busy_consumer()]).await;
    let key = own_key(kind);
    let mut tx = stage.handle("consumer").begin_own().await.unwrap();
    let sql = "INSERT INTO sums (key, sum) VALUES ($1, 5), ('old', 1)";
    tx.execute(sql, params![&key]).await.unwrap();
    tx.commit().await.unwrap();
    publish(&stage.handle("producer"), &key, 7).await;
    stage.settle().await;
    let id = kept(&stage.handle("consumer")).await.remove(0).event.id;
    (stage, key, id)
}

async fn try_it(stage: &Stage, id: &EventId, data: Option<&str>) -> Option<DryRun> {
    let mut all = stage.installation.subscriptions().iter();
    let of = all.find(|one| one.name == "count").unwrap();
    dead::dry_run(of, id, data).await.unwrap()
}

/// Every row of every table.
async fn everything(conn: &mut Conn) -> BTreeMap<String, Vec<String>> {
    let tables = conn.dialect().pick(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
            UNION ALL SELECT 'temp.' || name FROM sqlite_temp_schema",
        "SELECT table_name::text FROM information_schema.tables
            WHERE table_schema = current_schema()",
    );
    let tables: Vec<(String,)> = conn.query(tables, &[]).await.unwrap();
    let mut all = BTreeMap::new();
    for (table,) in tables {
        let rows = match conn.dialect() {
            Dialect::Postgres => format!("SELECT t::text FROM {table} t ORDER BY 1"),
            Dialect::Sqlite => {
                let columns = "SELECT name FROM pragma_table_info($1)";
                let columns: Vec<(String,)> = conn.query(columns, params![&table]).await.unwrap();
                let columns = columns.iter().map(|(name,)| format!("quote(\"{name}\")"));
                let columns = columns.collect::<Vec<_>>().join(" || ',' || ");
                format!("SELECT {columns} FROM {table} ORDER BY 1")
            }
        };
        let rows: Vec<(String,)> = conn.query(&rows, &[]).await.unwrap();
        all.insert(table, rows.into_iter().map(|(row,)| row).collect());
    }
    all
}

on_both!(
    a_dry_run_says_what_would_happen_and_nothing_does,
    a_dry_run_of_what_fails_says_why,
    a_dry_run_of_other_data_is_of_those,
    a_dry_run_ends_when_its_time_is_over,
    after_a_dry_run_the_event_is_applied_as_if_there_had_been_none,
);

/// no row of any table differs, nobody is woken, and no number of a stream is used up.
async fn a_dry_run_says_what_would_happen_and_nothing_does(bed: Bed) {
    let (mut stage, key, id) = with_a_parked_event(&bed, "bad").await;
    mend(&stage, &key).await;
    let consumer = stage.handle("consumer");
    let before = everything(&mut consumer.read().await.unwrap()).await;
    let (commits, mut wakes) = (*consumer.changes().borrow(), consumer.changes());
    wakes.borrow_and_update();
    let run = try_it(&stage, &id, None).await.unwrap();
    assert_eq!((run.outcome, &run.error), ("applied", &None), "{run:?}");
    let of = |name: &str| run.tables.iter().find(|one| one.table == name).unwrap();
    let change = of("effects");
    assert_eq!((change.inserted, change.updated, change.deleted), (1, 0, 0));
    let change = of("sums");
    assert_eq!((change.inserted, change.updated, change.deleted), (0, 1, 1));
    if bed.is_sqlite() {
        let (before, after) = (
            json!({"key": key, "sum": 5}),
            json!({"key": key, "sum": 12}),
        );
        assert_eq!(change.rows[0].before.as_ref(), Some(&before));
        assert_eq!(change.rows[0].after.as_ref(), Some(&after));
        assert_eq!(change.rows[1].after, None);
    }
    let published: Vec<_> = run
        .published
        .iter()
        .map(|one| (one.what, &*one.name))
        .collect();
    assert_eq!(published, [("event", "sum.changed")]);
    assert_eq!(
        run.published[0].data,
        json!({"key": key, "number": 7}).to_string()
    );
    assert_eq!(run.jobs.len(), 1);
    assert_eq!(
        (&*run.jobs[0].kind, &run.jobs[0].data),
        ("thank", &json!({"key": key}).to_string())
    );
    let after = everything(&mut consumer.read().await.unwrap()).await;
    assert_eq!(before, after);
    assert_eq!(*consumer.changes().borrow(), commits);
    assert!(!wakes.has_changed().unwrap(), "nobody is woken");
    // The connection that it ran on has kept nothing of it either.
    let mut tx = consumer.begin_own().await.unwrap();
    if tx.dialect() == Dialect::Sqlite {
        let sql = "SELECT count(*) FROM sqlite_temp_schema";
        assert_eq!(tx.query_one::<(i64,)>(sql, &[]).await.unwrap(), (0,));
    }
    tx.publish(SumEvent::Changed {
        key: key.clone(),
        number: 1,
    })
    .unwrap();
    tx.commit().await.unwrap();
    stage.settle().await;
    let heads = tidings::lag::streams(&stage.installation).await.unwrap();
    let sums = heads.iter().find(|one| one.stream == "sums").unwrap();
    assert_eq!(sums.head, 1, "its events have no numbers");
}

async fn a_dry_run_of_what_fails_says_why(bed: Bed) {
    let (stage, key, id) = with_a_parked_event(&bed, "bad").await;
    let run = try_it(&stage, &id, None).await.unwrap();
    assert_eq!((run.outcome, run.fate), ("failed", Some("retry")));
    assert_eq!(run.error, Some(format!("swallow {key}")));
    assert!(run.tables.is_empty() && run.published.is_empty() && run.jobs.is_empty());
    let event = kept(&stage.handle("consumer")).await.remove(0);
    assert_eq!(event.attempts, 3, "it counts for nothing");
    let gone = EventId { sequence: 99, ..id };
    assert_eq!(try_it(&stage, &gone, None).await, None);
}

async fn a_dry_run_of_other_data_is_of_those(bed: Bed) {
    let (stage, key, id) = with_a_parked_event(&bed, "bad").await;
    mend(&stage, &key).await;
    let data = json!({"key": key, "number": 70}).to_string();
    let run = try_it(&stage, &id, Some(&data)).await.unwrap();
    assert_eq!(run.published[0].data, data);
    for (data, words) in [
        (
            json!({"key": key}).to_string(),
            "read count.added version 1: missing field `number`",
        ),
        (
            json!({"key": "other", "number": 7}).to_string(),
            "it would be another one's",
        ),
    ] {
        let run = try_it(&stage, &id, Some(&data)).await.unwrap();
        let error = run.error.unwrap();
        assert!(run.outcome == "failed" && error.contains(words), "{error}");
    }
    let event = kept(&stage.handle("consumer")).await.remove(0);
    assert_eq!(
        event.event.data,
        json!({"key": key, "number": 7}).to_string()
    );
}

async fn a_dry_run_ends_when_its_time_is_over(bed: Bed) {
    let mut stage = bed.stage([producer(), busy_consumer()]).await;
    // Put aside by hand: a try of it would take for ever.
    let key = own_key("slow");
    let mut tx = stage.handle("consumer").begin_own().await.unwrap();
    let sql =
        "INSERT INTO tidings_parked (subscription, stream, slot, sequence, key, type, version,
            data, time, actor, correlation_id, state, attempts, next_at)
        VALUES ('count', 'counts', 0, 1, $1, 'count.added', 1, $2, 0, 'a', 'c', 'dead', 3, 0)";
    let data = json!({"key": key, "number": 1}).to_string();
    tx.execute(sql, params![&key, data]).await.unwrap();
    tx.commit().await.unwrap();
    stage.settle().await;
    let id: EventId = "counts.0.1".parse().unwrap();
    let clock = stage.clock.clone();
    let time_passes = async {
        for _ in 0..400 {
            Clock::system().sleep(Duration::from_millis(5)).await;
            clock.advance(Duration::from_secs(1));
        }
        panic!("it did not end");
    };
    let run = tokio::select! {
        run = try_it(&stage, &id, None) => run.unwrap(),
        () = time_passes => unreachable!(),
    };
    assert_eq!(
        (run.outcome, run.error.as_deref()),
        ("failed", Some("took too long"))
    );
    // Nobody waits behind it for ever.
    publish(&stage.handle("producer"), "n1", 1).await;
    let tx = stage.handle("consumer").begin_own().await.unwrap();
    tx.commit().await.unwrap();
}

/// X-15, E-20
async fn after_a_dry_run_the_event_is_applied_as_if_there_had_been_none(bed: Bed) {
    let (mut stage, key, id) = with_a_parked_event(&bed, "bad").await;
    publish(&stage.handle("producer"), &key, 8).await;
    stage.settle().await;
    mend(&stage, &key).await;
    for _ in 0..3 {
        assert_eq!(try_it(&stage, &id, None).await.unwrap().outcome, "applied");
    }
    stage.advance(Duration::from_secs(3600)).await;
    let consumer = stage.handle("consumer");
    assert_eq!(
        crate::bed::effects_by_key(&consumer).await,
        [(key.clone(), vec![7, 8])].into()
    );
    let sql = "SELECT sum FROM sums WHERE key = $1";
    let mut conn = consumer.read().await.unwrap();
    let (sum,): (i64,) = conn.query_one(sql, params![&key]).await.unwrap();
    assert_eq!(sum, 20);
}
