//! What has failed and was applied at last: a record for whoever asks in the morning what
//! failed in the night.

use std::time::Duration;

use serde::Serialize;

use crate::db::Conn;
use crate::handle::Handle;
use crate::outbox::as_i64;
use crate::{Envelope, Error, EventId, FromRow, Row, Timestamp, Tx, params};

/// How long a record stays.
const KEEP: Duration = Duration::from_secs(14 * 24 * 3600);

/// An event that a subscription could not apply at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RetriedEvent {
    /// The subscription.
    pub subscription: String,
    /// The event.
    pub event: EventId,
    /// Its type's name.
    #[serde(rename = "type")]
    pub name: String,
    /// The entity it is about.
    pub key: String,
    /// What it belongs to.
    pub correlation_id: String,
    /// How often it was tried, the try that succeeded included; of an event that a person has
    /// had tried again, since then.
    pub attempts: u32,
    /// Why the last try before that failed.
    pub error: String,
    /// When it first failed.
    pub first_failed_at: Timestamp,
    /// When it was applied.
    pub applied_at: Timestamp,
}

impl FromRow for RetriedEvent {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            subscription: row.get("subscription")?,
            event: EventId {
                stream: row.get("stream")?,
                slot: row.get("slot")?,
                sequence: row.get("sequence")?,
            },
            name: row.get("type")?,
            key: row.get("key")?,
            correlation_id: row.get("correlation_id")?,
            attempts: row.get("attempts")?,
            error: row.get("error")?,
            first_failed_at: row.get("first_failed_at")?,
            applied_at: row.get("applied_at")?,
        })
    }
}

/// The tries of an event that have failed.
#[derive(Clone, Debug)]
pub(super) struct Failures {
    pub(super) tries: u32,
    pub(super) error: String,
    pub(super) first_at: Timestamp,
}

/// Notes, in the transaction that applies an event, that it has failed before.
pub(super) async fn note(
    tx: &mut Tx,
    subscription: &str,
    event: &Envelope,
    failed: &Failures,
) -> Result<(), Error> {
    // An event that a producer numbers anew, after its database went back, is another one.
    let sql = "INSERT INTO tidings_retried (subscription, stream, slot, sequence, type, key,
            correlation_id, attempts, error, first_failed_at, applied_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (subscription, stream, slot, sequence) DO UPDATE SET
            type = excluded.type, key = excluded.key, correlation_id = excluded.correlation_id,
            attempts = excluded.attempts, error = excluded.error,
            first_failed_at = excluded.first_failed_at, applied_at = excluded.applied_at";
    let now = tx.now();
    let row = params![
        subscription,
        &event.id.stream,
        event.id.slot,
        as_i64(event.id.sequence),
        &event.name,
        &event.key,
        &event.context.correlation_id,
        failed.tries + 1,
        failed.error.as_str(),
        failed.first_at,
        now,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Events that have failed and were applied at last, those applied last first, before a moment.
/// The records stay for a fortnight.
///
/// # Errors
/// As statements.
pub async fn retried(
    service: &Handle,
    before: Option<Timestamp>,
    limit: u32,
) -> Result<Vec<RetriedEvent>, Error> {
    let sql = "SELECT * FROM tidings_retried WHERE applied_at < $1
        ORDER BY applied_at DESC LIMIT $2";
    let before = before.unwrap_or(Timestamp::from_micros(i64::MAX));
    let mut conn = service.read().await?;
    conn.query(sql, params![before, limit]).await
}

/// The record of one event.
pub(crate) async fn of_event(
    conn: &mut Conn,
    subscription: &str,
    event: &EventId,
) -> Result<Option<RetriedEvent>, Error> {
    let sql = "SELECT * FROM tidings_retried
        WHERE subscription = $1 AND stream = $2 AND slot = $3 AND sequence = $4";
    let sequence = as_i64(event.sequence);
    let row = params![subscription, &event.stream, event.slot, sequence];
    conn.query_opt(sql, row).await
}

/// Deletes some of the old records.
pub(crate) async fn sweep(tx: &mut Tx) -> Result<u64, Error> {
    let before = tx.now().minus(KEEP).as_micros();
    let old = tx.dialect().pick("rowid", "ctid");
    // A number of ours, so it may stand in the text.
    let sql = format!(
        "DELETE FROM tidings_retried WHERE {old} IN (SELECT {old} FROM tidings_retried
            WHERE applied_at < {before} ORDER BY applied_at LIMIT 1000)"
    );
    tx.execute(&sql, &[]).await
}
