//! One run of a job that reaches outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::queue::{self, JobRow};
use crate::handle::Handle;
use crate::{Clock, Error, Timestamp, Tx};

/// One run of a job that calls something outside the database.
///
/// The run may be repeated: after a crash, or when the lease has run out because
/// the call took too long. What it records is recorded once: [`JobRun::finish`]
/// begins a transaction that completes the job too, and that fails with
/// [`Error::Overtaken`] when another worker has taken the job over.
pub struct JobRun {
    pub(super) service: Handle,
    pub(super) claim: Claim,
    pub(super) lease: Duration,
}

/// A job that is ours until the lease has ended.
#[derive(Clone)]
pub(crate) struct Claim {
    pub(super) row: JobRow,
    /// In microseconds, as [`Timestamp`].
    until: Arc<AtomicI64>,
}

impl Claim {
    pub(super) fn new(row: JobRow, until: Timestamp) -> Self {
        let until = Arc::new(AtomicI64::new(until.as_micros()));
        Self { row, until }
    }

    fn until(&self) -> Timestamp {
        Timestamp::from_micros(self.until.load(Ordering::Relaxed))
    }

    /// Waits until the job has been silent for a whole lease.
    pub(super) async fn silence(self, clock: &Clock) {
        while clock.now() < self.until() {
            clock.sleep_until(self.until()).await;
        }
    }
}

impl JobRun {
    /// The service that the job belongs to.
    #[must_use]
    pub fn service(&self) -> &Handle {
        &self.service
    }

    /// Which try this is, counted from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.claim.row.attempts
    }

    /// The same for every run of this job: a key for the other side to recognise a repeated call.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        self.claim.row.id.to_string()
    }

    /// Begins a transaction in the middle of the job; it also holds the claim for another lease.
    ///
    /// # Errors
    /// [`Error::Overtaken`] when another worker has taken over.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let mut tx = self.service.begin(self.context()).await?;
        let until = tx.now().plus(self.lease);
        queue::extend(&mut tx, &self.claim.row, until).await?;
        self.claim
            .until
            .fetch_max(until.as_micros(), Ordering::Relaxed);
        Ok(tx)
    }

    /// Begins the transaction that records the outcome and completes the job.
    ///
    /// # Errors
    /// [`Error::Overtaken`] when another worker has taken over.
    pub async fn finish(&self) -> Result<Tx, Error> {
        let mut tx = self.service.begin(self.context()).await?;
        let now = tx.now();
        queue::complete(&mut tx, &self.claim.row, now).await?;
        Ok(tx)
    }

    pub(super) fn context(&self) -> crate::Context {
        caused_by(&self.claim.row)
    }
}

pub(super) fn caused_by(row: &JobRow) -> crate::Context {
    crate::Context {
        causation_id: Some(format!("job:{}", row.id)),
        ..row.context.clone()
    }
}
