//! Jobs: work that a service owes itself, now, later, or on a schedule.

mod claim;
mod crew;
mod kind;
mod operator;
mod queue;
mod run;
mod runner;
mod schedule;
mod table;

use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use kind::{Ended, JobKind, Kinds, Outside, Transactional};
pub use kind::{JobHandler, OutsideJobHandler};
pub use operator::{JobCount, cancel, children, counts, dead, get, list, retire, retry};
pub(crate) use queue::{NewJob, forget, insert, sweep, wake};
pub use run::JobRun;
pub(crate) use run::{Claim, caused_by};
pub(crate) use runner::JobRunner;
pub use schedule::{Missed, Schedule, ScheduleRow, schedules};
pub(crate) use schedule::{Scheduled, enter};
pub use table::JobRow;
pub(crate) use table::{MIGRATION, MIGRATION_LIFE};

use crate::{Error, Fault, Service, Timestamp, Tx};

/// Work as data: what a later run needs to know.
///
/// ```
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct ExpireOrder {
///     order_id: uuid::Uuid,
/// }
///
/// impl tidings::Job for ExpireOrder {
///     const KIND: &'static str = "expire_order";
/// }
/// ```
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name in the table; a literal, never derived from the type.
    const KIND: &'static str;
    /// How often a failing job is tried before a person must decide.
    const ATTEMPTS_MAX: u32 = 10;
    /// How long a worker may be silent before another one takes the job over.
    const LEASE: Duration = Duration::from_secs(60);
    /// The pause after the first failure; it doubles with every further one, less up to
    /// half of it by chance, so that what failed together does not come back together.
    const BACKOFF_FIRST: Duration = Duration::from_secs(2);
    /// The longest pause after a failure.
    const BACKOFF_MOST: Duration = Duration::from_secs(3600);
    /// How many of the kind may run side by side, in all instances of the service together.
    /// One whose worker fell silent does not count.
    const CONCURRENCY: Option<u32> = None;
    /// As [`Job::CONCURRENCY`], for jobs of the same [`Job::limit_key`].
    const CONCURRENCY_PER_KEY: Option<u32> = None;

    /// Whose turn the job shares where [`Job::CONCURRENCY_PER_KEY`] is set: a customer, a host.
    fn limit_key(&self) -> Option<String> {
        None
    }
}

/// When and how a job is to run; see [`Tx::enqueue_with`].
#[derive(Clone, Debug, Default)]
pub struct Enqueue {
    run_at: Option<Timestamp>,
    priority: i32,
    unique_key: Option<String>,
}

impl Enqueue {
    /// At once, in turn.
    #[must_use]
    pub fn now() -> Self {
        Self::default()
    }

    /// Not before a moment of the service clock.
    #[must_use]
    pub fn at(run_at: Timestamp) -> Self {
        Self {
            run_at: Some(run_at),
            ..Self::default()
        }
    }

    /// Before jobs of a lower priority; 0 is usual.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// At most one unfinished job of its kind with this key; another one is not stored.
    #[must_use]
    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique_key = Some(key.into());
        self
    }
}

/// A job with its type forgotten.
fn typed<J: Job>(job: &J, how: Enqueue) -> Result<NewJob, Error> {
    let data = serde_json::to_string(job).map_err(|source| Error::Encode {
        what: J::KIND.to_owned(),
        source,
    })?;
    Ok(NewJob {
        kind: J::KIND,
        data,
        how,
        limit_key: J::CONCURRENCY_PER_KEY.and_then(|_| job.limit_key()),
        parent: None,
    })
}

/// As [`Tx::enqueue_with`]; gives the job's identifier, and wakes `parent` when it ends.
pub(crate) async fn enqueue_child<J: Job>(
    tx: &mut Tx,
    job: &J,
    how: Enqueue,
    parent: Option<crate::Uuid>,
) -> Result<Option<crate::Uuid>, Error> {
    let job = typed(job, how)?;
    insert(tx, NewJob { parent, ..job }).await
}

impl Tx {
    /// Enqueues a job that becomes real with this transaction's commit.
    ///
    /// # Errors
    /// [`Error::Undeclared`] when the service has no handler for it, and as statements.
    pub async fn enqueue<J: Job>(&mut self, job: &J) -> Result<(), Error> {
        self.enqueue_with(job, Enqueue::now()).await.map(|_| ())
    }

    /// Enqueues a job for later, with a priority or a unique key. Says whether it was
    /// stored: `false` means that an unfinished one with the same key is there already.
    ///
    /// # Errors
    /// As [`Tx::enqueue`].
    pub async fn enqueue_with<J: Job>(&mut self, job: &J, how: Enqueue) -> Result<bool, Error> {
        let enqueued = enqueue_child(self, job, how, None).await;
        self.note(enqueued).map(|id| id.is_some())
    }
}

impl Service {
    /// Runs a kind of job whose effect is in the database: `async fn(J, &mut Tx) -> Result<(), E>`.
    #[must_use]
    pub fn job<J, E, H>(mut self, handler: H) -> Self
    where
        J: Job,
        E: Fault,
        H: for<'a> JobHandler<'a, J, E>,
    {
        self.jobs
            .push(Box::new(Transactional(handler, PhantomData::<fn(J) -> E>)));
        self
    }

    /// Runs a kind of job that calls outside: `async fn(J, JobRun) -> Result<(), E>`.
    #[must_use]
    pub fn outside_job<J, E, H>(mut self, handler: H) -> Self
    where
        J: Job,
        E: Fault,
        H: OutsideJobHandler<J, E>,
    {
        self.jobs
            .push(Box::new(Outside(handler, PhantomData::<fn(J) -> E>)));
        self
    }

    /// Enqueues a job again and again; it is made out of the moment at which it fell due.
    #[must_use]
    pub fn schedule<J: Job>(
        mut self,
        schedule: Schedule,
        make: impl Fn(Timestamp) -> J + Send + Sync + 'static,
    ) -> Self {
        self.schedules.push(Scheduled::new(schedule, make));
        self
    }

    /// How long jobs that are done or cancelled stay in the table; three days by default.
    /// The dead stay until a person has decided.
    #[must_use]
    pub fn keep_finished_jobs(mut self, span: Duration) -> Self {
        self.keep_jobs = span;
        self
    }
}
