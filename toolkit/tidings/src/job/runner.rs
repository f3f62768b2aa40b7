//! Takes due jobs and runs them.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use super::queue::{self, JobRow};
use super::run::{Claim, caused_by};
use super::{Job, JobRun};
use crate::failure::{Failure, backoff, guarded};
use crate::handle::Handle;
use crate::{Error, Fate, Fault, Tx, crash};

/// Jobs that run side by side in one service.
const CONCURRENT: usize = 16;
/// Another process may have enqueued something; nobody tells us of that yet.
const POLL: Duration = Duration::from_secs(1);
/// Tries of a job whose kind this build does not know; with their backoff about half an hour.
const UNKNOWN_ATTEMPTS_MAX: u32 = 10;
const BACKOFF_FIRST: Duration = Duration::from_secs(2);
const BACKOFF_MOST: Duration = Duration::from_secs(3600);

/// A job's code, its data type forgotten.
pub(crate) trait JobKind: Send + Sync {
    fn kind(&self) -> &'static str;
    fn attempts_max(&self) -> u32;
    fn lease(&self) -> Duration;
    /// Runs the job and completes it.
    fn run(&self, service: Handle, claim: Claim) -> BoxFuture<'_, Result<(), Failure>>;
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

fn decode<J: Job>(row: &JobRow) -> Result<J, Failure> {
    serde_json::from_str(&row.data).map_err(|error| Failure::hopeless(format!("read job: {error}")))
}

impl<J, E, H> JobKind for Transactional<J, E, H>
where
    J: Job,
    E: Fault,
    H: for<'a> JobHandler<'a, J, E>,
{
    fn kind(&self) -> &'static str {
        J::KIND
    }
    fn attempts_max(&self) -> u32 {
        J::ATTEMPTS_MAX
    }
    fn lease(&self) -> Duration {
        J::LEASE
    }
    fn run(&self, service: Handle, claim: Claim) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let row = claim.row;
            let job = decode::<J>(&row)?;
            let mut tx = service.begin(caused_by(&row)).await?;
            let now = tx.now();
            // First, so that a worker that was overtaken stops before it has worked.
            queue::complete(&mut tx, &row, now).await?;
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
    fn kind(&self) -> &'static str {
        J::KIND
    }
    fn attempts_max(&self) -> u32 {
        J::ATTEMPTS_MAX
    }
    fn lease(&self) -> Duration {
        J::LEASE
    }
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
                // The handler has completed it with its own outcome.
                Err(Error::Overtaken) => Ok(()),
                Err(error) => Err(error.into()),
            }
        })
    }
}

/// Runs the jobs of one service.
pub(crate) struct JobRunner {
    service: Handle,
    kinds: Arc<HashMap<&'static str, Box<dyn JobKind>>>,
    running: FuturesUnordered<BoxFuture<'static, ()>>,
}

impl JobRunner {
    pub(crate) fn new(service: Handle, kinds: Vec<Box<dyn JobKind>>) -> Self {
        let kinds = kinds.into_iter().map(|kind| (kind.kind(), kind)).collect();
        Self {
            service,
            kinds: Arc::new(kinds),
            running: FuturesUnordered::new(),
        }
    }

    /// Runs what is due now to its end. Says whether there was anything.
    pub(crate) async fn step(&mut self) -> Result<bool, Error> {
        let claimed = self.claim().await?;
        while self.running.next().await.is_some() {}
        Ok(claimed)
    }

    /// Runs jobs as they fall due, until dropped; what is dropped in mid-run is run
    /// again when its lease has ended.
    pub(crate) async fn run_forever(&mut self) {
        let mut committed = self.service.changes();
        loop {
            let due = match self.claim_and_look_ahead().await {
                Ok(due) => due,
                Err(error) => {
                    tracing::warn!(service = self.service.name(), error = %crate::chain(&error), "jobs cannot be claimed; trying again");
                    self.service.now().plus(POLL)
                }
            };
            tokio::select! {
                Some(()) = self.running.next() => {}
                () = self.service.clock().sleep_until(due), if self.has_room() => {}
                Ok(()) = committed.changed(), if self.has_room() => {}
            }
        }
    }

    /// Finishes what is running; claims nothing more.
    pub(crate) async fn drain(&mut self) {
        while self.running.next().await.is_some() {}
    }

    fn has_room(&self) -> bool {
        self.running.len() < CONCURRENT
    }

    async fn claim_and_look_ahead(&mut self) -> Result<crate::Timestamp, Error> {
        while self.has_room() && self.claim().await? {}
        let now = self.service.now();
        let due = queue::next_due(&mut self.service.read().await?).await?;
        Ok(due.unwrap_or(now.plus(POLL)).min(now.plus(POLL)))
    }

    async fn claim(&mut self) -> Result<bool, Error> {
        if self.kinds.is_empty() {
            return Ok(false);
        }
        // Looking first keeps an idle service from taking the writer's turn.
        let now = self.service.now();
        let due = queue::next_due(&mut self.service.read().await?).await?;
        if due.is_none_or(|due| due > now) {
            return Ok(false);
        }
        let room = CONCURRENT.saturating_sub(self.running.len());
        let lease = self
            .kinds
            .values()
            .map(|kind| kind.lease())
            .max()
            .unwrap_or_default();
        let mut tx = self.service.begin_own().await?;
        let rows = queue::claim(&mut tx, now, lease, u32::try_from(room).unwrap_or(1)).await?;
        tx.commit().await?;
        crash::point("J0").await;
        let claimed = !rows.is_empty();
        for row in rows {
            let run = run_one(self.service.clone(), Arc::clone(&self.kinds), row);
            self.running.push(Box::pin(run));
        }
        Ok(claimed)
    }
}

async fn run_one(
    service: Handle,
    kinds: Arc<HashMap<&'static str, Box<dyn JobKind>>>,
    row: JobRow,
) {
    let (outcome, attempts_max) = match kinds.get(row.kind.as_str()) {
        Some(kind) if row.attempts > kind.attempts_max() => {
            // Counted when it is claimed: a job that ends the process must not do it for ever.
            let error = "the process has ended, or fallen silent, in every run".to_owned();
            (Err(Failure::hopeless(error)), 0)
        }
        Some(kind) => {
            let claim = Claim::new(row.clone(), service.now().plus(kind.lease()));
            let ended = claim.clone();
            let work = kind.run(service.clone(), claim);
            let outcome = guarded(ended.silence(service.clock()), work).await;
            (outcome, kind.attempts_max())
        }
        // Not hopeless: while versions are changed, a newer process may know it.
        None => {
            let error = format!("no code for jobs of the kind {}", row.kind);
            let fate = Fate::Retry;
            (Err(Failure { fate, error }), UNKNOWN_ATTEMPTS_MAX)
        }
    };
    crash::point("J3").await;
    if let Err(failure) = outcome {
        tracing::warn!(service = service.name(), job = %row.id, kind = row.kind, error = failure.error, "a job has failed");
        if let Err(error) = give_back(&service, &row, &failure, attempts_max).await {
            // The lease runs out and the job is taken up again.
            tracing::warn!(job = %row.id, error = %crate::chain(&error), "a failed job could not be given back");
        }
    }
}

async fn give_back(
    service: &Handle,
    row: &JobRow,
    failure: &Failure,
    attempts_max: u32,
) -> Result<(), Error> {
    let delay = backoff(
        row.attempts,
        BACKOFF_FIRST,
        BACKOFF_MOST,
        service.0.chance(),
    );
    let mut tx = service.begin_own().await?;
    let next = Some(tx.now().plus(delay));
    let (next, attempts) = match failure.fate {
        Fate::Wait => (next, row.attempts.saturating_sub(1)),
        Fate::Retry if row.attempts < attempts_max => (next, row.attempts),
        Fate::Retry | Fate::Fail => (None, row.attempts),
    };
    match queue::give_back(&mut tx, row, &failure.error, next, attempts).await {
        Ok(()) => tx.commit().await,
        Err(Error::Overtaken) => Ok(()),
        Err(error) => Err(error),
    }
}
