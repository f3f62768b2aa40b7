//! What operators see of runs, and what they decide.

use super::row::{RunState, StepKind, StepRow, StepState, WorkflowRow};
use super::{start, store};
use crate::alert::{self, Alert};
use crate::db::Conn;
use crate::handle::Handle;
use crate::{Error, Tx, Uuid, Value, act, job, params};

/// Runs of one state or one workflow.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those in this state.
    pub state: Option<RunState>,
    /// Only those of the workflow of this name.
    pub name: Option<String>,
}

/// How many runs there are of a workflow in a state.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, crate::FromRow)]
pub struct RunCount {
    /// The workflow's name.
    pub name: String,
    /// The state.
    pub state: RunState,
    /// How many.
    pub count: u64,
}

/// Runs, newest first; before a run for the next page.
///
/// # Errors
/// As statements.
pub async fn list(
    service: &Handle,
    filter: &Filter,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Vec<WorkflowRow>, Error> {
    // Only what is asked for stands in the statement, so that the index of the state is used.
    let mut row = params![limit].to_vec();
    let mut only = String::from("TRUE");
    let mut and = |what: &str, value: Value| {
        row.push(value);
        only.push_str(&format!(" AND {what} ${}", row.len()));
    };
    if let Some(state) = filter.state {
        and("state =", state.into());
    }
    if let Some(name) = &filter.name {
        and("name =", name.into());
    }
    if let Some(before) = before {
        and("id <", before.into());
    }
    let sql = format!("SELECT * FROM tidings_workflows WHERE {only} ORDER BY id DESC LIMIT $1");
    service.read().await?.query(&sql, &row).await
}

/// How many runs have not ended, by workflow and state.
///
/// # Errors
/// As statements.
pub async fn counts(service: &Handle) -> Result<Vec<RunCount>, Error> {
    let sql = "SELECT name, state, count(*) AS count FROM tidings_workflows
        WHERE state IN ('running', 'compensating', 'stuck')
        GROUP BY name, state ORDER BY name, state";
    service.read().await?.query(sql, &[]).await
}

/// One run.
///
/// # Errors
/// As statements.
pub async fn get(conn: &mut Conn, id: Uuid) -> Result<Option<WorkflowRow>, Error> {
    store::load(conn, id).await
}

/// The run of a workflow with a key.
///
/// # Errors
/// As statements.
pub async fn find(conn: &mut Conn, name: &str, key: &str) -> Result<Option<WorkflowRow>, Error> {
    let sql = "SELECT * FROM tidings_workflows WHERE name = $1 AND key = $2";
    conn.query_opt(sql, params![name, key]).await
}

/// The steps of a run, in order.
///
/// # Errors
/// As statements.
pub async fn steps(conn: &mut Conn, id: Uuid) -> Result<Vec<StepRow>, Error> {
    store::steps(conn, id).await
}

/// Asks a run to stop: it undoes what it has done and ends as cancelled. `false` when it has
/// ended, is being undone or was asked before.
///
/// It stops before its next step, or in a pause at once; a call that is under way is waited
/// for, since what is not known to be done cannot be undone. A stuck run is tried again first.
///
/// # Errors
/// As statements.
pub async fn cancel(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
    let asked = ask_to_stop(tx, id).await?;
    if asked {
        act::record(tx, "cancel", &format!("workflow:{id}"), None).await?;
    }
    Ok(asked)
}

pub(super) async fn ask_to_stop(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
    let Some(row) = store::load(tx, id).await? else {
        return Ok(false);
    };
    let now = tx.now();
    // The job before the run: a step holds its job first, too.
    if let Some(job) = row.job_id {
        job::wake(tx, job, now).await?;
    }
    let sql = "UPDATE tidings_workflows SET cancel = TRUE
        WHERE id = $1 AND state IN ('running', 'stuck') AND ends_as IS NULL AND NOT cancel";
    let asked = tx.execute(sql, params![id]).await? == 1;
    if asked && row.state == RunState::Stuck {
        carry_again(tx, row).await?;
    }
    Ok(asked)
}

/// Gives a stuck run another try. `false` when it is not stuck (any more).
///
/// # Errors
/// As statements.
pub async fn retry(tx: &mut Tx, id: Uuid) -> Result<bool, Error> {
    let row = store::load(tx, id).await?;
    let Some(row) = row.filter(|row| row.state == RunState::Stuck) else {
        return Ok(false);
    };
    if !carry_again(tx, row).await? {
        return Ok(false);
    }
    act::record(tx, "retry", &format!("workflow:{id}"), None).await?;
    Ok(true)
}

/// Makes a stuck run's job run again, or gives it another one.
async fn carry_again(tx: &mut Tx, row: WorkflowRow) -> Result<bool, Error> {
    let now = tx.now();
    let sql = "UPDATE tidings_jobs SET state = 'ready', attempts = 0, run_at = $2,
            finished_at = NULL
        WHERE id = $1 AND state = 'dead'";
    let revived = match row.job_id {
        Some(job) => tx.execute(sql, params![job, now]).await? == 1,
        None => false,
    };
    // Two who try again at once: the second finds nothing stuck.
    let sql = "UPDATE tidings_workflows SET updated_at = $2 WHERE id = $1 AND state = 'stuck'";
    if tx.execute(sql, params![row.id, now]).await? == 0 {
        return Ok(false);
    }
    if !revived {
        start::carry(tx, start::job_kind(&row.name), row.id).await?;
    }
    resume(tx, row).await?;
    Ok(true)
}

/// Ends being stuck.
pub(super) async fn resume(tx: &mut Tx, mut row: WorkflowRow) -> Result<WorkflowRow, Error> {
    row.state = match row.ends_as {
        Some(_) => RunState::Compensating,
        None => RunState::Running,
    };
    let sql = "UPDATE tidings_workflows SET state = $2, stuck_by = NULL, waiting_for = NULL
        WHERE id = $1 AND state = 'stuck'";
    tx.execute(sql, params![row.id, row.state]).await?;
    let sql =
        "UPDATE tidings_steps SET state = CASE kind WHEN 'undo' THEN 'started' ELSE 'again' END,
            attempts = CASE kind WHEN 'undo' THEN 0 ELSE attempts END, finished_at = NULL
        WHERE workflow_id = $1 AND kind IN ('undo', 'undo_call') AND state = 'failed'";
    tx.execute(sql, params![row.id]).await?;
    alert::close(tx, alert::STUCK, &row.subject()).await?;
    Ok(row)
}

/// The job of a run has ended without the run: a person must decide.
pub(super) async fn stuck(tx: &mut Tx, job: Uuid, error: &str) -> Result<(), Error> {
    let sql = "SELECT * FROM tidings_workflows WHERE job_id = $1";
    let row: Option<WorkflowRow> = tx.query_opt(sql, params![job]).await?;
    let Some(row) = row.filter(|row| row.finished_at.is_none()) else {
        return Ok(());
    };
    let now = tx.now();
    let sql = "UPDATE tidings_workflows SET state = 'stuck', updated_at = $2, stuck_by = $3,
            waiting_for = 'a person'
        WHERE id = $1";
    tx.execute(sql, params![row.id, now, error]).await?;
    let text = format!(
        "workflow {} with the key {:?} is stuck: {error}; retry it once the cause is mended, or \
         cancel or abandon it",
        row.name, row.key
    );
    alert::open_one(tx, &Alert::stuck(&row.subject(), text)).await
}

/// What a person knows about a call, or a job, whose end the run cannot learn.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It was done, with this result.
    Done(serde_json::Value),
    /// It was not done and will not be, and why.
    Failed(String),
    /// It was not done; the call is to be made again.
    Again,
}

/// Tells a stuck run how a step has ended, and gives the run another try. `false` when the
/// run is not stuck, or the step is no call or job that is open.
///
/// # Errors
/// As statements.
pub async fn decide(
    tx: &mut Tx,
    id: Uuid,
    position: u32,
    verdict: Verdict,
    note: &str,
) -> Result<bool, Error> {
    let row = store::load(tx, id).await?;
    let Some(row) = row.filter(|row| row.state == RunState::Stuck) else {
        return Ok(false);
    };
    let open = |step: &StepRow| match step.kind {
        StepKind::Call => !matches!(step.state, StepState::Done | StepState::Failed),
        StepKind::UndoCall => step.state != StepState::Done,
        StepKind::Undo => step.state == StepState::Failed,
        StepKind::Job => step.state == StepState::Waiting && !matches!(verdict, Verdict::Again),
        _ => false,
    };
    let steps = store::steps(tx, id).await?;
    let step = steps.into_iter().find(|step| step.position == position);
    let Some(mut step) = step.filter(open) else {
        return Ok(false);
    };
    if !carry_again(tx, row).await? {
        return Ok(false);
    }
    let now = tx.now();
    match verdict {
        Verdict::Done(result) => {
            step.result = Some(result.to_string());
            step.ended(StepState::Done, now);
        }
        Verdict::Failed(error) => {
            step.error = Some(error);
            step.ended(StepState::Failed, now);
        }
        Verdict::Again => (step.state, step.due_at) = (StepState::Again, None),
    }
    store::put_step(tx, id, &step).await?;
    let subject = format!("workflow:{id} {}", step.name);
    act::record(tx, "decide", &subject, Some(note)).await?;
    Ok(true)
}

/// Gives a stuck run up, with a note that says why: it ends as failed, and nothing of it is
/// undone. `false` when it is not stuck.
///
/// # Errors
/// As statements.
pub async fn abandon(tx: &mut Tx, id: Uuid, note: &str) -> Result<bool, Error> {
    let row = store::load(tx, id).await?;
    let Some(row) = row.filter(|row| row.state == RunState::Stuck) else {
        return Ok(false);
    };
    let now = tx.now();
    if let Some(job) = row.job_id {
        store::bury_child(tx, job, now).await?;
    }
    let sql = "UPDATE tidings_workflows SET error = coalesce(error, stuck_by), stuck_by = NULL
        WHERE id = $1";
    tx.execute(sql, params![id]).await?;
    store::finish(tx, id, RunState::Failed).await?;
    for kind in [alert::STUCK, alert::UNKNOWN] {
        alert::close(tx, kind, &row.subject()).await?;
    }
    act::record(tx, "abandon", &format!("workflow:{id}"), Some(note)).await?;
    Ok(true)
}
