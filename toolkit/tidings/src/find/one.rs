//! One event by its address, and whether anything belongs to a flow.

use crate::handle::Handle;
use crate::outbox::{self, as_i64};
use crate::workflow::WorkflowRow;
use crate::{Envelope, Error, EventId, Installation, JobRow, StreamInfo, params};

/// Rows of a kind that one page shows.
const SHOWN: u32 = 100;

/// The service that writes a stream, if it can be seen from here.
#[must_use]
pub fn producer_of<'a>(
    installation: &'a Installation,
    stream: &str,
) -> Option<(&'a Handle, &'a StreamInfo)> {
    let mut streams = installation.streams();
    streams.find(|(_, info)| info.name == stream)
}

/// One event; nothing where it was never published, or was deleted by its age or superseded.
///
/// # Errors
/// As statements.
pub async fn event(producer: &Handle, id: &EventId) -> Result<Option<Envelope>, Error> {
    let mut conn = producer.read().await?;
    let sql = outbox::select(
        &conn,
        "WHERE n.stream = $1 AND n.slot = $2 AND n.sequence = $3",
    );
    let row = params![&id.stream, id.slot, as_i64(id.sequence)];
    conn.query_opt(&sql, row).await
}

/// Whether a service has done anything under a correlation id.
///
/// # Errors
/// As statements.
pub async fn has_flow(service: &Handle, correlation_id: &str) -> Result<bool, Error> {
    // Not EXISTS: PostgreSQL would look through a whole table for the first of many that it
    // believes in.
    let sql = "SELECT coalesce(
        (SELECT max(time) FROM tidings_outbox WHERE correlation_id = $1),
        (SELECT max(created_at) FROM tidings_jobs WHERE correlation_id = $1),
        (SELECT max(created_at) FROM tidings_workflows WHERE correlation_id = $1))";
    let mut conn = service.read().await?;
    let (last,): (Option<i64>,) = conn.query_one(sql, params![correlation_id]).await?;
    Ok(last.is_some())
}

/// What applying an event has led to in one service.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// Events.
    pub events: Vec<Envelope>,
    /// Jobs, without those that carry runs.
    pub jobs: Vec<JobRow>,
    /// Runs of workflows.
    pub runs: Vec<WorkflowRow>,
}

/// What an event has led to in a service, as much as one page shows of each kind.
///
/// # Errors
/// As statements.
pub async fn effects(service: &Handle, event: &Envelope) -> Result<Effects, Error> {
    let mut conn = service.read().await?;
    let id = event.id.to_string();
    let of = params![&event.context.correlation_id, id];
    let caused = "WHERE correlation_id = $1 AND causation_id = $2";
    let order = outbox::order_of_few(conn.dialect());
    let sql = outbox::select(&conn, &format!("{caused} ORDER BY {order} LIMIT {SHOWN}"));
    let events = conn.query(&sql, of).await?;
    // What carries a run is shown as the run.
    let sql = format!(
        "SELECT * FROM tidings_jobs {caused} AND kind NOT LIKE 'workflow.%'
         ORDER BY created_at, id LIMIT {SHOWN}"
    );
    let jobs = conn.query(&sql, of).await?;
    let sql =
        format!("SELECT * FROM tidings_workflows {caused} ORDER BY created_at, id LIMIT {SHOWN}");
    let runs = conn.query(&sql, of).await?;
    Ok(Effects { events, jobs, runs })
}
