//! What becomes of a job: enqueued, held, given back, ended. Every change of a running job
//! names its fence, so that a worker that was overtaken changes nothing.

use tracing::Instrument;

use super::Enqueue;
use super::kind::Ended;
use super::table::JobRow;
use crate::db::Conn;
use crate::subscription::WouldEnqueue;
use crate::{Error, Timestamp, Tx, Uuid, params, spans, tx};

/// Later than everything: a job that waits to be woken.
const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// A job whose type is forgotten.
pub(crate) struct NewJob {
    pub(crate) kind: &'static str,
    pub(crate) data: String,
    pub(crate) how: Enqueue,
    pub(crate) limit_key: Option<String>,
    /// The job that is woken when this one ends.
    pub(crate) parent: Option<Uuid>,
}

/// Stores a job; `None` when an unfinished one of its kind and unique key is there already.
pub(crate) async fn insert(tx: &mut Tx, job: NewJob) -> Result<Option<Uuid>, Error> {
    if !tx.shared().jobs.contains_key(job.kind) {
        return Err(Error::Undeclared {
            what: format!("job {}", job.kind),
        });
    }
    tx::check_size(job.kind, job.data.len())?;
    let now = tx.now();
    let context = tx.context().clone();
    let id = crate::uuid_at(now);
    let run_at = job.how.run_at.unwrap_or(now);
    let watched = tx.enqueued.is_some();
    let would = watched.then(|| WouldEnqueue::of(job.kind, &job.data, run_at));
    let row = params![
        id,
        job.kind,
        job.data,
        run_at,
        job.how.priority,
        job.how.unique_key,
        job.limit_key,
        job.parent,
        now,
        &context.actor,
        &context.correlation_id,
        context.causation_id.clone(),
    ];
    let sql = "INSERT INTO tidings_jobs (id, kind, data, run_at, priority, unique_key, limit_key,
            parent, created_at, actor, correlation_id, causation_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
    let span = spans::enqueue(tx.shared().name, tx.delivery, (job.kind, id), &context);
    let stored = tx.execute(sql, row).instrument(span).await? == 1;
    if let Some(enqueued) = tx.enqueued.as_mut().filter(|_| stored) {
        enqueued.extend(would);
    }
    Ok(stored.then_some(id))
}

/// Marks a job done if the claim still holds; part of the transaction of its effect.
pub(super) async fn complete(conn: &mut Conn, job: &JobRow, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE tidings_jobs SET state = 'done', finished_at = $3, error = NULL,
            progress = 100
        WHERE id = $1 AND fence = $2 AND state = 'running'";
    fenced(conn.execute(sql, params![job.id, job.fence, now]).await?)?;
    wake_parent(conn, job, now).await
}

/// As [`complete`], before the work: a job that was asked to stop is not begun, and gives
/// [`Error::Overtaken`] like one that is somebody else's.
pub(super) async fn complete_unless_cancelled(
    conn: &mut Conn,
    job: &JobRow,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE tidings_jobs SET state = 'done', finished_at = $3, error = NULL,
            progress = 100
        WHERE id = $1 AND fence = $2 AND state = 'running' AND NOT cancel";
    fenced(conn.execute(sql, params![job.id, job.fence, now]).await?)?;
    wake_parent(conn, job, now).await
}

/// Holds a claim for longer.
pub(super) async fn hold(conn: &mut Conn, job: &JobRow, until: Timestamp) -> Result<(), Error> {
    match held(conn, job, until, None).await? {
        true => Err(Error::Cancelled),
        false => Ok(()),
    }
}

/// As [`hold`], and says how far the job is.
pub(super) async fn progress(
    conn: &mut Conn,
    job: &JobRow,
    until: Timestamp,
    percent: u8,
) -> Result<(), Error> {
    match held(conn, job, until, Some(percent.min(100))).await? {
        true => Err(Error::Cancelled),
        false => Ok(()),
    }
}

/// Says whether somebody has asked the job to stop.
async fn held(
    conn: &mut Conn,
    job: &JobRow,
    until: Timestamp,
    percent: Option<u8>,
) -> Result<bool, Error> {
    let sql = "UPDATE tidings_jobs SET run_at = $3,
            progress = CASE WHEN $4 > progress THEN $4 ELSE progress END
        WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING cancel";
    let row = params![job.id, job.fence, until, percent.unwrap_or(0)];
    let held: Option<(bool,)> = conn.query_opt(sql, row).await?;
    held.map(|(cancel,)| cancel).ok_or(Error::Overtaken)
}

/// Gives a job back for another run, with the number of attempts that count.
pub(super) async fn give_back(
    conn: &mut Conn,
    job: &JobRow,
    error: Option<&str>,
    next: Timestamp,
    attempts: u32,
) -> Result<(), Error> {
    let sql = "UPDATE tidings_jobs SET state = 'ready', error = coalesce($3, error), run_at = $4,
            attempts = $5
        WHERE id = $1 AND fence = $2 AND state = 'running'";
    let row = params![job.id, job.fence, error, next, attempts];
    fenced(conn.execute(sql, row).await?)
}

/// Gives a job back until a moment, or until it is woken; if it was woken since it was
/// claimed, it is due at once.
pub(super) async fn suspend(
    conn: &mut Conn,
    job: &JobRow,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE tidings_jobs SET state = 'ready', attempts = 0, error = NULL,
            run_at = CASE WHEN wakes = $3 THEN CAST($4 AS BIGINT) ELSE CAST($5 AS BIGINT) END
        WHERE id = $1 AND fence = $2 AND state = 'running'";
    let until = until.unwrap_or(NEVER);
    let row = params![job.id, job.fence, job.wakes, until, now];
    fenced(conn.execute(sql, row).await?)
}

/// Makes a waiting job due now. A running one will not wait, but run again.
pub(crate) async fn wake(conn: &mut Conn, id: Uuid, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE tidings_jobs SET wakes = wakes + 1,
            run_at = CASE WHEN state = 'ready' AND run_at > $2 THEN $2 ELSE run_at END
        WHERE id = $1 AND state IN ('ready', 'running')";
    conn.execute(sql, params![id, now]).await?;
    Ok(())
}

/// Ends a waiting job of a unique key as done: what it was for has happened without it.
pub(crate) async fn forget(
    conn: &mut Conn,
    kind: &str,
    unique_key: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE tidings_jobs SET state = 'done', finished_at = $3
        WHERE kind = $1 AND unique_key = $2 AND state = 'ready'";
    conn.execute(sql, params![kind, unique_key, now]).await?;
    Ok(())
}

async fn wake_parent(conn: &mut Conn, job: &JobRow, now: Timestamp) -> Result<(), Error> {
    match job.parent {
        Some(parent) => wake(conn, parent, now).await,
        None => Ok(()),
    }
}

/// Ends a running job that will not be done.
pub(super) async fn end(
    tx: &mut Tx,
    job: &JobRow,
    end: Ended,
    error: Option<&str>,
) -> Result<(), Error> {
    let sql = "UPDATE tidings_jobs SET state = $3, error = coalesce($4, error), finished_at = $5
        WHERE id = $1 AND fence = $2 AND state = 'running'";
    let now = tx.now();
    let row = params![job.id, job.fence, end.state(), error, now];
    fenced(tx.execute(sql, row).await?)?;
    ended(tx, job, end, error).await
}

/// Tells whoever must know that a job has ended without being done.
pub(super) async fn ended(
    tx: &mut Tx,
    job: &JobRow,
    end: Ended,
    error: Option<&str>,
) -> Result<(), Error> {
    let kinds = std::sync::Arc::clone(&tx.shared().jobs);
    if let Some(kind) = kinds.get(job.kind.as_str()) {
        kind.ended(job, end, error, tx).await?;
    }
    let now = tx.now();
    wake_parent(tx, job, now).await
}

/// Whether somebody has asked a running job to stop.
pub(super) async fn is_cancelled(conn: &mut Conn, job: &JobRow) -> Result<bool, Error> {
    let sql = conn.dialect().pick(
        "SELECT cancel FROM tidings_jobs WHERE id = $1 AND fence = $2 AND state = 'running'",
        "SELECT cancel FROM tidings_jobs WHERE id = $1 AND fence = $2 AND state = 'running'
            FOR UPDATE",
    );
    let row: Option<(bool,)> = conn.query_opt(sql, params![job.id, job.fence]).await?;
    row.map(|(cancel,)| cancel).ok_or(Error::Overtaken)
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
    // Not min(), and not without a bound: PostgreSQL reads all rows for them while it
    // believes that there are few, which for a fresh backlog it does.
    let sql = "SELECT run_at FROM tidings_jobs
        WHERE state IN ('ready', 'running') AND run_at >= $1 ORDER BY run_at LIMIT 1";
    let due: Option<(Timestamp,)> = conn.query_opt(sql, params![i64::MIN]).await?;
    Ok(due.map(|(due,)| due))
}

/// Deletes some of the jobs that ended long ago. The dead stay until a person has decided.
pub(crate) async fn sweep(tx: &mut Tx) -> Result<u64, Error> {
    let before = tx.now().minus(tx.shared().keep_jobs);
    let sql = "DELETE FROM tidings_jobs WHERE id IN (SELECT id FROM tidings_jobs
        WHERE state IN ('done', 'cancelled') AND finished_at < $1
        ORDER BY finished_at LIMIT 1000)";
    tx.execute(sql, params![before]).await
}
