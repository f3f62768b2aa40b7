//! What happens to the rows of runs and steps: all SQL of a run that goes on.
//!
//! Whoever touches the rows of a job and of its run does so in this order, or two
//! transactions would wait for each other.

use super::row::{RunState, StepRow, WorkflowRow};
use crate::db::Conn;
use crate::{Error, Timestamp, Tx, Uuid, params};

pub(super) async fn load(conn: &mut Conn, id: Uuid) -> Result<Option<WorkflowRow>, Error> {
    let sql = "SELECT * FROM tidings_workflows WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

pub(super) async fn steps(conn: &mut Conn, id: Uuid) -> Result<Vec<StepRow>, Error> {
    let sql = "SELECT * FROM tidings_steps WHERE workflow_id = $1 ORDER BY position";
    conn.query(sql, params![id]).await
}

/// Notes that the run is on its way, and says whether somebody has asked it to stop.
pub(super) async fn touch(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
    let sql = "UPDATE tidings_workflows SET updated_at = $2, waiting_for = NULL
        WHERE id = $1 RETURNING cancel";
    let now = tx.now();
    let (cancel,) = tx.query_one(sql, params![id, now]).await?;
    Ok(cancel)
}

pub(super) async fn wait_for(tx: &mut Tx, id: Uuid, what: &str) -> Result<(), Error> {
    let sql = "UPDATE tidings_workflows SET waiting_for = $2 WHERE id = $1";
    tx.execute(sql, params![id, what]).await?;
    Ok(())
}

pub(super) async fn put_step(tx: &mut Tx, id: Uuid, step: &StepRow) -> Result<(), Error> {
    let sql = "INSERT INTO tidings_steps (workflow_id, position, name, kind, state, result, error,
            attempts, asks, job_id, due_at, started_at, finished_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (workflow_id, position) DO UPDATE SET state = excluded.state,
            result = excluded.result, error = excluded.error, attempts = excluded.attempts,
            asks = excluded.asks, job_id = excluded.job_id, due_at = excluded.due_at,
            finished_at = excluded.finished_at";
    let row = params![
        id,
        step.position,
        &step.name,
        step.kind,
        step.state,
        step.result.clone(),
        step.error.clone(),
        step.attempts,
        step.asks,
        step.job_id,
        step.due_at,
        step.started_at,
        step.finished_at,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Notes that from here on everything is undone, and how the run will end.
pub(super) async fn compensate(
    tx: &mut Tx,
    id: Uuid,
    ends_as: RunState,
    error: Option<&str>,
) -> Result<(), Error> {
    let sql = "UPDATE tidings_workflows SET state = 'compensating', ends_as = $2, error = $3
        WHERE id = $1";
    tx.execute(sql, params![id, ends_as, error]).await?;
    Ok(())
}

pub(super) async fn finish(tx: &mut Tx, id: Uuid, state: RunState) -> Result<(), Error> {
    let sql = "UPDATE tidings_workflows SET state = $2, finished_at = $3, updated_at = $3,
            waiting_for = NULL
        WHERE id = $1";
    let now = tx.now();
    tx.execute(sql, params![id, state, now]).await?;
    Ok(())
}

/// Takes the first message of a name that is `wanted`, and with it those before it that
/// were not. Says what it is.
pub(super) async fn take_message<T>(
    tx: &mut Tx,
    id: Uuid,
    name: &str,
    position: u32,
    mut wanted: impl FnMut(&str) -> Result<Option<T>, String>,
) -> Result<Option<(String, T)>, Error> {
    let sql = "SELECT number, data FROM tidings_workflow_messages
        WHERE workflow_id = $1 AND name = $2 AND taken_by IS NULL ORDER BY number";
    let unread: Vec<(i64, String)> = tx.query(sql, params![id, name]).await?;
    let Some(&(mut last, _)) = unread.last() else {
        return Ok(None);
    };
    let mut found = None;
    for (number, data) in unread {
        let what = || format!("message {name}");
        let decoded = wanted(&data).map_err(|reason| Error::Decode {
            what: what(),
            reason,
        });
        if let Some(message) = decoded? {
            last = number;
            found = Some((data, message));
            break;
        }
    }
    let sql = "UPDATE tidings_workflow_messages SET taken_by = $4
        WHERE workflow_id = $1 AND name = $2 AND taken_by IS NULL AND number <= $3";
    tx.execute(sql, params![id, name, last, position]).await?;
    Ok(found)
}

/// A run that gets on is none that ends every process: its job's attempts begin anew.
pub(super) async fn forget_attempts(tx: &mut Tx, job: Uuid) -> Result<(), Error> {
    let sql = "UPDATE tidings_jobs SET attempts = 1 WHERE id = $1 AND attempts > 1";
    tx.execute(sql, params![job]).await?;
    Ok(())
}

/// A child job's state, error and whether it was asked to stop; `None` when it is there no more.
pub(super) async fn child(
    tx: &mut Tx,
    job: Uuid,
) -> Result<Option<(String, Option<String>, bool)>, Error> {
    let sql = "SELECT state, error, cancel FROM tidings_jobs WHERE id = $1";
    tx.query_opt(sql, params![job]).await
}

/// A child job whose failure the run has acted upon must not be tried again by anybody.
pub(super) async fn bury_child(tx: &mut Tx, job: Uuid, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE tidings_jobs SET state = 'cancelled', finished_at = $2
        WHERE id = $1 AND state = 'dead'";
    tx.execute(sql, params![job, now]).await?;
    Ok(())
}
