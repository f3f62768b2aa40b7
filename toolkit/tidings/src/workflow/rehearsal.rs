//! Rehearsing a run: its code goes over what is recorded, and is left before it would do anything.
//!
//! What it shows is whether a build can go on with runs that another one has begun: whether it
//! knows their versions, reads what they were started with and the results of their steps, asks
//! for the same steps in the same order, and reads the messages for which it waits next.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::carrier::{Carrier, Left, check_version, drive, input_of};
use super::flow::{Flow, Parting, PartingPlace};
use super::message::Told;
use super::row::{StepRow, WorkflowRow};
use super::{Workflow, WorkflowHandler, store};
use crate::db::Conn;
use crate::failure::{Failure, guarded};
use crate::handle::Handle;
use crate::job::{Claim, JobRow, JobRun};
use crate::{Clock, Error, Fault, Timestamp, params};

/// Code that only goes over what is recorded is done long before.
const LIMIT: Duration = Duration::from_secs(10);

/// What is recorded of a run.
pub(crate) struct Recorded {
    pub(crate) run: WorkflowRow,
    /// The job that carries it, where it has one.
    job: Option<JobRow>,
    steps: Vec<StepRow>,
    /// What it was told and has not taken, by name.
    messages: Vec<(String, String)>,
}

impl Recorded {
    /// All that its code reads, as one JSON text.
    pub(crate) fn data(&self) -> String {
        let results = self.steps.iter().filter_map(|step| step.result.as_deref());
        let told = self.messages.iter().map(|(_, data)| data.as_str());
        let input = self.run.input.as_str();
        let all: Vec<&str> = std::iter::once(input).chain(results).chain(told).collect();
        format!("[{}]", all.join(","))
    }

    pub(crate) async fn read(conn: &mut Conn, run: WorkflowRow) -> Result<Self, Error> {
        let sql = "SELECT * FROM tidings_jobs WHERE id = $1";
        let job = match run.job_id {
            Some(id) => conn.query_opt(sql, params![id]).await?,
            None => None,
        };
        let sql = "SELECT name, data FROM tidings_workflow_messages
            WHERE workflow_id = $1 AND taken_by IS NULL ORDER BY number";
        Ok(Self {
            job,
            steps: store::steps(conn, run.id).await?,
            messages: conn.query(sql, params![run.id]).await?,
            run,
        })
    }
}

/// Code of a workflow, its type forgotten, that can go over what is recorded of a run.
pub(crate) trait Rehearsal: Send + Sync {
    /// Whether the code could go on with the run.
    ///
    /// # Errors
    /// Why the run would be stuck.
    fn rehearse(&self, service: Handle, recorded: Recorded) -> BoxFuture<'_, Result<(), String>>;
}

impl<W, E, H> Rehearsal for Carrier<W, E, H>
where
    W: Workflow,
    E: Fault,
    H: for<'a> WorkflowHandler<'a, W, E>,
{
    fn rehearse(&self, service: Handle, recorded: Recorded) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let expired = Clock::system();
            let rehearsed = guarded(expired.sleep(LIMIT), self.go_over(service, recorded));
            rehearsed.await.map_err(|failure| failure.error)
        })
    }
}

impl<W, E, H> Carrier<W, E, H>
where
    W: Workflow,
    E: Fault,
    H: for<'a> WorkflowHandler<'a, W, E>,
{
    async fn go_over(&self, service: Handle, recorded: Recorded) -> Result<(), Failure> {
        check_version::<W>(&recorded.run)?;
        let input = input_of::<W>(&recorded.run)?;
        // The next look finds it one: nothing can be said of its steps without.
        let Some(job) = recorded.job else {
            return Ok(());
        };
        let run = JobRun {
            service,
            claim: Claim::new(job, Timestamp::from_micros(0)),
            lease: W::LEASE,
        };
        let (is_undone, place) = (recorded.run.ends_as.is_some(), PartingPlace::default());
        let (row, steps) = (recorded.run, recorded.steps);
        let mut flow = Flow::new(run, row, steps, W::ATTEMPTS_MAX, place.clone());
        flow.rehearsed_with = Some(recorded.messages);
        match drive(&place, self.handler.call(input, &mut flow)).await {
            Left::Parted(Parting::Failed(failure)) => return Err(failure),
            Left::Parted(Parting::Rehearsed | Parting::Suspend(_)) => return Ok(()),
            Left::Returned(_) | Left::Parted(Parting::Cancelled) => {}
        }
        let misfit = match is_undone {
            true => flow.left_over_before_undoing(),
            false => flow.left_over(),
        };
        if let Some(misfit) = misfit {
            return Err(Failure::hopeless(misfit));
        }
        if !is_undone {
            return Ok(());
        }
        match drive(&place, flow.undo_all()).await {
            Left::Parted(Parting::Failed(failure)) => Err(failure),
            Left::Parted(_) => Ok(()),
            Left::Returned(()) => match flow.left_over() {
                Some(misfit) => Err(Failure::hopeless(misfit)),
                None => Ok(()),
            },
        }
    }
}

impl Flow {
    /// Where a run is only rehearsed, reads the messages for which the code is about to wait.
    pub(super) async fn read_waiting<T: Told<M>, M>(&mut self) {
        let Some(waiting) = &self.rehearsed_with else {
            return;
        };
        let mut own = waiting.iter().filter(|(name, _)| name == T::NAME);
        let unread = own.find_map(|(name, text)| {
            let reason = T::read(text).err()?;
            Some(format!("read the message {name}: {reason}"))
        });
        if let Some(unread) = unread {
            self.give_up(unread).await
        }
    }
}
