//! The rows of alerts: one for every opening, kept for a while after it is closed.

use std::time::Duration;

use serde::Serialize;

use crate::db::{Conn, Migration};
use crate::{Error, FromRow, Handle, Timestamp, Tx, Uuid, Value, act, params};

/// Alerts as openings that stay. An alert that was there before keeps when it opened and closed.
///
/// The identifier fills itself, so that a row can be written by hand.
pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0018_alerts",
    "ALTER TABLE tidings_alerts RENAME TO tidings_alerts_before;
    CREATE TABLE tidings_alerts (
        id TEXT PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-'
            || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(6)))),
        kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,
        opened_at BIGINT NOT NULL,
        acknowledged_at BIGINT, acknowledged_by TEXT, note TEXT,
        closed_at BIGINT
    );
    INSERT INTO tidings_alerts (kind, subject, text, opened_at, closed_at)
        SELECT kind, subject, text, opened_at, closed_at FROM tidings_alerts_before;
    DROP TABLE tidings_alerts_before;
    CREATE UNIQUE INDEX tidings_alerts_open ON tidings_alerts (kind, subject)
        WHERE closed_at IS NULL;
    CREATE INDEX tidings_alerts_recent ON tidings_alerts (opened_at, id);
    CREATE INDEX tidings_alerts_closed ON tidings_alerts (closed_at)
        WHERE closed_at IS NOT NULL;
    CREATE INDEX tidings_alerts_dead ON tidings_parked (subscription, stream, last_failed_at)
        WHERE state = 'dead';
    CREATE INDEX tidings_alerts_parked ON tidings_parked (subscription, stream, first_failed_at)
        WHERE state = 'parked';
    CREATE INDEX tidings_alerts_operations ON tidings_operations (updated_at)
        WHERE finished_at IS NULL;",
)
.postgres(
    "ALTER TABLE tidings_alerts RENAME TO tidings_alerts_before;
    CREATE TABLE tidings_alerts (
        id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
        kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,
        opened_at BIGINT NOT NULL,
        acknowledged_at BIGINT, acknowledged_by TEXT, note TEXT,
        closed_at BIGINT
    );
    INSERT INTO tidings_alerts (kind, subject, text, opened_at, closed_at)
        SELECT kind, subject, text, opened_at, closed_at FROM tidings_alerts_before;
    DROP TABLE tidings_alerts_before;
    CREATE UNIQUE INDEX tidings_alerts_open ON tidings_alerts (kind, subject)
        WHERE closed_at IS NULL;
    CREATE INDEX tidings_alerts_recent ON tidings_alerts (opened_at, id);
    CREATE INDEX tidings_alerts_closed ON tidings_alerts (closed_at)
        WHERE closed_at IS NOT NULL;
    CREATE INDEX tidings_alerts_dead ON tidings_parked (subscription, stream, last_failed_at)
        WHERE state = 'dead';
    CREATE INDEX tidings_alerts_parked ON tidings_parked (subscription, stream, first_failed_at)
        WHERE state = 'parked';
    CREATE INDEX tidings_alerts_operations ON tidings_operations (updated_at)
        WHERE finished_at IS NULL;",
);

/// What people were told of which alert, by which way. A row is written once they were, so a
/// crash in between tells them once more and never leaves them untold.
pub(crate) const MIGRATION_NOTICES: Migration = Migration::new(
    "tidings_0019_notices",
    "CREATE TABLE tidings_notices (
        alert TEXT NOT NULL, channel TEXT NOT NULL,
        told_at BIGINT NOT NULL, reminded_at BIGINT NOT NULL, closed_told_at BIGINT,
        PRIMARY KEY (alert, channel)
    );
    CREATE INDEX tidings_notices_owed ON tidings_notices (channel) WHERE closed_told_at IS NULL;
    CREATE TABLE tidings_channels (
        channel TEXT PRIMARY KEY,
        since BIGINT NOT NULL,
        leased_until BIGINT NOT NULL DEFAULT 0,
        failures BIGINT NOT NULL DEFAULT 0,
        next_at BIGINT NOT NULL DEFAULT 0,
        error TEXT
    );",
);

/// Alerts that are deleted at once at the most.
const SWEEP: u32 = 500;

/// An alert as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromRow)]
pub struct AlertRow {
    /// Its identifier: of this opening.
    pub id: Uuid,
    /// One of [`KINDS`](super::KINDS).
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// What is wrong, in a sentence.
    pub text: String,
    /// Since when.
    pub opened_at: Timestamp,
    /// When people were first told of it, by any way but the log.
    pub notified_at: Option<Timestamp>,
    /// When somebody took it on.
    pub acknowledged_at: Option<Timestamp>,
    /// Who: `user:…`.
    pub acknowledged_by: Option<String>,
    /// What they said.
    pub note: Option<String>,
    /// When its cause was gone, or a person had decided.
    pub closed_at: Option<Timestamp>,
}

impl AlertRow {
    /// `open`, `acknowledged` or `closed`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (self.closed_at, self.acknowledged_at) {
            (Some(_), _) => "closed",
            (None, Some(_)) => "acknowledged",
            (None, None) => "open",
        }
    }
}

const COLUMNS: &str = "id, kind, subject, text, opened_at, acknowledged_at, acknowledged_by, note,
    closed_at, (SELECT min(told_at) FROM tidings_notices n WHERE n.alert = a.id) AS notified_at";

/// Which alerts of a service are asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked<'a> {
    /// Open ones (also those that somebody has taken on), closed ones, or both.
    pub is_open: Option<bool>,
    /// Of one kind.
    pub kind: Option<&'a str>,
    /// Opened before this one: its moment and its identifier.
    pub before: Option<(Timestamp, Uuid)>,
}

/// A service's alerts, those first that opened last.
///
/// # Errors
/// As statements.
pub async fn list(service: &Handle, asked: &Asked<'_>, limit: u32) -> Result<Vec<AlertRow>, Error> {
    let mut params: Vec<Value> = params![limit].to_vec();
    let mut wheres = Vec::new();
    match asked.is_open {
        Some(true) => wheres.push("closed_at IS NULL".to_owned()),
        Some(false) => wheres.push("closed_at IS NOT NULL".to_owned()),
        None => {}
    }
    if let Some(kind) = asked.kind {
        params.push(kind.into());
        wheres.push(format!("kind = ${}", params.len()));
    }
    if let Some((at, id)) = asked.before {
        params.extend_from_slice(params![at, id]);
        let last = params.len();
        wheres.push(format!("(opened_at, id) < (${}, ${last})", last - 1));
    }
    let which = match wheres.is_empty() {
        true => String::new(),
        false => format!("WHERE {}", wheres.join(" AND ")),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM tidings_alerts a {which} ORDER BY opened_at DESC, id DESC LIMIT $1"
    );
    service.read().await?.query(&sql, &params).await
}

/// One alert.
///
/// # Errors
/// As statements.
pub async fn get(service: &Handle, id: Uuid) -> Result<Option<AlertRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM tidings_alerts a WHERE id = $1");
    service.read().await?.query_opt(&sql, params![id]).await
}

/// Somebody takes an open alert on, with a note: nobody is reminded of it any more. On record as
/// an act. `false` when it is closed, or somebody else was faster.
///
/// # Errors
/// As statements.
pub async fn acknowledge(tx: &mut Tx, id: Uuid, note: &str) -> Result<bool, Error> {
    let sql = "UPDATE tidings_alerts SET acknowledged_at = $2, acknowledged_by = $3, note = $4
        WHERE id = $1 AND closed_at IS NULL AND acknowledged_at IS NULL";
    let (now, who) = (tx.now(), tx.context().actor.clone());
    if tx.execute(sql, params![id, now, who, note]).await? == 0 {
        return Ok(false);
    }
    let sql = "SELECT kind, subject FROM tidings_alerts WHERE id = $1";
    let (kind, subject): (String, String) = tx.query_one(sql, params![id]).await?;
    let about = format!("alert {kind} {subject}");
    act::record(tx, "acknowledge", &about, Some(note)).await?;
    Ok(true)
}

/// Deletes alerts that were closed long ago; says how many.
pub(crate) async fn sweep(conn: &mut Conn, now: Timestamp, keep: Duration) -> Result<u64, Error> {
    let old = "SELECT id FROM tidings_alerts WHERE closed_at IS NOT NULL AND closed_at < $1
        ORDER BY closed_at LIMIT $2";
    let before = params![now.minus(keep), SWEEP];
    let sql = format!("DELETE FROM tidings_notices WHERE alert IN ({old})");
    conn.execute(&sql, before).await?;
    let sql = format!("DELETE FROM tidings_alerts WHERE id IN ({old})");
    conn.execute(&sql, before).await
}
