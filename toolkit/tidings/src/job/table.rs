//! The table of jobs, and a row of it.

use crate::db::Migration;
use crate::{Context, Error, FromRow, Row, Timestamp, Uuid};

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

/// Jobs that can be cancelled, limited, woken and watched. The table is made anew because
/// SQLite cannot change a CHECK.
///
/// Jobs are taken level by level of priority, so each level's due jobs must be found without
/// reading those that are not due: one index for the order, one for the next moment.
pub(crate) const MIGRATION_LIFE: Migration = Migration::new(
    "tidings_0004_jobs",
    "ALTER TABLE tidings_jobs RENAME TO tidings_jobs_before;
    DROP INDEX tidings_jobs_due;
    DROP INDEX tidings_jobs_unique;
    CREATE TABLE tidings_jobs (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        data TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'ready'
            CHECK (state IN ('ready', 'running', 'done', 'dead', 'cancelled')),
        run_at BIGINT NOT NULL,
        priority BIGINT NOT NULL DEFAULT 0,
        unique_key TEXT,
        limit_key TEXT,
        parent TEXT,
        attempts BIGINT NOT NULL DEFAULT 0,
        fence BIGINT NOT NULL DEFAULT 0,
        wakes BIGINT NOT NULL DEFAULT 0,
        cancel BOOLEAN NOT NULL DEFAULT FALSE,
        progress BIGINT NOT NULL DEFAULT 0,
        error TEXT,
        created_at BIGINT NOT NULL,
        started_at BIGINT,
        finished_at BIGINT,
        actor TEXT NOT NULL, correlation_id TEXT NOT NULL, causation_id TEXT
    );
    INSERT INTO tidings_jobs (id, kind, data, state, run_at, priority, unique_key, attempts, fence,
            error, created_at, finished_at, actor, correlation_id, causation_id)
        SELECT id, kind, data, state, run_at, priority, unique_key, attempts, fence,
            error, created_at, finished_at, actor, correlation_id, causation_id
        FROM tidings_jobs_before;
    DROP TABLE tidings_jobs_before;
    CREATE INDEX tidings_jobs_due ON tidings_jobs (run_at) WHERE state IN ('ready', 'running');
    CREATE INDEX tidings_jobs_turn ON tidings_jobs (priority, run_at, id)
        WHERE state IN ('ready', 'running');
    CREATE INDEX tidings_jobs_running ON tidings_jobs (kind, limit_key) WHERE state = 'running';
    CREATE INDEX tidings_jobs_parent ON tidings_jobs (parent) WHERE parent IS NOT NULL;
    CREATE INDEX tidings_jobs_finished ON tidings_jobs (finished_at)
        WHERE state IN ('done', 'cancelled');
    CREATE INDEX tidings_jobs_dead ON tidings_jobs (id) WHERE state = 'dead';
    CREATE UNIQUE INDEX tidings_jobs_unique ON tidings_jobs (kind, unique_key)
        WHERE state IN ('ready', 'running') AND unique_key IS NOT NULL;
    CREATE TABLE tidings_schedules (
        name TEXT PRIMARY KEY,
        spec TEXT NOT NULL,
        next_at BIGINT NOT NULL,
        last_at BIGINT
    );",
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
    /// `ready`, `running`, `done`, `dead` or `cancelled`.
    pub state: String,
    /// When it is due; of a running job, when its worker counts as silent.
    pub run_at: Timestamp,
    /// Higher ones run first.
    pub priority: i32,
    /// Whose turn it shares; see [`Job::limit_key`](crate::Job::limit_key).
    pub limit_key: Option<String>,
    /// The job that is woken when this one ends.
    pub parent: Option<Uuid>,
    /// How often a run of it was begun.
    pub attempts: u32,
    /// Rises with every claim; only the last claimant may complete the job.
    pub fence: i64,
    /// How often it was woken; see `queue::suspend`.
    #[serde(skip)]
    pub(crate) wakes: i64,
    /// Whether somebody has asked it to stop.
    pub cancel: bool,
    /// How far it says it is, in percent; never falls.
    pub progress: u8,
    /// Why the last run failed.
    pub error: Option<String>,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// When its last run began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Who acted, and what it belongs to.
    pub context: Context,
}

impl FromRow for JobRow {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            kind: row.get("kind")?,
            data: row.get("data")?,
            state: row.get("state")?,
            run_at: row.get("run_at")?,
            priority: row.get("priority")?,
            limit_key: row.get("limit_key")?,
            parent: row.get("parent")?,
            attempts: row.get("attempts")?,
            fence: row.get("fence")?,
            wakes: row.get("wakes")?,
            cancel: row.get("cancel")?,
            progress: row.get("progress")?,
            error: row.get("error")?,
            created_at: row.get("created_at")?,
            started_at: row.get("started_at")?,
            finished_at: row.get("finished_at")?,
            context: Context::from_row(row)?,
        })
    }
}
