//! Callbacks: how an operation tells an address outside that it has ended.
//!
//! One message goes to one address, signed as [Standard Webhooks] has it, and is sent again
//! until the receiver takes it: eleven tries over more than three days, all with the same
//! `webhook-id` and the same bytes. A receiver may therefore get it more than once, and tells
//! by the id. What becomes of a callback never changes the operation.
//!
//! | the receiver | what happens |
//! | --- | --- |
//! | answers 2xx within ten seconds | it is delivered, whatever comes of the answer's body |
//! | answers 410 | it is `gone`: nobody wants it, and it is not sent again |
//! | answers anything else, redirects, breaks off, is silent | it is tried again after 10 s, 30 s, 2 min, 10 min, 30 min, 2 h, 6 h, 12 h, 24 h, 30 h |
//! | answers 429 or 503 with `Retry-After` | the pause is as long as asked for, up to a day |
//! | has failed eleven times | it is `exhausted`, and an alert is open until it is sent again |
//!
//! A crash in mid-try leaves a line without an outcome in the log, and the message is sent
//! again. Where callbacks may go at all is the [policy's](CallbackPolicy) to say.
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com/

mod address;
mod client;
mod delivery;
mod policy;
mod schedule;
mod secret;
mod signature;
mod table;
mod words;

pub(crate) use client::Sender;
pub(crate) use delivery::deliver_with;
pub use policy::{BadUrl, CallbackPolicy};
pub(crate) use secret::rotate;
pub(crate) use signature::{Secret, signature};
pub use table::{Attempt, CallbackRow};
pub(crate) use table::{MIGRATION, find_of, sweep_of};

use std::time::Duration;

use serde::Serialize;

use crate::alert::{self, Alert};
use crate::db::Conn;
use crate::handle::Handle;
use crate::operation::{OperationProblem, OperationRow};
use crate::{Error, Timestamp, Tx, Uuid, params};

/// The kind of alert that exhausted callbacks open, about their host.
const ALERT: &str = "callback";
/// How soon after a try its owner may ask for another one.
const REDELIVER_AFTER: Duration = Duration::from_secs(10);

/// What is sent.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    job_id: Uuid,
    job_type: &'a str,
    status: &'a str,
    result_url: String,
    client_ref: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a OperationProblem>,
}

/// Makes sure that a callback which is asked for can be signed.
pub(crate) async fn promise(tx: &mut Tx, owner: Uuid) -> Result<(), Error> {
    secret::ensure(tx, owner).await
}

/// Tells of the end of an operation, in the transaction in which it ends.
pub(crate) async fn announce(
    tx: &mut Tx,
    operation: &OperationRow,
    url: &str,
) -> Result<(), Error> {
    let now = tx.now();
    let policy = tx.shared().callbacks.policy();
    let body = Body {
        r#type: "job.finished",
        timestamp: now,
        data: Data {
            job_id: operation.id,
            job_type: &operation.kind,
            status: &operation.state,
            result_url: policy.public(&operation.path(tx.shared().name)),
            client_ref: operation.client_ref.as_deref(),
            error: operation.problem.as_ref(),
        },
    };
    let host = policy.read(url).ok();
    let host = host.as_ref().and_then(reqwest::Url::host_str);
    let callback = CallbackRow {
        id: crate::uuid_at(now),
        operation: operation.id,
        owner: operation.owner,
        url: url.to_owned(),
        host: host.unwrap_or_default().to_owned(),
        state: "queued".to_owned(),
        failures: 0,
        next_at: Some(now),
        created_at: now,
        finished_at: None,
        body: serde_json::to_string(&body).map_err(|source| Error::Encode {
            what: "a callback".to_owned(),
            source,
        })?,
        correlation_id: tx.context().correlation_id.clone(),
        turn: 1,
    };
    table::insert(tx, &callback).await?;
    delivery::enqueue(tx, callback.id, callback.turn, &callback.host, now).await
}

/// Sends a callback again, at once and with a whole schedule before it, whatever its state:
/// the same id, the same bytes. `false` when there is none of this id.
///
/// A try that is under way goes on; what comes of it is in the log and decides nothing.
///
/// # Errors
/// As statements.
pub async fn redeliver(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
    let Some(turn) = table::restart(tx, id).await? else {
        return Ok(false);
    };
    let Some(callback) = table::find(tx, id).await? else {
        return Ok(false);
    };
    let now = tx.now();
    delivery::enqueue(tx, id, turn, &callback.host, now).await?;
    crate::act::record(tx, "redeliver", &format!("callback:{id}"), None).await?;
    close_alerts(tx).await?;
    Ok(true)
}

/// How long its owner has to wait before a callback is sent again, if at all: whoever sends
/// again and again must not flood a stranger with it (SEC-67).
pub(crate) async fn too_soon(
    conn: &mut Conn,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<Duration>, Error> {
    let last = table::last_attempt_at(conn, id).await?;
    let due = last.map(|last| last.plus(REDELIVER_AFTER));
    Ok(due.filter(|due| now < *due).map(|due| due.since(now)))
}

/// Callbacks, newest first; of one state where it is given, after a place for the next page.
///
/// # Errors
/// As statements.
pub async fn list(
    service: &Handle,
    state: Option<&str>,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<CallbackRow>, Error> {
    let sql = "SELECT * FROM tidings_callbacks WHERE ($1 = '' OR state = $1)
            AND (created_at < $2 OR created_at = $2 AND id < $3)
        ORDER BY created_at DESC, id DESC LIMIT $4";
    let (time, id) = after.unwrap_or((Timestamp::from_micros(i64::MAX), Uuid::nil()));
    let row = params![state.unwrap_or(""), time, id, limit];
    service.read().await?.query(sql, row).await
}

/// One callback.
///
/// # Errors
/// As statements.
pub async fn get(service: &Handle, id: Uuid) -> Result<Option<CallbackRow>, Error> {
    table::find(&mut service.read().await?, id).await
}

/// The callback of an operation, if one was asked for and the operation has ended.
///
/// # Errors
/// As statements.
pub async fn of_operation(service: &Handle, operation: Uuid) -> Result<Option<CallbackRow>, Error> {
    table::find_of(&mut service.read().await?, operation).await
}

/// What was tried, oldest first.
///
/// # Errors
/// As statements.
pub async fn attempts(service: &Handle, id: Uuid) -> Result<Vec<Attempt>, Error> {
    table::attempts(&mut service.read().await?, id).await
}

/// The last try of each of some callbacks, for those of them that were tried.
///
/// # Errors
/// As statements.
pub async fn last_attempts(service: &Handle, ids: &[Uuid]) -> Result<Vec<(Uuid, Attempt)>, Error> {
    table::last_attempts(&mut service.read().await?, ids).await
}

/// An alert a host: a thousand callbacks to one dead receiver are one thing to look at.
async fn open_alert(tx: &mut Tx, host: &str) -> Result<(), Error> {
    let text = format!(
        "callbacks to {host} were tried for three days and not taken; they are sent again when \
         somebody asks for it"
    );
    let alert = Alert {
        kind: ALERT.to_owned(),
        subject: host.to_owned(),
        text,
        opened_at: None,
    };
    alert::open_one(tx, &alert).await
}

/// Closes the alerts about hosts to which nothing is exhausted any more.
pub(crate) async fn close_alerts(tx: &mut Tx) -> Result<(), Error> {
    let sql = "UPDATE tidings_alerts SET closed_at = $2
        WHERE kind = $1 AND closed_at IS NULL AND NOT EXISTS (SELECT 1 FROM tidings_callbacks
            WHERE host = tidings_alerts.subject AND state = 'exhausted')";
    let now = tx.now();
    tx.execute(sql, params![ALERT, now]).await?;
    Ok(())
}
