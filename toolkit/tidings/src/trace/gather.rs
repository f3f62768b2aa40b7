//! What one service has stored of a flow.

use std::collections::{BTreeMap, BTreeSet};

use super::Keys;
use crate::callback::CallbackRow;
use crate::db::Conn;
use crate::handle::Handle;
use crate::mask::Mask;
use crate::operation::OperationRow;
use crate::workflow::{StepRow, WorkflowRow};
use crate::{Envelope, Error, FromRow, JobRow, Kind, Row, Uuid, outbox, params};

/// Rows of a table of one service that are read at the most.
const ROWS_MOST: u32 = 5_000;

/// An event, and what its stream is for.
pub(super) struct Told {
    pub(super) service: &'static str,
    pub(super) kind: Kind,
    pub(super) event: Envelope,
    /// The key, as it may be shown.
    pub(super) shown_key: String,
}

/// A row of a service.
pub(super) struct Of<T> {
    pub(super) service: &'static str,
    pub(super) row: T,
}

/// What is known of a flow. What is sensitive is hidden in it, and data is left out.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) events: Vec<Told>,
    pub(super) jobs: Vec<Of<JobRow>>,
    pub(super) runs: Vec<Of<(WorkflowRow, Vec<StepRow>)>>,
    pub(super) operations: BTreeMap<Uuid, OperationRow>,
    pub(super) callbacks: Vec<Of<CallbackRow>>,
    pub(super) is_cut: bool,
}

impl Gathered {
    pub(super) fn add(&mut self, other: Self) {
        self.events.extend(other.events);
        self.jobs.extend(other.jobs);
        self.runs.extend(other.runs);
        self.operations.extend(other.operations);
        self.callbacks.extend(other.callbacks);
        self.is_cut |= other.is_cut;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.jobs.is_empty() && self.runs.is_empty()
    }

    /// What it is about. Commands are about nothing: their keys only keep them in order.
    pub(super) fn keys(&self) -> Keys {
        let told = self.events.iter().filter(|told| told.kind != Kind::Command);
        told.map(|told| (told.event.id.stream.clone(), told.event.key.clone()))
            .collect()
    }

    pub(super) fn streams(&self) -> BTreeSet<&str> {
        let streams = self.events.iter();
        streams.map(|told| told.event.id.stream.as_str()).collect()
    }
}

pub(super) async fn of_service(service: &Handle, id: &str, mask: &Mask) -> Result<Gathered, Error> {
    let mut conn = service.read().await?;
    let name = service.name();
    let of = |row| Of { service: name, row };
    let events = events(&mut conn, id).await?;
    let jobs: Vec<JobRow> = rows(&mut conn, "tidings_jobs", id).await?;
    let runs: Vec<WorkflowRow> = rows(&mut conn, "tidings_workflows", id).await?;
    let steps = steps(&mut conn, id).await?;
    let operations = operations(&mut conn, id).await?;
    let callbacks = callbacks(&mut conn, id).await?;
    let is_cut = [events.len(), jobs.len(), runs.len()]
        .iter()
        .any(|count| *count >= ROWS_MOST as usize);
    let kind_of = |stream: &str| {
        let mut streams = service.0.streams.iter();
        let known = streams.find(|info| info.name == stream);
        known.map_or(Kind::Business, |info| info.kind)
    };
    Ok(Gathered {
        events: events
            .into_iter()
            .map(|event| Told {
                service: name,
                kind: kind_of(&event.id.stream),
                shown_key: mask.text(&event.key, &event.data),
                event,
            })
            .collect(),
        jobs: jobs
            .into_iter()
            .map(|job| Of {
                service: name,
                row: masked_job(job, mask),
            })
            .collect(),
        runs: with_steps(name, runs, steps, mask),
        operations: operations.into_iter().map(|one| (one.id, one)).collect(),
        callbacks: callbacks.into_iter().map(of).collect(),
        is_cut,
    })
}

async fn events(conn: &mut Conn, id: &str) -> Result<Vec<Envelope>, Error> {
    let order = outbox::order_of_few(conn.dialect());
    let rest = format!("WHERE correlation_id = $1 ORDER BY {order} LIMIT {ROWS_MOST}");
    let sql = outbox::select(conn, &rest);
    conn.query(&sql, params![id]).await
}

async fn rows<T: FromRow>(conn: &mut Conn, table: &str, id: &str) -> Result<Vec<T>, Error> {
    let sql = format!(
        "SELECT * FROM {table} WHERE correlation_id = $1 ORDER BY created_at, id LIMIT {ROWS_MOST}"
    );
    conn.query(&sql, params![id]).await
}

async fn steps(conn: &mut Conn, id: &str) -> Result<Vec<(Uuid, StepRow)>, Error> {
    let sql = format!(
        "SELECT s.* FROM tidings_steps s JOIN tidings_workflows w ON w.id = s.workflow_id
         WHERE w.correlation_id = $1 ORDER BY s.workflow_id, s.position LIMIT {ROWS_MOST}"
    );
    let rows: Vec<Row> = conn.query(&sql, params![id]).await?;
    let rows = rows.iter();
    rows.map(|row| Ok((row.get("workflow_id")?, StepRow::from_row(row)?)))
        .collect()
}

/// An operation has the identifier of the job that carries it.
async fn operations(conn: &mut Conn, id: &str) -> Result<Vec<OperationRow>, Error> {
    let sql = format!(
        "SELECT o.* FROM tidings_jobs j JOIN tidings_operations o ON o.id = j.id
         WHERE j.correlation_id = $1 ORDER BY o.created_at, o.id LIMIT {ROWS_MOST}"
    );
    conn.query(&sql, params![id]).await
}

async fn callbacks(conn: &mut Conn, id: &str) -> Result<Vec<CallbackRow>, Error> {
    let sql = format!(
        "SELECT c.* FROM tidings_jobs j JOIN tidings_callbacks c ON c.operation = j.id
         WHERE j.correlation_id = $1 ORDER BY c.created_at, c.id LIMIT {ROWS_MOST}"
    );
    conn.query(&sql, params![id]).await
}

fn masked_job(mut job: JobRow, mask: &Mask) -> JobRow {
    job.error = job.error.map(|error| mask.text(&error, &job.data));
    job
}

fn with_steps(
    service: &'static str,
    runs: Vec<WorkflowRow>,
    steps: Vec<(Uuid, StepRow)>,
    mask: &Mask,
) -> Vec<Of<(WorkflowRow, Vec<StepRow>)>> {
    let mut of_run: BTreeMap<Uuid, Vec<StepRow>> = BTreeMap::new();
    for (run, step) in steps {
        of_run.entry(run).or_default().push(step);
    }
    let mut all = Vec::new();
    for mut run in runs {
        let mut steps = of_run.remove(&run.id).unwrap_or_default();
        let errors = [&mut run.error, &mut run.stuck_by].into_iter();
        for error in errors.chain(steps.iter_mut().map(|step| &mut step.error)) {
            *error = error.take().map(|error| mask.text(&error, &run.input));
        }
        all.push(Of {
            service,
            row: (run, steps),
        });
    }
    all
}
