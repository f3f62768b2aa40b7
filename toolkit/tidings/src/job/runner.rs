//! Takes due jobs and runs them.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;

use super::queue::{self, JobRow};
use super::run::{Claim, caused_by};
use super::{Job, JobRun};
use crate::failure::{Failure, backoff, guarded};
use crate::handle::Handle;
use crate::{Error, Fate, Fault, Timestamp, Tx, crash};

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
    counter: Counter,
    running: FuturesUnordered<BoxFuture<'static, ()>>,
}

/// Where jobs are fetched.
struct Counter {
    service: Handle,
    kinds: Arc<HashMap<&'static str, Box<dyn JobKind>>>,
}

/// What was there to fetch.
enum Fetched {
    Jobs(Vec<JobRow>),
    /// Nothing, and this is when the next job is due.
    Nothing(Option<Timestamp>),
}

impl JobRunner {
    pub(crate) fn new(service: Handle, kinds: Vec<Box<dyn JobKind>>) -> Self {
        let kinds = kinds.into_iter().map(|kind| (kind.kind(), kind)).collect();
        let kinds = Arc::new(kinds);
        Self {
            counter: Counter { service, kinds },
            running: FuturesUnordered::new(),
        }
    }

    /// Runs what is due now to its end. Says whether there was anything.
    pub(crate) async fn step(&mut self) -> Result<bool, Error> {
        let fetched = self.counter.fetch(self.room()).await?;
        let is_work = matches!(&fetched, Fetched::Jobs(rows) if !rows.is_empty());
        self.begin(fetched);
        while self.running.next().await.is_some() {}
        Ok(is_work)
    }

    /// Runs jobs as they fall due. Told to stop it claims nothing more and finishes what
    /// it has claimed: a claim that nobody runs would wait for the end of its lease.
    pub(crate) async fn run(&mut self, mut stop: watch::Receiver<bool>) {
        let service = self.counter.service.clone();
        let mut committed = service.changes();
        while !*stop.borrow() {
            let due = match self.claim_what_is_due().await {
                Ok(due) => due,
                Err(error) => {
                    tracing::warn!(service = service.name(), error = %crate::chain(&error), "jobs cannot be claimed; trying again");
                    service.now().plus(POLL)
                }
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                Some(()) = self.running.next() => {}
                () = service.clock().sleep_until(due), if self.room() > 0 => {}
                Ok(()) = committed.changed(), if self.room() > 0 => {}
            }
        }
        while self.running.next().await.is_some() {}
    }

    fn room(&self) -> usize {
        CONCURRENT.saturating_sub(self.running.len())
    }

    /// Begins what is due, and says when to look again.
    async fn claim_what_is_due(&mut self) -> Result<Timestamp, Error> {
        loop {
            let later = self.counter.service.now().plus(POLL);
            if self.room() == 0 {
                return Ok(later);
            }
            let fetched = self.fetch_while_running().await?;
            if let Fetched::Nothing(due) = fetched {
                return Ok(due.map_or(later, |due| due.min(later)));
            }
            self.begin(fetched);
        }
    }

    /// Jobs go on while others are fetched. One of them may hold the writer's turn that the
    /// fetching waits for: were it not polled meanwhile, both would wait for ever, and every
    /// request of the service with them.
    async fn fetch_while_running(&mut self) -> Result<Fetched, Error> {
        let room = self.room();
        let Self { counter, running } = self;
        let mut fetching = std::pin::pin!(counter.fetch(room));
        loop {
            tokio::select! {
                fetched = &mut fetching => return fetched,
                Some(()) = running.next() => {}
            }
        }
    }

    fn begin(&mut self, fetched: Fetched) {
        let Fetched::Jobs(rows) = fetched else {
            return;
        };
        for row in rows {
            let Counter { service, kinds } = &self.counter;
            let run = run_one(service.clone(), Arc::clone(kinds), row);
            self.running.push(Box::pin(run));
        }
    }
}

impl Counter {
    /// Claims at the most so many of the jobs that are due.
    async fn fetch(&self, room: usize) -> Result<Fetched, Error> {
        if self.kinds.is_empty() {
            return Ok(Fetched::Nothing(None));
        }
        // Looking first keeps an idle service from taking the writer's turn.
        let now = self.service.now();
        let due = queue::next_due(&mut self.service.read().await?).await?;
        if due.is_none_or(|due| due > now) {
            return Ok(Fetched::Nothing(due));
        }
        let lease = self.kinds.values().map(|kind| kind.lease()).max();
        let lease = lease.unwrap_or_default();
        let mut tx = self.service.begin_own().await?;
        let rows = queue::claim(&mut tx, now, lease, u32::try_from(room).unwrap_or(1)).await?;
        tx.commit().await?;
        crash::point("J0").await;
        if rows.is_empty() {
            // Another process was faster.
            return Ok(Fetched::Nothing(None));
        }
        Ok(Fetched::Jobs(rows))
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
