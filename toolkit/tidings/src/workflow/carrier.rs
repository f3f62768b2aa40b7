//! The job that carries a run: loads it, runs its code from the top, and sees to its end.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::flow::{Flow, Parting, PartingPlace};
use super::rehearsal::Rehearsal;
use super::row::{RunState, WorkflowRow};
use super::start::{Carried, job_kind};
use super::{Workflow, WorkflowHandler, operate, store};
use crate::failure::Failure;
use crate::handle::Handle;
use crate::job::{Claim, Ended, JobKind, JobRow, JobRun};
use crate::{Error, Fate, Fault, Tx, crash};

/// Runs of the job without any progress: crashes, panics, code that never returns.
const ATTEMPTS_MAX: u32 = 20;
const BACKOFF: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

pub(super) struct Carrier<W, E, H> {
    pub(super) handler: H,
    kind: &'static str,
    types: PhantomData<fn(W) -> E>,
}

impl<W: Workflow, E, H> Carrier<W, E, H> {
    pub(super) fn new(handler: H) -> Self {
        Self {
            handler,
            kind: job_kind(W::NAME),
            types: PhantomData,
        }
    }
}

impl<W, E, H> JobKind for Carrier<W, E, H>
where
    W: Workflow,
    E: Fault,
    H: for<'a> WorkflowHandler<'a, W, E>,
{
    fn kind(&self) -> &'static str {
        self.kind
    }
    fn attempts_max(&self) -> u32 {
        ATTEMPTS_MAX
    }
    fn lease(&self) -> Duration {
        W::LEASE
    }
    fn backoff(&self) -> (Duration, Duration) {
        BACKOFF
    }
    fn run(&self, service: Handle, claim: Claim) -> BoxFuture<'_, Result<(), Failure>> {
        let run = JobRun {
            service,
            claim,
            lease: W::LEASE,
        };
        Box::pin(self.carry(run))
    }
    fn reads(&self, row: &JobRow) -> Result<(), String> {
        carried(row).map(|_| ())
    }
    fn rehearsal(&self) -> Option<&dyn Rehearsal> {
        Some(self)
    }
    /// A run whose job cannot go on is stuck, for whatever reason (F-60).
    fn ended<'a>(
        &'a self,
        row: &'a JobRow,
        end: Ended,
        error: Option<&'a str>,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let error = match end {
            Ended::Dead => error.unwrap_or("run the workflow"),
            Ended::Cancelled => "go on: the job that carries the run was cancelled",
        };
        Box::pin(operate::stuck(tx, row.id, error))
    }
    fn on_cancel<'a>(
        &'a self,
        row: &'a JobRow,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            if let Ok(Carried { run }) = serde_json::from_str(&row.data) {
                operate::ask_to_stop(tx, run).await?;
            }
            Ok(true)
        })
    }
}

fn carried(row: &JobRow) -> Result<Carried, String> {
    serde_json::from_str(&row.data).map_err(|error| format!("read job: {error}"))
}

/// How the code was left.
pub(super) enum Left<T> {
    Returned(T),
    Parted(Parting),
}

/// Runs the code until it returns or is to be left. What it returns after that counts for
/// nothing: it cannot have come from what is recorded.
pub(super) async fn drive<T>(place: &PartingPlace, code: impl Future<Output = T>) -> Left<T> {
    let mut code = pin!(code);
    poll_fn(|cx| {
        let polled = code.as_mut().poll(cx);
        match place.take() {
            Some(why) => Poll::Ready(Left::Parted(why)),
            None => polled.map(Left::Returned),
        }
    })
    .await
}

impl<W, E, H> Carrier<W, E, H>
where
    W: Workflow,
    E: Fault,
    H: for<'a> WorkflowHandler<'a, W, E>,
{
    async fn carry(&self, run: JobRun) -> Result<(), Failure> {
        let Some(row) = self.load(&run).await? else {
            return Ok(run.finish().await?.commit().await?);
        };
        crash::point("S0").await;
        check_version::<W>(&row)?;
        let input = input_of::<W>(&row)?;
        let steps = store::steps(&mut run.service().read().await?, row.id).await?;
        let place = PartingPlace::default();
        let mut flow = Flow::new(run, row, steps, W::ATTEMPTS_MAX, place.clone());
        let left = drive(&place, self.handler.call(input, &mut flow)).await;
        let error = match left {
            Left::Returned(Ok(())) => match flow.ended_well().await? {
                true => return Ok(()),
                false => None,
            },
            Left::Returned(Err(error)) if error.fate() == Fate::Wait => {
                return Err(Failure::of(&error));
            }
            Left::Returned(Err(error)) => Some(crate::chain(&error)),
            Left::Parted(Parting::Cancelled) => None,
            Left::Parted(why) => return flow.leave(why).await,
        };
        flow.begin_undoing(error).await?;
        match drive(&place, flow.undo_all()).await {
            Left::Returned(()) => flow.undone().await,
            Left::Parted(why) => flow.leave(why).await,
        }
    }

    /// The run, if this job is (still) the one that carries it.
    async fn load(&self, run: &JobRun) -> Result<Option<WorkflowRow>, Failure> {
        let Carried { run: id } = carried(&run.claim.row).map_err(Failure::hopeless)?;
        let row = store::load(&mut run.service().read().await?, id).await?;
        let ours = |row: &WorkflowRow| row.job_id == Some(run.id()) && row.finished_at.is_none();
        let Some(row) = row.filter(ours) else {
            return Ok(None);
        };
        if row.state != RunState::Stuck {
            return Ok(Some(row));
        }
        // Somebody has given the dead job another try.
        let mut tx = run.begin().await?;
        let row = operate::resume(&mut tx, row).await?;
        tx.commit().await?;
        Ok(Some(row))
    }
}

pub(super) fn input_of<W: Workflow>(row: &WorkflowRow) -> Result<W, Failure> {
    serde_json::from_str(&row.input)
        .map_err(|error| Failure::hopeless(format!("read what the run was started with: {error}")))
}

pub(super) fn check_version<W: Workflow>(row: &WorkflowRow) -> Result<(), Failure> {
    let (version, newest, oldest) = (row.version, W::VERSION, W::OLDEST);
    if version > newest {
        // While versions are changed, a newer process will carry it.
        return Err(Failure {
            fate: Fate::Wait,
            error: format!("carry a run of version {version}: this build knows {newest}"),
        });
    }
    if version < oldest {
        let text =
            format!("carry a run of version {version}: this build goes on with {oldest} and later");
        return Err(Failure::hopeless(text));
    }
    Ok(())
}

impl Flow {
    async fn leave(self, why: Parting) -> Result<(), Failure> {
        match why {
            Parting::Suspend(until) => Ok(self.run.suspend(until).await?),
            Parting::Failed(failure) => Err(failure),
            // Only steps of the code are left so, and they are not driven any more.
            Parting::Cancelled => Err(Failure::hopeless("stop while undoing".to_owned())),
            // Only whoever rehearses a run is left so.
            Parting::Rehearsed => Ok(()),
        }
    }

    /// The code has come to its end. `false` says that the run was cancelled before that.
    async fn ended_well(&mut self) -> Result<bool, Failure> {
        if self.row.ends_as == Some(RunState::Cancelled) {
            return Ok(false);
        }
        if self.row.ends_as.is_some() {
            let text = "undo the run: it had failed, and now the code ends well".to_owned();
            return Err(Failure::hopeless(text));
        }
        if let Some(misfit) = self.left_over() {
            return Err(Failure::hopeless(misfit));
        }
        let mut tx = self.run.finish().await?;
        if store::touch(&mut tx, self.row.id).await? {
            return Ok(false);
        }
        store::finish(&mut tx, self.row.id, RunState::Done).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Notes how the run will end, before anything is undone.
    async fn begin_undoing(&mut self, error: Option<String>) -> Result<(), Failure> {
        if let Some(misfit) = self.left_over_before_undoing() {
            return Err(Failure::hopeless(misfit));
        }
        if self.row.ends_as.is_some() {
            return Ok(());
        }
        if let Some(misfit) = self.left_over() {
            return Err(Failure::hopeless(misfit));
        }
        let mut tx = self.run.begin().await?;
        let cancel = store::touch(&mut tx, self.row.id).await?;
        let ends_as = match cancel {
            true => RunState::Cancelled,
            false => RunState::Failed,
        };
        store::compensate(&mut tx, self.row.id, ends_as, error.as_deref()).await?;
        tx.commit().await?;
        crash::point("S3").await;
        self.row.ends_as = Some(ends_as);
        Ok(())
    }

    async fn undone(self) -> Result<(), Failure> {
        if let Some(misfit) = self.left_over() {
            return Err(Failure::hopeless(misfit));
        }
        let state = match (self.row.ends_as, self.has_undone()) {
            (Some(RunState::Cancelled), _) => RunState::Cancelled,
            (_, true) => RunState::Compensated,
            (_, false) => RunState::Failed,
        };
        let mut tx = self.run.finish().await?;
        store::finish(&mut tx, self.row.id, state).await?;
        Ok(tx.commit().await?)
    }
}
