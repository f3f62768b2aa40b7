//! What a statement and a transaction promise, the same on both databases.

use std::time::Duration;

use tidings::{Error, Handle, Migration, Service, Timestamp, Uuid, Value, params};

use crate::bed::{Bed, add, client, on_both, producer, publish};

const TABLES: &[Migration] = &[Migration::new(
    "0001_things",
    "CREATE TABLE things (
        id TEXT PRIMARY KEY, size BIGINT CHECK (size > 0), whole BIGINT, real DOUBLE PRECISION,
        yes BOOLEAN, bytes BLOB, at BIGINT
    );",
)
.postgres(
    "CREATE TABLE things (
        id TEXT PRIMARY KEY, size BIGINT CHECK (size > 0), whole BIGINT, real DOUBLE PRECISION,
        yes BOOLEAN, bytes BYTEA, at BIGINT
    );",
)];

async fn store(bed: &Bed) -> Handle {
    bed.serve(producer().migrations(TABLES)).await
}

async fn ids(service: &Handle) -> Vec<(String,)> {
    let mut conn = service.read().await.unwrap();
    conn.query("SELECT id FROM things ORDER BY id", &[])
        .await
        .unwrap()
}

const INSERT: &str = "INSERT INTO things (id, size) VALUES ($1, $2)";

on_both!(
    values_come_back_as_they_went_in,
    parameters_go_by_their_number,
    sums_are_integers_and_averages_are_numbers,
    a_second_row_of_a_unique_value_is_told_from_a_broken_rule,
    a_dropped_transaction_leaves_nothing_and_lets_the_next_one_in,
    after_a_failed_statement_nothing_more_happens,
    a_refused_event_takes_its_change_with_it,
    a_connection_for_reading_refuses_to_write,
);

type Everything = (Uuid, i64, f64, bool, Vec<u8>, Timestamp, Option<i64>);

async fn values_come_back_as_they_went_in(bed: Bed) {
    let store = store(&bed).await;
    let id = Uuid::from_u128(7);
    let bytes = vec![0, 255, 36];
    let mut tx = store.begin_own().await.unwrap();
    let now = tx.now();
    let insert = "INSERT INTO things (id, whole, real, yes, bytes, at, size)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let none: Option<i64> = None;
    let row = params![id, i64::MIN, -0.25, true, bytes.clone(), now, none];
    tx.execute(insert, row).await.unwrap();
    tx.commit().await.unwrap();

    let mut conn = store.read().await.unwrap();
    let sql = "SELECT id, whole, real, yes, bytes, at, size FROM things WHERE yes = $1";
    let found: Everything = conn.query_one(sql, params![true]).await.unwrap();
    assert_eq!(found, (id, i64::MIN, -0.25, true, bytes, now, None));
    let raw: (Value,) = conn
        .query_one("SELECT size FROM things", &[])
        .await
        .unwrap();
    assert_eq!(raw, (Value::Null,));
}

async fn parameters_go_by_their_number(bed: Bed) {
    let store = store(&bed).await;
    let mut conn = store.read().await.unwrap();
    let sql = "SELECT $2 || '$1' || $1 || $2";
    let (text,): (String,) = conn.query_one(sql, params!["a", "b"]).await.unwrap();
    assert_eq!(text, "b$1ab");
}

async fn sums_are_integers_and_averages_are_numbers(bed: Bed) {
    let store = store(&bed).await;
    let mut tx = store.begin_own().await.unwrap();
    for (id, size) in [("a", 9_000_000_000_000_i64), ("b", 12_345)] {
        tx.execute(INSERT, params![id, size]).await.unwrap();
    }
    let sql = "SELECT sum(size), sum(-size), avg(size) FROM things";
    let sums: (i64, i64, f64) = tx.query_one(sql, &[]).await.unwrap();
    assert_eq!(
        sums,
        (9_000_000_012_345, -9_000_000_012_345, 4_500_000_006_172.5)
    );
}

async fn a_second_row_of_a_unique_value_is_told_from_a_broken_rule(bed: Bed) {
    let store = store(&bed).await;
    let mut tx = store.begin_own().await.unwrap();
    tx.execute(INSERT, params!["a", 1]).await.unwrap();
    let again = tx.execute(INSERT, params!["a", 1]).await.unwrap_err();
    assert!(again.is_unique(), "{again:?}");
    assert!(!again.is_transient());
    drop(tx);

    let mut tx = store.begin_own().await.unwrap();
    let rule = tx.execute(INSERT, params!["b", 0]).await.unwrap_err();
    assert!(matches!(rule, Error::Constraint { .. }), "{rule:?}");
}

async fn a_dropped_transaction_leaves_nothing_and_lets_the_next_one_in(bed: Bed) {
    let store = store(&bed).await;
    for _ in 0..40 {
        let mut tx = store.begin_own().await.unwrap();
        tx.execute(INSERT, params!["a", 1]).await.unwrap();
        tx.publish(add("a", 1)).unwrap();
        drop(tx);
    }
    let mut tx = store.begin_own().await.unwrap();
    tx.execute(INSERT, params!["a", 1]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ids(&store).await, [("a".to_owned(),)]);
    let mut conn = store.read().await.unwrap();
    let (events,): (i64,) = conn
        .query_one("SELECT count(*) FROM tidings_outbox", &[])
        .await
        .unwrap();
    assert_eq!(events, 0);
}

async fn after_a_failed_statement_nothing_more_happens(bed: Bed) {
    let store = store(&bed).await;
    let mut tx = store.begin_own().await.unwrap();
    tx.execute(INSERT, params!["a", 1]).await.unwrap();
    tx.execute("no such statement", &[]).await.unwrap_err();
    let next = tx.execute(INSERT, params!["b", 1]).await;
    assert!(matches!(next, Err(Error::Aborted)), "{next:?}");
    assert!(matches!(tx.commit().await, Err(Error::Aborted)));
    assert_eq!(ids(&store).await, []);
}

async fn a_refused_event_takes_its_change_with_it(bed: Bed) {
    let store = store(&bed).await;
    let mut tx = store.begin_own().await.unwrap();
    tx.execute(INSERT, params!["a", 1]).await.unwrap();
    let huge = "x".repeat(tidings::MESSAGE_BYTES_MAX);
    let refused = tx.publish(add(&huge, 1));
    assert!(matches!(refused, Err(Error::TooLarge { .. })));
    assert!(matches!(tx.commit().await, Err(Error::Aborted)));
    assert_eq!(ids(&store).await, []);
}

async fn a_connection_for_reading_refuses_to_write(bed: Bed) {
    let store = store(&bed).await;
    let mut conn = store.read().await.unwrap();
    let write = conn.execute(INSERT, params!["a", 1]).await;
    assert!(matches!(write, Err(Error::Unsafe(_))), "{write:?}");
    drop(conn);
    assert_eq!(ids(&store).await, []);
}

/// Eight bytes of text are an integer to PostgreSQL, if one lets them through.
#[tokio::test]
async fn a_value_of_the_wrong_kind_is_refused() {
    let bed = Bed::postgres().await;
    let store = store(&bed).await;
    for wrong in [
        Value::from("12345678"),
        Value::Real(0.5),
        Value::from(vec![0_u8; 8]),
    ] {
        let mut tx = store.begin_own().await.unwrap();
        let sql = "INSERT INTO things (id, whole) VALUES ('a', $1)";
        let refused = tx.execute(sql, &[wrong]).await.unwrap_err();
        assert!(matches!(refused, Error::Sql(_)), "{refused:?}");
    }
}

/// 1. A and B begin at the level SERIALIZABLE and both read the sum.
/// 2. Both insert according to what they read; no order of the two explains both.
/// 3. One of them fails with 40001, and may be repeated as a whole.
#[tokio::test]
async fn transactions_without_an_order_fail_as_serialization() {
    let bed = Bed::postgres().await;
    let store = store(&bed).await;
    let mut pair = Vec::new();
    for id in ["a", "b"] {
        let mut tx = store.begin_own().await.unwrap();
        let level = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE";
        tx.execute_batch(level).await.unwrap();
        let sum = "SELECT count(*) FROM things";
        let (count,): (i64,) = tx.query_one(sum, &[]).await.unwrap();
        pair.push((id, tx, count));
    }
    let mut outcomes = Vec::new();
    for (id, mut tx, count) in pair {
        let inserted = tx.execute(INSERT, params![id, count + 1]).await;
        outcomes.push(match inserted {
            Ok(_) => tx.commit().await,
            Err(error) => Err(error),
        });
    }
    assert!(outcomes[0].is_ok());
    let lost = outcomes[1].as_ref().unwrap_err();
    assert!(matches!(lost, Error::Serialization(_)), "{lost:?}");
    assert!(lost.is_transient());
}

/// Two transactions lock two rows in opposite order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_a_serialization_failure_of_one_of_them() {
    let bed = Bed::postgres().await;
    let store = store(&bed).await;
    let mut tx = store.begin_own().await.unwrap();
    for id in ["a", "b"] {
        tx.execute(INSERT, params![id, 1]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let lock = "UPDATE things SET size = size + 1 WHERE id = $1";
    let mut one = store.begin_own().await.unwrap();
    let mut other = store.begin_own().await.unwrap();
    one.execute(lock, params!["a"]).await.unwrap();
    other.execute(lock, params!["b"]).await.unwrap();
    let row = params!["b"];
    let (one, other) = tokio::join!(one.execute(lock, row), async {
        let outcome = other.execute(lock, params!["a"]).await;
        drop(other);
        outcome
    });
    let lost = one.and(other).unwrap_err();
    assert!(matches!(lost, Error::Serialization(_)), "{lost:?}");
}

#[tokio::test]
async fn a_lock_that_is_not_given_is_busy() {
    let bed = Bed::postgres().await;
    let store = store(&bed).await;
    let mut holder = store.begin_own().await.unwrap();
    holder.execute(INSERT, params!["a", 1]).await.unwrap();
    let mut tx = store.begin_own().await.unwrap();
    tx.execute_batch("SET LOCAL lock_timeout = '20ms'")
        .await
        .unwrap();
    let busy = tx.execute(INSERT, params!["a", 1]).await.unwrap_err();
    assert!(matches!(busy, Error::Busy(_)), "{busy:?}");
}

/// The second process holds the database's write lock for longer than we wait.
#[tokio::test]
async fn another_process_in_the_way_of_sqlite_is_busy() {
    let bed = Bed::sqlite();
    let path = bed.file("producer");
    let store = store(&bed).await;
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = store.begin_own().await.err().unwrap();
    assert!(matches!(busy, Error::Busy(_)), "{busy:?}");
    other.execute_batch("ROLLBACK").unwrap();
    publish(&store, "a", 1).await;
}

#[tokio::test]
async fn a_connection_that_the_server_ends_is_lost_and_the_next_one_is_good() {
    let bed = Bed::postgres().await;
    let store = store(&bed).await;
    let mut tx = store.begin_own().await.unwrap();
    tx.execute(INSERT, params!["a", 1]).await.unwrap();
    let (pid,): (i32,) = tx.query_one("SELECT pg_backend_pid()", &[]).await.unwrap();
    terminate(&bed, pid).await;
    let lost = tx.execute(INSERT, params!["b", 1]).await.unwrap_err();
    assert!(matches!(lost, Error::ConnectionLost(_)), "{lost:?}");
    assert!(lost.is_transient());
    drop(tx);
    publish(&store, "a", 1).await;
    assert_eq!(ids(&store).await, []);
}

async fn terminate(bed: &Bed, pid: i32) {
    let sql = "SELECT pg_terminate_backend($1, 5000)";
    let admin = client(bed.url()).await;
    admin.query(sql, &[&pid]).await.unwrap();
}

/// 1. A transaction takes a lock of its session and is dropped without a word.
/// 2. Somebody else gets the lock, and the pool gives out no connection that has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_dropped_in_the_middle_keeps_no_locks() {
    let bed = Bed::postgres().await;
    let store = store(&bed).await;
    let mut first = store.begin_own().await.unwrap();
    let take = "SELECT pg_advisory_lock(42)::text";
    first.query::<(Option<String>,)>(take, &[]).await.unwrap();
    drop(first);
    let other = client(bed.url()).await;
    let wait = "SET lock_timeout = '5s'; SELECT pg_advisory_lock(42)";
    other.batch_execute(wait).await.unwrap();
    let mut second = store.begin_own().await.unwrap();
    let sql = "SELECT pg_try_advisory_lock(42)";
    let (taken,): (bool,) = second.query_one(sql, &[]).await.unwrap();
    assert!(!taken, "the other one has it");
}

/// 1. A holds row a. B holds row b and waits for a.
/// 2. B's statement is dropped in mid-wait, as by a time limit.
/// 3. C gets row b at once, although A still holds a: B does not wait on unseen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_dropped_while_it_waits_gives_its_locks_back() {
    let bed = Bed::postgres().await;
    let store = store(&bed).await;
    let mut tx = store.begin_own().await.unwrap();
    for id in ["a", "b"] {
        tx.execute(INSERT, params![id, 1]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let lock = "UPDATE things SET size = size + 1 WHERE id = $1";
    let mut a = store.begin_own().await.unwrap();
    a.execute(lock, params!["a"]).await.unwrap();
    let mut b = store.begin_own().await.unwrap();
    b.execute(lock, params!["b"]).await.unwrap();
    let row = params!["a"];
    let waited = tokio::time::timeout(Duration::from_millis(50), b.execute(lock, row)).await;
    assert!(waited.is_err(), "it waits");
    drop(b);
    let mut c = store.begin_own().await.unwrap();
    c.execute_batch("SET LOCAL lock_timeout = '5s'")
        .await
        .unwrap();
    c.execute(lock, params!["b"]).await.unwrap();
}

/// A statement whose future was dropped fails where nobody looks; COMMIT would answer well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_out_of_sight_is_no_commit() {
    let bed = Bed::postgres().await;
    let store = store(&bed).await;
    let mut tx = store.begin_own().await.unwrap();
    tx.execute(INSERT, params!["a", 1]).await.unwrap();
    let raw = tx.as_postgres().unwrap();
    raw.batch_execute("no such statement").await.unwrap_err();
    let outcome = tx.commit().await;
    assert!(matches!(outcome, Err(Error::Aborted)), "{outcome:?}");
    assert_eq!(ids(&store).await, []);
}

/// A name that SQL keeps for itself is a schema like any other.
#[tokio::test]
async fn a_service_may_be_called_order() {
    let bed = Bed::postgres().await;
    let service = bed.serve(Service::new("order").migrations(TABLES)).await;
    assert_eq!(ids(&service).await, []);
}
