//! Jobs: work that a service owes itself, now or later.

mod queue;
mod run;
mod runner;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use queue::MIGRATION;
pub use queue::{JobRow, dead, retry};
pub use run::JobRun;
pub use runner::{JobHandler, OutsideJobHandler};
pub(crate) use runner::{JobKind, JobRunner, Outside, Transactional};

use crate::{Error, Timestamp, Tx};

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
        let enqueued = queue::insert(self, job, how).await;
        self.note(enqueued)
    }
}
