//! The code of a kind of job, its data type forgotten.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::queue;
use super::run::{Claim, caused_by};
use super::table::JobRow;
use super::{Job, JobRun};
use crate::failure::Failure;
use crate::handle::Handle;
use crate::workflow::Rehearsal;
use crate::{Error, Fault, Tx};

/// How a job ended that was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It has failed too often; a person must decide.
    Dead,
    /// Somebody has asked it to stop.
    Cancelled,
}

impl Ended {
    pub(super) fn state(self) -> &'static str {
        match self {
            Ended::Dead => "dead",
            Ended::Cancelled => "cancelled",
        }
    }
}

/// A job's code, its data type forgotten.
pub(crate) trait JobKind: Send + Sync {
    fn kind(&self) -> &'static str;
    fn attempts_max(&self) -> u32;
    fn lease(&self) -> Duration;
    /// The first pause after a failure, and the longest.
    fn backoff(&self) -> (Duration, Duration);
    /// Whether it mostly waits for somebody outside.
    fn is_outside(&self) -> bool {
        true
    }
    /// How many may run side by side, in all instances of the service.
    fn limit(&self) -> Option<u32> {
        None
    }
    /// As [`JobKind::limit`], of one limit key.
    fn limit_per_key(&self) -> Option<u32> {
        None
    }
    /// Whether this build can read a job of the kind; it runs nothing.
    ///
    /// # Errors
    /// Why not, as it would be said of a dead job.
    fn reads(&self, row: &JobRow) -> Result<(), String>;
    /// How this build reads the runs that jobs of the kind carry, where they carry any.
    fn rehearsal(&self) -> Option<&dyn Rehearsal> {
        None
    }
    /// Runs the job and completes it.
    fn run(&self, service: Handle, claim: Claim) -> BoxFuture<'_, Result<(), Failure>>;
    /// Called in the transaction in which a job ends without being done.
    fn ended<'a>(
        &'a self,
        _row: &'a JobRow,
        _end: Ended,
        _error: Option<&'a str>,
        _tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }
    /// Called when somebody asks a job to stop. `true` says that the kind sees to it itself.
    fn on_cancel<'a>(
        &'a self,
        _row: &'a JobRow,
        _tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async { Ok(false) })
    }
}

/// The kinds of jobs of a service.
#[derive(Default)]
pub(crate) struct Kinds(HashMap<&'static str, Box<dyn JobKind>>);

impl Kinds {
    pub(crate) fn new(kinds: Vec<Box<dyn JobKind>>) -> Self {
        Self(kinds.into_iter().map(|kind| (kind.kind(), kind)).collect())
    }

    pub(crate) fn contains_key(&self, kind: &str) -> bool {
        self.0.contains_key(kind)
    }

    pub(crate) fn get(&self, kind: &str) -> Option<&dyn JobKind> {
        self.0.get(kind).map(|kind| &**kind)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&&'static str, &dyn JobKind)> {
        self.0.iter().map(|(name, kind)| (name, &**kind))
    }

    pub(super) fn has_limits(&self) -> bool {
        self.0
            .values()
            .any(|kind| kind.limit().is_some() || kind.limit_per_key().is_some())
    }

    /// The longest lease; a claim of several kinds takes all of them for so long.
    pub(super) fn lease_most(&self) -> Duration {
        let leases = self.0.values().map(|kind| kind.lease());
        leases.max().unwrap_or_default()
    }
}

/// Code of a job whose effect is in the database: `async fn(J, &mut Tx) -> Result<(), E>`.
///
/// The effect, what it publishes and the job's completion commit together, so the
/// effect happens once however often the job is started.
pub trait JobHandler<'a, J, E>: Send + Sync + 'static {
    /// The running handler.
    type Future: Future<Output = Result<(), E>> + Send + 'a;
    /// Runs the job.
    fn call(&self, job: J, tx: &'a mut Tx) -> Self::Future;
}

impl<'a, J, E, F, Fut> JobHandler<'a, J, E> for F
where
    F: Fn(J, &'a mut Tx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'a,
{
    type Future = Fut;
    fn call(&self, job: J, tx: &'a mut Tx) -> Fut {
        self(job, tx)
    }
}

/// Code of a job that calls outside: `async fn(J, JobRun) -> Result<(), E>`; see [`JobRun`].
pub trait OutsideJobHandler<J, E>: Send + Sync + 'static {
    /// The running handler.
    type Future: Future<Output = Result<(), E>> + Send;
    /// Runs the job.
    fn call(&self, job: J, run: JobRun) -> Self::Future;
}

impl<J, E, F, Fut> OutsideJobHandler<J, E> for F
where
    F: Fn(J, JobRun) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
{
    type Future = Fut;
    fn call(&self, job: J, run: JobRun) -> Fut {
        self(job, run)
    }
}

pub(crate) struct Transactional<J, E, H>(pub(crate) H, pub(crate) PhantomData<fn(J) -> E>);
pub(crate) struct Outside<J, E, H>(pub(crate) H, pub(crate) PhantomData<fn(J) -> E>);

pub(crate) fn decode<J: Job>(row: &JobRow) -> Result<J, Failure> {
    serde_json::from_str(&row.data).map_err(|error| Failure::hopeless(format!("read job: {error}")))
}

/// What a kind takes from its job's constants.
macro_rules! constants_of {
    ($job:ident) => {
        fn kind(&self) -> &'static str {
            $job::KIND
        }
        fn attempts_max(&self) -> u32 {
            $job::ATTEMPTS_MAX
        }
        fn lease(&self) -> Duration {
            $job::LEASE
        }
        fn backoff(&self) -> (Duration, Duration) {
            ($job::BACKOFF_FIRST, $job::BACKOFF_MOST)
        }
        fn limit(&self) -> Option<u32> {
            $job::CONCURRENCY
        }
        fn limit_per_key(&self) -> Option<u32> {
            $job::CONCURRENCY_PER_KEY
        }
        fn reads(&self, row: &JobRow) -> Result<(), String> {
            let read = decode::<$job>(row);
            read.map(|_| ()).map_err(|failure| failure.error)
        }
    };
}

impl<J, E, H> JobKind for Transactional<J, E, H>
where
    J: Job,
    E: Fault,
    H: for<'a> JobHandler<'a, J, E>,
{
    constants_of!(J);
    fn is_outside(&self) -> bool {
        false
    }
    fn run(&self, service: Handle, claim: Claim) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let row = claim.row;
            let job = decode::<J>(&row)?;
            let mut tx = service.begin(caused_by(&row)).await?;
            let now = tx.now();
            // First, so that a worker that was overtaken stops before it has worked.
            queue::complete_unless_cancelled(&mut tx, &row, now).await?;
            self.0
                .call(job, &mut tx)
                .await
                .map_err(|error| Failure::of(&error))?;
            Ok(tx.commit().await?)
        })
    }
}

impl<J, E, H> JobKind for Outside<J, E, H>
where
    J: Job,
    E: Fault,
    H: OutsideJobHandler<J, E>,
{
    constants_of!(J);
    fn run(&self, service: Handle, claim: Claim) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let row = claim.row.clone();
            let job = decode::<J>(&row)?;
            let run = JobRun {
                service: service.clone(),
                claim,
                lease: J::LEASE,
            };
            self.0
                .call(job, run)
                .await
                .map_err(|error| Failure::of(&error))?;
            let mut tx = service.begin(caused_by(&row)).await?;
            let now = tx.now();
            match queue::complete(&mut tx, &row, now).await {
                Ok(()) => Ok(tx.commit().await?),
                // The handler has completed it with its own outcome, or put it off.
                Err(Error::Overtaken) => Ok(()),
                Err(error) => Err(error.into()),
            }
        })
    }
}
