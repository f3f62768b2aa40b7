//! The table of jobs: all its SQL.

use std::cmp::Reverse;
use std::time::Duration;

use super::{Enqueue, Job};
use crate::db::{Conn, Migration};
use crate::handle::Handle;
use crate::{Context, Error, FromRow, Row, Timestamp, Tx, Uuid, params, tx};

pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0002_jobs",
    "CREATE TABLE tidings_jobs (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        data TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'running', 'done', 'dead')),
        run_at BIGINT NOT NULL,
        priority BIGINT NOT NULL DEFAULT 0,
        unique_key TEXT,
        attempts BIGINT NOT NULL DEFAULT 0,
        fence BIGINT NOT NULL DEFAULT 0,
        error TEXT,
        created_at BIGINT NOT NULL,
        finished_at BIGINT,
        actor TEXT NOT NULL, correlation_id TEXT NOT NULL, causation_id TEXT
    );
    CREATE INDEX tidings_jobs_due ON tidings_jobs (run_at, priority)
        WHERE state IN ('ready', 'running');
    CREATE UNIQUE INDEX tidings_jobs_unique ON tidings_jobs (kind, unique_key)
        WHERE state IN ('ready', 'running') AND unique_key IS NOT NULL;",
);

/// A job as it is stored.
#[derive(Clone, Debug, serde::Serialize)]
pub struct JobRow {
    /// Its identifier.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its data, as JSON text.
    pub data: String,
    /// How often a run of it was begun.
    pub attempts: u32,
    /// Rises with every claim; only the last claimant may complete the job.
    pub fence: i64,
    /// Why the last run failed.
    pub error: Option<String>,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// Who acted, and what it belongs to.
    pub context: Context,
}

impl FromRow for JobRow {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            kind: row.get("kind")?,
            data: row.get("data")?,
            attempts: row.get("attempts")?,
            fence: row.get("fence")?,
            error: row.get("error")?,
            created_at: row.get("created_at")?,
            context: Context::from_row(row)?,
        })
    }
}

pub(super) async fn insert<J: Job>(tx: &mut Tx, job: &J, how: Enqueue) -> Result<bool, Error> {
    if !tx.shared().job_kinds.contains(&J::KIND) {
        return Err(Error::Undeclared {
            what: format!("job {}", J::KIND),
        });
    }
    let data = serde_json::to_string(job).map_err(|source| Error::Encode {
        what: J::KIND.to_owned(),
        source,
    })?;
    tx::check_size(J::KIND, data.len())?;
    let now = tx.now();
    let context = tx.context().clone();
    let row = params![
        crate::uuid_at(now),
        J::KIND,
        data,
        how.run_at.unwrap_or(now),
        how.priority,
        how.unique_key,
        now,
        context.actor,
        context.correlation_id,
        context.causation_id,
    ];
    let sql = "INSERT INTO tidings_jobs (id, kind, data, run_at, priority, unique_key, created_at,
            actor, correlation_id, causation_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
    let stored = tx.execute(sql, row).await? == 1;
    Ok(stored)
}

/// Takes due jobs: those whose time has come, and those whose worker has fallen silent.
/// A running job's `run_at` is the end of its lease, so both are the same condition.
pub(super) async fn claim(
    conn: &mut Conn,
    now: Timestamp,
    lease: Duration,
    limit: u32,
) -> Result<Vec<JobRow>, Error> {
    let skip = conn.dialect().pick("", "FOR UPDATE SKIP LOCKED");
    let sql = format!(
        "UPDATE tidings_jobs SET state = 'running', run_at = $2, fence = fence + 1,
            attempts = attempts + 1
         WHERE id IN (SELECT id FROM tidings_jobs
            WHERE state IN ('ready', 'running') AND run_at <= $1
            ORDER BY priority DESC, run_at LIMIT $3 {skip})
         RETURNING *"
    );
    let mut rows: Vec<Row> = conn
        .query(&sql, params![now, now.plus(lease), limit])
        .await?;
    // RETURNING keeps no order.
    rows.sort_by_cached_key(|row| {
        let order = (row.get::<i64>("priority"), row.get::<String>("id"));
        (
            Reverse(order.0.unwrap_or_default()),
            order.1.unwrap_or_default(),
        )
    });
    rows.iter().map(JobRow::from_row).collect()
}

/// Marks a job done if the claim still holds; part of the transaction of its effect.
pub(super) async fn complete(conn: &mut Conn, job: &JobRow, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE tidings_jobs SET state = 'done', finished_at = $3, error = NULL
        WHERE id = $1 AND fence = $2 AND state = 'running'";
    fenced(conn.execute(sql, params![job.id, job.fence, now]).await?)
}

/// Holds a claim for longer.
pub(super) async fn extend(conn: &mut Conn, job: &JobRow, until: Timestamp) -> Result<(), Error> {
    let sql =
        "UPDATE tidings_jobs SET run_at = $3 WHERE id = $1 AND fence = $2 AND state = 'running'";
    fenced(conn.execute(sql, params![job.id, job.fence, until]).await?)
}

/// Gives a failed job back for later, or to a person.
pub(super) async fn give_back(
    conn: &mut Conn,
    job: &JobRow,
    error: &str,
    next: Option<Timestamp>,
    attempts: u32,
) -> Result<(), Error> {
    let state = if next.is_some() { "ready" } else { "dead" };
    let sql = "UPDATE tidings_jobs SET state = $3, error = $4, run_at = coalesce($5, run_at),
            attempts = $6
        WHERE id = $1 AND fence = $2 AND state = 'running'";
    let row = params![job.id, job.fence, state, error, next, attempts];
    fenced(conn.execute(sql, row).await?)
}

fn fenced(touched: u64) -> Result<(), Error> {
    if touched == 1 {
        Ok(())
    } else {
        Err(Error::Overtaken)
    }
}

/// When the next job is due, if there is one.
pub(super) async fn next_due(conn: &mut Conn) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT min(run_at) FROM tidings_jobs WHERE state IN ('ready', 'running')";
    let (due,): (Option<Timestamp>,) = conn.query_one(sql, &[]).await?;
    Ok(due)
}

/// Jobs that a person must decide about, newest first.
///
/// # Errors
/// As statements.
pub async fn dead(service: &Handle, limit: u32) -> Result<Vec<JobRow>, Error> {
    let sql = "SELECT * FROM tidings_jobs WHERE state = 'dead' ORDER BY created_at DESC LIMIT $1";
    service.read().await?.query(sql, params![limit]).await
}

/// Gives a dead job a new set of attempts. `false` when it is not dead (any more).
///
/// # Errors
/// As statements.
pub async fn retry(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
    let sql = "UPDATE tidings_jobs SET state = 'ready', attempts = 0, run_at = $2
        WHERE id = $1 AND state = 'dead'";
    let now = tx.now();
    let changed = tx.execute(sql, params![id, now]).await? == 1;
    if changed {
        crate::act::record(tx, "retry", &format!("job:{id}"), None).await?;
    }
    Ok(changed)
}
