//! What operators see of jobs, and what they decide.

use super::kind::Ended;
use super::queue;
use super::table::JobRow;
use crate::handle::Handle;
use crate::{Error, Timestamp, Tx, Uuid, params};

/// How many jobs there are of a kind in a state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, crate::FromRow)]
pub struct JobCount {
    /// The kind.
    pub kind: String,
    /// `ready`, `running` or `dead`.
    pub state: String,
    /// How many.
    pub count: u64,
    /// The oldest moment at which one of them is or was due.
    pub oldest: Timestamp,
}

/// Jobs that a person must decide about, newest first.
///
/// # Errors
/// As statements.
pub async fn dead(service: &Handle, limit: u32) -> Result<Vec<JobRow>, Error> {
    let sql = "SELECT * FROM tidings_jobs WHERE state = 'dead' ORDER BY id DESC LIMIT $1";
    service.read().await?.query(sql, params![limit]).await
}

/// Jobs, newest first; of one state and one kind where they are given, before a job for
/// the next page.
///
/// # Errors
/// As statements.
pub async fn list(
    service: &Handle,
    state: Option<&str>,
    kind: Option<&str>,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Vec<JobRow>, Error> {
    // Spelled out, so that the index of the state is used: few of many jobs are not done.
    let of_state = match state {
        None => "",
        Some("ready") => "AND state = 'ready' AND state IN ('ready', 'running')",
        Some("running") => "AND state = 'running'",
        Some("dead") => "AND state = 'dead'",
        Some("done") => "AND state = 'done'",
        Some("cancelled") => "AND state = 'cancelled'",
        Some(_) => "AND FALSE",
    };
    let sql = format!(
        "SELECT * FROM tidings_jobs WHERE ($1 = '' OR kind = $1) AND ($2 = '' OR id < $2) {of_state}
         ORDER BY id DESC LIMIT $3"
    );
    let before = before.map(|id| id.to_string()).unwrap_or_default();
    let row = params![kind.unwrap_or(""), before, limit];
    service.read().await?.query(&sql, row).await
}

/// One job.
///
/// # Errors
/// As statements.
pub async fn get(service: &Handle, id: Uuid) -> Result<Option<JobRow>, Error> {
    let sql = "SELECT * FROM tidings_jobs WHERE id = $1";
    service.read().await?.query_opt(sql, params![id]).await
}

/// Jobs that wake this one when they end, newest first; a hundred at the most.
///
/// # Errors
/// As statements.
pub async fn children(service: &Handle, parent: Uuid) -> Result<Vec<JobRow>, Error> {
    let sql = "SELECT * FROM tidings_jobs WHERE parent = $1 ORDER BY id DESC LIMIT 100";
    service.read().await?.query(sql, params![parent]).await
}

/// How many jobs wait, run or are dead, by kind and state. Finished ones are not counted:
/// there may be millions of them.
///
/// # Errors
/// As statements.
pub async fn counts(service: &Handle) -> Result<Vec<JobCount>, Error> {
    let sql = "SELECT kind, state, count(*) AS count, min(run_at) AS oldest FROM tidings_jobs
            WHERE state IN ('ready', 'running') GROUP BY kind, state
        UNION ALL
        SELECT kind, state, count(*), min(run_at) FROM tidings_jobs
            WHERE state = 'dead' GROUP BY kind, state
        ORDER BY 1, 2";
    service.read().await?.query(sql, &[]).await
}

/// Gives a dead job a new set of attempts. `false` when it is not dead (any more).
///
/// # Errors
/// As statements.
pub async fn retry(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
    let sql = "UPDATE tidings_jobs SET state = 'ready', attempts = 0, run_at = $2,
            finished_at = NULL
        WHERE id = $1 AND state = 'dead'";
    let now = tx.now();
    let changed = tx.execute(sql, params![id, now]).await? == 1;
    if changed {
        crate::act::record(tx, "retry", &format!("job:{id}"), None).await?;
    }
    Ok(changed)
}

/// Ends every job of a kind that the service no longer has, as cancelled, and says how many:
/// for the start of a version that does their work in another way. A worker of the version
/// before that is in the middle of one cannot complete it.
///
/// # Errors
/// As statements.
pub async fn retire(tx: &mut Tx, kind: &str) -> Result<u64, Error> {
    let sql = "UPDATE tidings_jobs SET state = 'cancelled', cancel = TRUE, finished_at = $2
        WHERE kind = $1 AND state IN ('ready', 'running', 'dead')";
    let now = tx.now();
    tx.execute(sql, params![kind, now]).await
}

/// Stops a job: one that waits, or is dead, ends as cancelled; one that runs is asked to stop
/// and learns it at its next [`JobRun::begin`](crate::JobRun::begin), heartbeat or progress.
/// `false` when it is done or cancelled already.
///
/// A run that is not asked in time finishes: its job is then done, not cancelled.
///
/// # Errors
/// As statements.
pub async fn cancel(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
    let sql = tx.dialect().pick(
        "SELECT * FROM tidings_jobs WHERE id = $1",
        "SELECT * FROM tidings_jobs WHERE id = $1 FOR UPDATE",
    );
    let job: Option<JobRow> = tx.query_opt(sql, params![id]).await?;
    let open = |job: &JobRow| ["ready", "running", "dead"].contains(&job.state.as_str());
    let Some(job) = job.filter(open) else {
        return Ok(false);
    };
    crate::act::record(tx, "cancel", &format!("job:{id}"), None).await?;
    let kinds = std::sync::Arc::clone(&tx.shared().jobs);
    if let Some(kind) = kinds.get(&job.kind)
        && kind.on_cancel(&job, tx).await?
    {
        return Ok(true);
    }
    if job.state == "running" {
        let sql = "UPDATE tidings_jobs SET cancel = TRUE WHERE id = $1";
        tx.execute(sql, params![id]).await?;
        return Ok(true);
    }
    let now = tx.now();
    let sql = "UPDATE tidings_jobs SET state = 'cancelled', cancel = TRUE, finished_at = $2
        WHERE id = $1";
    tx.execute(sql, params![id, now]).await?;
    queue::ended(tx, &job, Ended::Cancelled, None).await?;
    Ok(true)
}
