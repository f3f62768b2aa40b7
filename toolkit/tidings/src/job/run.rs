//! One run of a job that reaches outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::queue;
use super::table::JobRow;
use crate::handle::Handle;
use crate::{Clock, Error, Timestamp, Tx, Uuid};

/// One run of a job that calls something outside the database.
///
/// The run may be repeated: after a crash, or when the lease has run out because
/// the call took too long. What it records is recorded once: [`JobRun::finish`]
/// begins a transaction that completes the job too, and that fails with
/// [`Error::Overtaken`] when another worker has taken the job over.
pub struct JobRun {
    pub(crate) service: Handle,
    pub(crate) claim: Claim,
    pub(crate) lease: Duration,
}

/// A job that is ours until the lease has ended.
#[derive(Clone)]
pub(crate) struct Claim {
    pub(crate) row: JobRow,
    /// In microseconds, as [`Timestamp`].
    until: Arc<AtomicI64>,
}

impl Claim {
    pub(crate) fn new(row: JobRow, until: Timestamp) -> Self {
        let until = Arc::new(AtomicI64::new(until.as_micros()));
        Self { row, until }
    }

    fn holds_until(&self, until: Timestamp) {
        self.until.fetch_max(until.as_micros(), Ordering::Relaxed);
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
    /// The job's identifier.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.claim.row.id
    }

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
    /// [`Error::Overtaken`] when another worker has taken over, [`Error::Cancelled`] when
    /// somebody has asked the job to stop: pass it on, and the job ends as cancelled.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let mut tx = self.service.begin(self.context()).await?;
        let until = tx.now().plus(self.lease);
        queue::hold(&mut tx, &self.claim.row, until).await?;
        self.claim.holds_until(until);
        Ok(tx)
    }

    /// Says that the job is alive, and holds the claim for another lease. A job that runs for
    /// longer than its lease must call it, or [`JobRun::progress`] or [`JobRun::begin`], in time.
    ///
    /// # Errors
    /// As [`JobRun::begin`].
    pub async fn heartbeat(&self) -> Result<(), Error> {
        self.begin().await?.commit().await
    }

    /// Says how far the job is, in percent, and that it is alive. A lower number than one
    /// said before, by this run or an earlier one, changes nothing.
    ///
    /// # Errors
    /// As [`JobRun::begin`].
    pub async fn progress(&self, percent: u8) -> Result<(), Error> {
        let mut tx = self.service.begin(self.context()).await?;
        let until = tx.now().plus(self.lease);
        queue::progress(&mut tx, &self.claim.row, until, percent).await?;
        tx.commit().await?;
        self.claim.holds_until(until);
        Ok(())
    }

    /// Puts the job off: it runs again at that moment, and this run does not count as an
    /// attempt. Return `Ok` after it.
    ///
    /// # Errors
    /// As [`JobRun::finish`].
    pub async fn snooze(&self, until: Timestamp) -> Result<(), Error> {
        let mut tx = self.service.begin(self.context()).await?;
        let row = &self.claim.row;
        let attempts = row.attempts.saturating_sub(1);
        queue::give_back(&mut tx, row, None, until, attempts).await?;
        tx.commit().await
    }

    /// As [`JobRun::snooze`], but a wake ends it, also one that came while the job ran.
    pub(crate) async fn suspend(&self, until: Option<Timestamp>) -> Result<(), Error> {
        let mut tx = self.service.begin(self.context()).await?;
        let now = tx.now();
        queue::suspend(&mut tx, &self.claim.row, until, now).await?;
        tx.commit().await
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

    /// What the run belongs to, for calls and transactions of its own: the flow that the job
    /// was enqueued in, with the job as the cause.
    #[must_use]
    pub fn context(&self) -> crate::Context {
        caused_by(&self.claim.row)
    }
}

pub(crate) fn caused_by(row: &JobRow) -> crate::Context {
    crate::Context {
        causation_id: Some(format!("job:{}", row.id)),
        ..row.context.clone()
    }
}
