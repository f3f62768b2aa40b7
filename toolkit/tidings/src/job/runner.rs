//! Takes due jobs and runs them.

use std::time::Duration;

use tokio::sync::watch;
use tracing::Span;

use super::claim::{Room, claim};
use super::crew::Crew;
use super::kind::Ended;
use super::run::Claim;
use super::table::JobRow;
use super::{queue, schedule};
use crate::failure::{Failure, backoff, guarded};
use crate::handle::Handle;
use crate::meters::Run;
use crate::spans;
use crate::{Error, Fate, Timestamp, crash};

/// How long a claim waits for room for many: a claim is a commit of its own, so one by one
/// they would cost as much as the jobs.
const GATHER: Duration = Duration::from_millis(20);
/// Another process may have enqueued something; nobody tells us of that yet.
const POLL: Duration = Duration::from_secs(1);
/// Tries of a job whose kind this build does not know; with their backoff about half an hour.
const UNKNOWN_ATTEMPTS_MAX: u32 = 10;
const UNKNOWN_BACKOFF: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(3600));

/// Runs the jobs of one service.
pub(crate) struct JobRunner {
    counter: Counter,
    crew: Crew,
    claimed_at: Timestamp,
}

/// Where jobs are fetched.
struct Counter {
    service: Handle,
}

/// What was there to fetch.
enum Fetched {
    Jobs(Vec<JobRow>),
    /// Nothing, and this is when the next job is due.
    Nothing(Option<Timestamp>),
}

impl JobRunner {
    pub(crate) fn new(service: Handle) -> Self {
        Self {
            crew: Crew::new(service.clone()),
            counter: Counter { service },
            claimed_at: Timestamp::from_micros(0),
        }
    }

    /// Runs what is due now to its end. Says whether there was anything.
    pub(crate) async fn step(&mut self) -> Result<bool, Error> {
        let fetched = self.counter.fetch(self.crew.room).await?;
        let is_work = !matches!(&fetched, Fetched::Nothing(_));
        self.begin(fetched);
        self.crew.finish().await;
        Ok(is_work)
    }

    /// Runs jobs as they fall due. Told to stop it claims nothing more and finishes what
    /// it has claimed: a claim that nobody runs would wait for the end of its lease.
    pub(crate) async fn run(&mut self, mut stop: watch::Receiver<bool>) {
        let service = self.counter.service.clone();
        let mut committed = service.changes();
        let (mut attempts, place) = (service.outages().attempts(), service.db().place());
        while !*stop.borrow() {
            let began = service.now();
            let due = match self.claim_what_is_due().await {
                Ok(due) => {
                    attempts.worked();
                    due
                }
                Err(error) => {
                    let what = match error.is_transient() {
                        true => place.clone(),
                        false => format!("{} jobs", service.name()),
                    };
                    attempts.failed(&what, began, &error);
                    service.now().plus(POLL)
                }
            };
            let is_room = !self.crew.claimable().is_none();
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                true = self.crew.one_ended() => {}
                () = service.clock().sleep_until(due), if is_room => {}
                Ok(()) = committed.changed(), if is_room => {}
            }
        }
        self.crew.finish().await;
    }

    /// Begins what is due, and says when to look again.
    async fn claim_what_is_due(&mut self) -> Result<Timestamp, Error> {
        loop {
            let now = self.counter.service.now();
            let later = now.plus(POLL);
            if self.crew.claimable().is_none() {
                return Ok(later);
            }
            let gathered = self.claimed_at.plus(GATHER);
            if self.crew.is_crowded() && now < gathered {
                return Ok(gathered);
            }
            let fetched = self.fetch_while_running().await?;
            if let Fetched::Nothing(due) = fetched {
                return Ok(due.map_or(later, |due| due.min(later)));
            }
            self.claimed_at = now;
            self.begin(fetched);
        }
    }

    /// Jobs go on while others are fetched. One of them may hold the writer's turn that the
    /// fetching waits for: were it not polled meanwhile, both would wait for ever, and every
    /// request of the service with them.
    async fn fetch_while_running(&mut self) -> Result<Fetched, Error> {
        let asked = self.crew.claimable();
        let Self { counter, crew, .. } = self;
        let mut fetching = std::pin::pin!(counter.fetch(asked));
        loop {
            tokio::select! {
                fetched = &mut fetching => return fetched,
                true = crew.one_ended() => {}
            }
        }
    }

    fn begin(&mut self, fetched: Fetched) {
        if let Fetched::Jobs(rows) = fetched {
            self.crew.take(rows);
        }
    }
}

impl Counter {
    /// Claims what is due, as far as there is room.
    async fn fetch(&self, room: Room) -> Result<Fetched, Error> {
        // Looking first keeps an idle service from taking the writer's turn.
        let now = self.service.now();
        let mut conn = self.service.read().await?;
        let due = queue::next_due(&mut conn).await?;
        let schedules = schedule::due(&mut conn, &self.service.0.schedules).await?;
        drop(conn);
        let next = due
            .into_iter()
            .chain(schedules.iter().map(|(_, at)| *at))
            .min();
        if next.is_none_or(|next| next > now) {
            return Ok(Fetched::Nothing(next));
        }
        let mut tx = self.service.begin_own().await?;
        let fired = schedules.iter().filter(|(_, at)| *at <= now);
        for (scheduled, at) in fired.clone() {
            schedule::fire(&mut tx, scheduled, *at).await?;
        }
        let rows = claim(&mut tx, &self.service.0.jobs, now, room).await?;
        if rows.is_empty() && fired.count() == 0 {
            // Another process was faster, or what is due is over its limit. Not committed: a
            // commit would wake this runner, which would look again without an end.
            return Ok(Fetched::Nothing(None));
        }
        tx.commit().await?;
        crash::point("J0").await;
        Ok(Fetched::Jobs(rows))
    }
}

pub(super) async fn run_one(service: &Handle, row: &JobRow) {
    let began = service.now();
    let kind = service.0.jobs.get(&row.kind);
    let (outcome, attempts_max) = match kind {
        Some(kind) if row.attempts > kind.attempts_max() => {
            // Counted when it is claimed: a job that ends the process must not do it for ever.
            let error = "the process has ended, or fallen silent, in every run".to_owned();
            (Err(Failure::hopeless(error)), 0)
        }
        Some(kind) => {
            // It may have waited since it was claimed.
            let until = service.now().plus(kind.lease()).min(row.run_at);
            let claim = Claim::new(row.clone(), until);
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
    let run = match &outcome {
        Ok(()) => Run::Ended,
        Err(_) => Run::Failed,
    };
    spans::ended(&Span::current(), "a run of a job has ended", &outcome);
    service
        .0
        .meters
        .job_ran(&row.kind, run, service.now().since(began));
    if let Err(failure) = outcome
        && let Err(error) = give_back(service, row, &failure, attempts_max).await
    {
        // The lease runs out and the job is taken up again.
        let (error, is_away) = (crate::chain(&error), error.is_away());
        match is_away {
            true => tracing::info!(error, "a failed job could not be given back"),
            false => tracing::warn!(error, "a failed job could not be given back"),
        }
    }
}

/// Gives a job whose run has failed back for later, or to a person; one that was asked to
/// stop ends.
async fn give_back(
    service: &Handle,
    row: &JobRow,
    failure: &Failure,
    attempts_max: u32,
) -> Result<(), Error> {
    let mut tx = service.begin(super::caused_by(row)).await?;
    let cancelled = match queue::is_cancelled(&mut tx, row).await {
        Ok(cancelled) => cancelled,
        Err(Error::Overtaken) => return Ok(()),
        Err(error) => return Err(error),
    };
    if cancelled {
        queue::end(&mut tx, row, Ended::Cancelled, None).await?;
        return tx.commit().await;
    }
    tracing::warn!(error = failure.error, "a job has failed");
    let next = next_try(service, row);
    let error = Some(failure.error.as_str());
    match failure.fate {
        Fate::Wait => {
            let attempts = row.attempts.saturating_sub(1);
            queue::give_back(&mut tx, row, error, next, attempts).await?;
        }
        Fate::Retry if row.attempts < attempts_max => {
            queue::give_back(&mut tx, row, error, next, row.attempts).await?;
        }
        Fate::Retry | Fate::Fail => queue::end(&mut tx, row, Ended::Dead, error).await?,
    }
    tx.commit().await
}

fn next_try(service: &Handle, row: &JobRow) -> Timestamp {
    let kind = service.0.jobs.get(&row.kind);
    let (first, most) = kind.map_or(UNKNOWN_BACKOFF, |kind| kind.backoff());
    let chance = service.0.chance();
    service
        .now()
        .plus(backoff(row.attempts, first, most, chance))
}
