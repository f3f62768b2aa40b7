//! What operators decide about events that were put aside: try them again, edited or as they are,
//! or give them up. All of it is on record.

use serde::Serialize;

use super::Subscription;
use super::dead::{DeadEvent, ONE, Which, address};
use crate::handle::Handle;
use crate::installation::SubscriptionInfo;
use crate::{Context, Dialect, Error, EventId, Tx, Value, act, params, tx};

/// Events of one transaction of [`retry_all`].
const BATCH: u32 = 500;
/// Transactions of one [`retry_all`].
const BATCHES: u32 = 20;

/// Gives a parked or dead event a new set of attempts, at once. `false` when it does not wait for
/// a person any more: applied meanwhile, given up, or somebody else was faster.
///
/// It is applied in its place: later events of its key wait behind it until it is (E-20).
///
/// # Errors
/// As statements.
pub async fn retry(tx: &mut Tx, subscription: &str, event: &EventId) -> Result<bool, Error> {
    // One that was retried has no attempts yet, so of two who do it at once the second finds none.
    let sql = "UPDATE tidings_parked SET state = 'parked', attempts = 0, next_at = $5
        WHERE subscription = $1 AND stream = $2 AND slot = $3 AND sequence = $4
            AND (state = 'dead' OR (state = 'parked' AND next_at > $5 AND attempts > 0))";
    let mut row = address(subscription, event);
    row.extend_from_slice(params![tx.now()]);
    let changed = tx.execute(sql, &row).await? == 1;
    if changed {
        act::record(tx, "retry", &subject(subscription, event), None).await?;
    }
    Ok(changed)
}

/// How many events were retried at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RetriedAll {
    /// How many.
    pub retried: u64,
    /// There are more: it was enough for once.
    pub more: bool,
}

/// Gives all dead events of a kind a new set of attempts, 10,000 at the most. They are applied in
/// the order of their keys, one after the other. It is done in several transactions, each on
/// record with its events; whoever decides about one of them at the same moment keeps his turn.
///
/// # Errors
/// As statements; what was done by then stays done.
pub async fn retry_all(service: &Handle, by: &Context, which: &Which) -> Result<RetriedAll, Error> {
    let mut retried = 0;
    for _ in 0..BATCHES {
        let done = retry_some(service, by, which).await?;
        retried += done;
        if done < u64::from(BATCH) {
            let more = false;
            return Ok(RetriedAll { retried, more });
        }
    }
    let more = true;
    Ok(RetriedAll { retried, more })
}

/// What [`retry_all`] leaves on record.
#[derive(Serialize)]
struct Several<'a> {
    event_type: Option<&'a str>,
    error_class: Option<&'a str>,
    error: Option<&'a str>,
    events: Vec<String>,
}

async fn retry_some(service: &Handle, by: &Context, which: &Which) -> Result<u64, Error> {
    let mut tx = service.begin(by.clone()).await?;
    let (condition, mut row) = which.condition(tx.dialect());
    row.extend_from_slice(params![tx.now(), BATCH]);
    let lock = tx.dialect().pick("", "FOR UPDATE SKIP LOCKED");
    let sql = format!(
        "UPDATE tidings_parked SET state = 'parked', attempts = 0, next_at = $5
        WHERE (subscription, stream, slot, sequence) IN (
            SELECT subscription, stream, slot, sequence FROM tidings_parked
            WHERE state = 'dead' AND {condition} ORDER BY last_failed_at LIMIT $6 {lock})
        RETURNING subscription, stream, slot, sequence"
    );
    let done: Vec<(String, String, u16, u64)> = tx.query(&sql, &row).await?;
    if done.is_empty() {
        return Ok(0);
    }
    let count = done.len() as u64;
    let events = done.iter();
    let detail = Several {
        event_type: which.event_type.as_deref(),
        error_class: which.error_class.as_deref(),
        error: which.error.as_deref(),
        events: events
            .map(|(of, stream, slot, sequence)| format!("{of} {stream}.{slot}.{sequence}"))
            .collect(),
    };
    let of = which.subscription.as_deref().unwrap_or("all subscriptions");
    let subject = format!("{of}: {count} events");
    act::record_with(&mut tx, "retry_all", &subject, None, Some(&detail)).await?;
    tx.commit().await?;
    Ok(count)
}

/// Gives an event up, for ever, with a note that says why. `false` when it is gone already.
///
/// Later events of its key are applied as if it had never been. What it was stays on record, with
/// its data (E-21).
///
/// # Errors
/// As statements.
pub async fn discard(
    tx: &mut Tx,
    subscription: &str,
    event: &EventId,
    note: &str,
) -> Result<bool, Error> {
    let Some(kept) = take(tx, subscription, event).await? else {
        return Ok(false);
    };
    let sql = "DELETE FROM tidings_parked WHERE subscription = $1 AND stream = $2 AND slot = $3
        AND sequence = $4 AND state IN ('dead', 'parked')";
    let changed = tx.execute(sql, &address(subscription, event)).await? == 1;
    if changed {
        let detail = Before {
            kept: &kept,
            edited: None,
        };
        let subject = subject(subscription, event);
        act::record_with(tx, "discard", &subject, Some(note), Some(&detail)).await?;
    }
    Ok(changed)
}

/// What has become of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    /// It is tried again with the new data, at once.
    Done,
    /// It does not wait for a person any more: somebody else was faster.
    Gone,
    /// This build cannot read the new data, or it is about something else: why.
    Refused(String),
}

/// Gives a parked or dead event other data, with a note that says why, and tries it again. Its
/// address, place, key, type and version stay; this subscription alone reads the new data, the
/// stream is as it was published. What it was before stays on record.
///
/// # Errors
/// As statements.
pub async fn edit(
    tx: &mut Tx,
    of: &SubscriptionInfo,
    event: &EventId,
    data: &str,
    note: &str,
) -> Result<Edited, Error> {
    let Some(kept) = take(tx, of.name, event).await? else {
        return Ok(Edited::Gone);
    };
    if let Err(reason) = check(&of.code.0, &kept, data) {
        return Ok(Edited::Refused(reason));
    }
    let sql = "UPDATE tidings_parked
        SET data = $6, state = 'parked', attempts = 0, next_at = $5
        WHERE subscription = $1 AND stream = $2 AND slot = $3 AND sequence = $4
            AND (state = 'dead' OR (state = 'parked' AND next_at > $5 AND attempts > 0))";
    let mut row = address(of.name, event);
    row.extend_from_slice(params![tx.now(), data]);
    if tx.execute(sql, &row).await? != 1 {
        return Ok(Edited::Gone);
    }
    let edited = Some(data);
    let detail = Before {
        kept: &kept,
        edited,
    };
    let subject = subject(of.name, event);
    act::record_with(tx, "edit", &subject, Some(note), Some(&detail)).await?;
    Ok(Edited::Done)
}

/// What a decision was about, byte by byte.
#[derive(Serialize)]
struct Before<'a> {
    #[serde(flatten)]
    kept: &'a DeadEvent,
    /// The data that it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    edited: Option<&'a str>,
}

/// Whether this build can read an event with other data, as the same event.
pub(super) fn check(of: &Subscription, kept: &DeadEvent, data: &str) -> Result<(), String> {
    tx::check_size("the data", data.len()).map_err(|error| crate::chain(&error))?;
    let mut event = kept.event.clone();
    data.clone_into(&mut event.data);
    match of.handler.reads(&event)? {
        Some(key) if key != event.key => Err(format!(
            "the key of the event is {}, and these data say {key}: it would be another one's",
            event.key
        )),
        _ => Ok(()),
    }
}

/// Reads an event that was put aside, and lets nobody else decide about it.
async fn take(tx: &mut Tx, of: &str, event: &EventId) -> Result<Option<DeadEvent>, Error> {
    let row: Vec<Value> = address(of, event);
    match tx.dialect() {
        Dialect::Sqlite => tx.query_opt(ONE, &row).await,
        Dialect::Postgres => tx.query_opt(&format!("{ONE} FOR UPDATE"), &row).await,
    }
}

fn subject(subscription: &str, event: &EventId) -> String {
    format!("{subscription} {event}")
}
