//! Starting a run, with the transaction that decides that there is to be one.

use super::Workflow;
use crate::job::{self, NewJob};
use crate::{Enqueue, Error, Tx, params, tx};

/// What a run's job carries.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Carried {
    pub(super) run: crate::Uuid,
}

/// The kind of the jobs that carry runs of a workflow.
pub(crate) fn job_kind(name: &str) -> &'static str {
    crate::id::interned(format!("workflow.{name}"))
}

impl Tx {
    /// Starts a run of a workflow, which becomes real with this transaction's commit. There is
    /// one run of a workflow and key: `false` says that it was started before, be it on its way
    /// or ended (the runs that ended are kept for thirty days).
    ///
    /// ```
    /// # use tidings::{Error, Flow, StepFailed, Tx, Workflow};
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Hold {
    ///     order_id: uuid::Uuid,
    /// }
    ///
    /// impl Workflow for Hold {
    ///     const NAME: &'static str = "hold";
    /// }
    ///
    /// async fn hold(tx: &mut Tx, order_id: uuid::Uuid) -> Result<bool, Error> {
    ///     tx.start(&Hold { order_id }, order_id).await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Undeclared`] when the service does not run the workflow,
    /// [`Error::Encode`] and [`Error::TooLarge`], and as statements.
    pub async fn start<W: Workflow>(
        &mut self,
        input: &W,
        key: impl std::fmt::Display + Send,
    ) -> Result<bool, Error> {
        let started = start(self, input, &key.to_string()).await;
        self.note(started)
    }
}

async fn start<W: Workflow>(tx: &mut Tx, input: &W, key: &str) -> Result<bool, Error> {
    let encode = |source| Error::Encode {
        what: W::NAME.to_owned(),
        source,
    };
    let kind = job_kind(W::NAME);
    if !tx.shared().jobs.contains_key(kind) {
        return Err(Error::Undeclared {
            what: format!("workflow {}", W::NAME),
        });
    }
    let text = serde_json::to_string(input).map_err(encode)?;
    tx::check_size(W::NAME, text.len())?;
    let now = tx.now();
    let id = crate::uuid_at(now);
    let context = tx.context().clone();
    let row = params![
        id,
        W::NAME,
        W::VERSION,
        key,
        text,
        now,
        context.actor,
        context.correlation_id,
        context.causation_id,
    ];
    let sql = "INSERT INTO tidings_workflows (id, name, version, key, state, input, created_at,
            updated_at, actor, correlation_id, causation_id)
        VALUES ($1, $2, $3, $4, 'running', $5, $6, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    if tx.execute(sql, row).await? == 0 {
        return Ok(false);
    }
    carry(tx, kind, id).await?;
    Ok(true)
}

/// Gives a run a job that carries it.
pub(super) async fn carry(tx: &mut Tx, kind: &'static str, run: crate::Uuid) -> Result<(), Error> {
    let data = serde_json::to_string(&Carried { run }).map_err(|source| Error::Encode {
        what: kind.to_owned(),
        source,
    })?;
    let job = NewJob {
        kind,
        data,
        how: Enqueue::now(),
        limit_key: None,
        parent: None,
    };
    let job = job::insert(tx, job).await?;
    let sql = "UPDATE tidings_workflows SET job_id = $2 WHERE id = $1";
    tx.execute(sql, params![run, job]).await?;
    Ok(())
}
