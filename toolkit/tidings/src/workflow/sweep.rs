//! What a service does about its runs now and then: forgets old ones, and finds those that
//! nobody carries any more.

use std::time::Duration;

use super::{operate, start};
use crate::handle::Handle;
use crate::{Error, Tx, Uuid, params};

/// How long the runs that have ended are kept, and with them the keys that were used.
const KEEP: Duration = Duration::from_secs(30 * 24 * 3600);
/// Runs that are deleted at once; each with its steps and messages.
const BITE: u32 = 50;
/// Runs that a start gives another job at once.
const SLICE: u32 = 500;

/// Deletes some of the runs that ended long ago, and says how many rows that were.
///
/// A run whose workflow this build no longer has ends its job without being told; it is
/// found here, so that no run looks healthy that is not.
pub(crate) async fn sweep(tx: &mut Tx) -> Result<u64, Error> {
    find_stranded(tx).await?;
    let sql = "SELECT id FROM tidings_workflows WHERE finished_at < $1
        ORDER BY finished_at LIMIT $2";
    let before = tx.now().minus(KEEP);
    let old: Vec<(Uuid,)> = tx.query(sql, params![before, BITE]).await?;
    let mut rows = 0;
    for (id,) in old {
        for sql in [
            "DELETE FROM tidings_steps WHERE workflow_id = $1",
            "DELETE FROM tidings_workflow_messages WHERE workflow_id = $1",
            "DELETE FROM tidings_workflows WHERE id = $1",
        ] {
            rows += tx.execute(sql, params![id]).await?;
        }
    }
    Ok(rows)
}

async fn find_stranded(tx: &mut Tx) -> Result<(), Error> {
    // From the jobs, of which few are dead, and not from the runs, of which many wait.
    let sql = "SELECT j.id, coalesce(j.error, '') FROM tidings_jobs j
            JOIN tidings_workflows w ON w.job_id = j.id
            WHERE j.state = 'dead' AND w.state IN ('running', 'compensating')
        UNION ALL
        SELECT j.id, 'go on: the job that carries the run was cancelled' FROM tidings_jobs j
            JOIN tidings_workflows w ON w.job_id = j.id
            WHERE j.state = 'cancelled' AND w.state IN ('running', 'compensating')
        LIMIT $1";
    let stranded: Vec<(Uuid, String)> = tx.query(sql, params![BITE]).await?;
    for (job, error) in stranded {
        operate::stuck(tx, job, &error).await?;
    }
    Ok(())
}

/// Gives runs whose job is not there any more (a table that was lost or emptied) another one,
/// at every start: what they have done is recorded, so they go on where they were.
pub(crate) async fn carry_the_lost(service: Handle) -> Result<(), Error> {
    let sql = "SELECT w.id, w.name FROM tidings_workflows w
        LEFT JOIN tidings_jobs j ON j.id = w.job_id
        WHERE w.state IN ('running', 'compensating') AND j.id IS NULL AND w.id > $1
        ORDER BY w.id LIMIT $2";
    let mut after = String::new();
    loop {
        // Without the writer's turn: many runs may wait, and hardly ever is one lost.
        let mut conn = service.read().await?;
        let lost: Vec<(Uuid, String)> = conn.query(sql, params![&after, SLICE]).await?;
        drop(conn);
        let Some((last, _)) = lost.last() else {
            return Ok(());
        };
        after = last.to_string();
        tracing::warn!(
            service = service.name(),
            runs = lost.len(),
            "runs of workflows had lost their job"
        );
        let mut tx = service.begin_own().await?;
        for (run, name) in lost {
            let kind = start::job_kind(&name);
            if tx.shared().jobs.contains_key(kind) {
                start::carry(&mut tx, kind, run).await?;
            }
        }
        tx.commit().await?;
    }
}
