//! The tables of callbacks: what is to be said, what was tried, and whom it went to.

use std::time::Duration;

use crate::db::{Conn, Migration};
use crate::{Error, FromRow, Row, Timestamp, Tx, Uuid, params};

pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0007_callbacks",
    "CREATE TABLE tidings_callbacks (
        id TEXT PRIMARY KEY,
        operation TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        url TEXT NOT NULL,
        host TEXT NOT NULL,
        body TEXT NOT NULL,
        correlation_id TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'queued'
            CHECK (state IN ('queued', 'delivered', 'exhausted', 'gone')),
        turn BIGINT NOT NULL DEFAULT 1,
        failures BIGINT NOT NULL DEFAULT 0,
        next_at BIGINT,
        created_at BIGINT NOT NULL,
        finished_at BIGINT
    );
    CREATE INDEX tidings_callbacks_recent ON tidings_callbacks (created_at, id);
    CREATE INDEX tidings_callbacks_host ON tidings_callbacks (host) WHERE state = 'exhausted';
    CREATE TABLE tidings_callback_attempts (
        callback TEXT NOT NULL,
        number BIGINT NOT NULL,
        at BIGINT NOT NULL,
        status BIGINT,
        error TEXT,
        answer TEXT,
        elapsed_ms BIGINT,
        PRIMARY KEY (callback, number)
    );
    CREATE TABLE tidings_callback_hosts (
        host TEXT PRIMARY KEY,
        answers BOOLEAN NOT NULL,
        updated_at BIGINT NOT NULL
    );
    CREATE INDEX tidings_callback_hosts_old ON tidings_callback_hosts (updated_at);
    CREATE TABLE tidings_callback_secrets (
        owner TEXT PRIMARY KEY,
        secret TEXT NOT NULL,
        previous TEXT,
        previous_until BIGINT,
        created_at BIGINT NOT NULL
    );",
);

/// Tries of one callback that stay in its log.
const LOGGED_MOST: u32 = 100;
/// How long it is remembered whether a host answers.
const KEEP_HOSTS: Duration = Duration::from_secs(30 * 24 * 3600);

/// A callback as it is stored: a message that goes to one address until it is taken.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CallbackRow {
    /// The `webhook-id`: the same in every try.
    pub id: Uuid,
    /// The operation whose end it tells.
    pub operation: Uuid,
    /// The account that has asked for it.
    pub owner: Uuid,
    /// Where it goes. Only its owner should see it: an address may hold a secret.
    #[serde(skip)]
    pub url: String,
    /// The host in that address.
    pub host: String,
    /// `queued`, `delivered`, `exhausted` (it was tried often enough) or `gone` (the receiver
    /// wants no more of it).
    pub state: String,
    /// Failures since it was made, or sent again by somebody.
    pub failures: u32,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// When the operation ended.
    pub created_at: Timestamp,
    /// When it was delivered or given up.
    pub finished_at: Option<Timestamp>,
    /// The bytes that are sent and signed.
    #[serde(skip)]
    pub(super) body: String,
    #[serde(skip)]
    pub(super) correlation_id: String,
    /// Which job may send it: another one that has waited longer is out of date.
    #[serde(skip)]
    pub(super) turn: i64,
}

impl FromRow for CallbackRow {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            operation: row.get("operation")?,
            owner: row.get("owner")?,
            url: row.get("url")?,
            host: row.get("host")?,
            state: row.get("state")?,
            failures: row.get("failures")?,
            next_at: row.get("next_at")?,
            created_at: row.get("created_at")?,
            finished_at: row.get("finished_at")?,
            body: row.get("body")?,
            correlation_id: row.get("correlation_id")?,
            turn: row.get("turn")?,
        })
    }
}

/// One try, for the log that the owner of a callback reads.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Why there was no answer. Neither this nor a status: the process ended in mid-try.
    pub error: Option<String>,
    /// The first kilobyte of the answer, escaped.
    pub answer: Option<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: Option<i64>,
}

impl FromRow for Attempt {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            number: row.get("number")?,
            at: row.get("at")?,
            status: row.get("status")?,
            error: row.get("error")?,
            answer: row.get("answer")?,
            elapsed_ms: row.get("elapsed_ms")?,
        })
    }
}

pub(super) async fn insert(tx: &mut Tx, callback: &CallbackRow) -> Result<(), Error> {
    let sql = "INSERT INTO tidings_callbacks (id, operation, owner, url, host, body,
            correlation_id, next_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let row = params![
        callback.id,
        callback.operation,
        callback.owner,
        &callback.url,
        &callback.host,
        &callback.body,
        &callback.correlation_id,
        callback.next_at,
        callback.created_at,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

pub(super) async fn last_attempts(
    conn: &mut Conn,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Attempt)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let list: Vec<_> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT * FROM tidings_callback_attempts WHERE callback IN ({}) AND number = (
            SELECT max(number) FROM tidings_callback_attempts AS other
            WHERE other.callback = tidings_callback_attempts.callback)",
        list.join(", ")
    );
    let row: Vec<_> = ids.iter().map(|&id| crate::Value::from(id)).collect();
    let last: Vec<Last> = conn.query(&sql, &row).await?;
    Ok(last.into_iter().map(|last| (last.0, last.1)).collect())
}

struct Last(Uuid, Attempt);

impl FromRow for Last {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self(row.get("callback")?, Attempt::from_row(row)?))
    }
}

/// Notes that a try begins, before it does: one that ends the process is in the log too.
pub(super) async fn begin_attempt(tx: &mut Tx, id: Uuid) -> Result<u32, Error> {
    let sql = "SELECT coalesce(max(number), 0) FROM tidings_callback_attempts WHERE callback = $1";
    let (last,): (u32,) = tx.query_one(sql, params![id]).await?;
    let (number, now) = (last + 1, tx.now());
    let sql = "INSERT INTO tidings_callback_attempts (callback, number, at) VALUES ($1, $2, $3)";
    tx.execute(sql, params![id, number, now]).await?;
    let sql = "DELETE FROM tidings_callback_attempts WHERE callback = $1 AND number <= $2";
    let old = i64::from(number) - i64::from(LOGGED_MOST);
    tx.execute(sql, params![id, old]).await?;
    Ok(number)
}

pub(super) async fn end_attempt(tx: &mut Tx, id: Uuid, attempt: &Attempt) -> Result<(), Error> {
    let sql = "UPDATE tidings_callback_attempts
        SET status = $3, error = $4, answer = $5, elapsed_ms = $6
        WHERE callback = $1 AND number = $2";
    let row = params![
        id,
        attempt.number,
        attempt.status.map(u32::from),
        attempt.error.clone(),
        attempt.answer.clone(),
        attempt.elapsed_ms,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Ends a callback, if this is still the turn; `false` when it is not.
pub(super) async fn finish(
    tx: &mut Tx,
    id: Uuid,
    turn: i64,
    state: &str,
    failures: u32,
) -> Result<bool, Error> {
    let sql = "UPDATE tidings_callbacks
        SET state = $3, failures = $4, next_at = NULL, finished_at = $5
        WHERE id = $1 AND turn = $2 AND state = 'queued'";
    let now = tx.now();
    let row = params![id, turn, state, failures, now];
    Ok(tx.execute(sql, row).await? == 1)
}

/// Puts a callback off; `false` when it is somebody else's turn.
pub(super) async fn put_off(
    tx: &mut Tx,
    id: Uuid,
    turn: i64,
    failures: u32,
    next_at: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE tidings_callbacks SET failures = $3, next_at = $4, turn = turn + 1
        WHERE id = $1 AND turn = $2 AND state = 'queued'";
    Ok(tx
        .execute(sql, params![id, turn, failures, next_at])
        .await?
        == 1)
}

/// Begins the schedule anew, at once.
pub(super) async fn restart(tx: &mut Tx, id: Uuid) -> Result<Option<i64>, Error> {
    let sql = "UPDATE tidings_callbacks SET state = 'queued', failures = 0, turn = turn + 1,
            next_at = $2, finished_at = NULL
        WHERE id = $1 RETURNING turn";
    let now = tx.now();
    let turn: Option<(i64,)> = tx.query_opt(sql, params![id, now]).await?;
    Ok(turn.map(|(turn,)| turn))
}

pub(super) async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<CallbackRow>, Error> {
    let sql = "SELECT * FROM tidings_callbacks WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

pub(crate) async fn find_of(
    conn: &mut Conn,
    operation: Uuid,
) -> Result<Option<CallbackRow>, Error> {
    let sql = "SELECT * FROM tidings_callbacks WHERE operation = $1";
    conn.query_opt(sql, params![operation]).await
}

pub(super) async fn last_attempt_at(conn: &mut Conn, id: Uuid) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT max(at) FROM tidings_callback_attempts WHERE callback = $1";
    let (at,): (Option<Timestamp>,) = conn.query_one(sql, params![id]).await?;
    Ok(at)
}

pub(super) async fn attempts(conn: &mut Conn, id: Uuid) -> Result<Vec<Attempt>, Error> {
    let sql = "SELECT * FROM tidings_callback_attempts WHERE callback = $1 ORDER BY number";
    conn.query(sql, params![id]).await
}

/// Whether a host has answered when it was called last. One that was never called has not.
pub(super) async fn answers(conn: &mut Conn, host: &str) -> Result<bool, Error> {
    let sql = "SELECT answers FROM tidings_callback_hosts WHERE host = $1";
    let row: Option<(bool,)> = conn.query_opt(sql, params![host]).await?;
    Ok(row.is_some_and(|(answers,)| answers))
}

pub(super) async fn set_answers(tx: &mut Tx, host: &str, answers: bool) -> Result<(), Error> {
    let sql = "INSERT INTO tidings_callback_hosts (host, answers, updated_at) VALUES ($1, $2, $3)
        ON CONFLICT (host) DO UPDATE SET answers = excluded.answers,
            updated_at = excluded.updated_at";
    let now = tx.now();
    tx.execute(sql, params![host, answers, now]).await?;
    Ok(())
}

/// Deletes the callbacks of some operations, their logs, and hosts that nobody calls any more.
pub(crate) async fn sweep_of(tx: &mut Tx, operations: &str) -> Result<(), Error> {
    let callbacks = format!("SELECT id FROM tidings_callbacks WHERE operation IN ({operations})");
    let of = [
        format!("DELETE FROM tidings_callback_attempts WHERE callback IN ({callbacks})"),
        format!("DELETE FROM tidings_callbacks WHERE operation IN ({operations})"),
    ];
    for sql in of {
        tx.execute(&sql, &[]).await?;
    }
    let before = tx.now().minus(KEEP_HOSTS);
    let sql = "DELETE FROM tidings_callback_hosts WHERE host IN (SELECT host
        FROM tidings_callback_hosts WHERE updated_at < $1 ORDER BY updated_at LIMIT 1000)";
    tx.execute(sql, params![before]).await?;
    Ok(())
}
