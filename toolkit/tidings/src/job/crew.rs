//! The jobs that one process has claimed: those that run, and those that are next.

use std::collections::VecDeque;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tracing::Instrument;

use super::claim::Room;
use super::runner::run_one;
use super::table::JobRow;
use crate::handle::Handle;
use crate::spans;

/// Jobs that run side by side in one service. Transactions only wait for each other; calls
/// wait for somebody outside, and one that does not answer must not hold up the others (F-65).
const TRANSACTIONAL: usize = 16;
const OUTSIDE: usize = 64;
/// Transactional jobs that are claimed while others run, so that none waits for the next
/// claim. Outside ones are not: they may take long, and the claims of those that wait would
/// run out.
const AHEAD: usize = 16;

pub(super) struct Crew {
    service: Handle,
    /// Each says, when it has ended, whether it was an outside one.
    running: FuturesUnordered<BoxFuture<'static, bool>>,
    /// How many more can run.
    pub(super) room: Room,
    /// Claimed and not begun; there are some only while there is no room.
    ahead: VecDeque<JobRow>,
}

impl Crew {
    pub(super) fn new(service: Handle) -> Self {
        Self {
            service,
            running: FuturesUnordered::new(),
            room: Room {
                transactional: TRANSACTIONAL,
                outside: OUTSIDE,
            },
            ahead: VecDeque::new(),
        }
    }

    /// How many more can be claimed.
    pub(super) fn claimable(&self) -> Room {
        let transactional = self.room.transactional + AHEAD;
        Room {
            transactional: transactional.saturating_sub(self.ahead.len()),
            outside: self.room.outside,
        }
    }

    /// Whether there is so much to do that a claim can wait until it is for many.
    pub(super) fn is_crowded(&self) -> bool {
        self.ahead.len() > AHEAD / 2 || self.room.outside < OUTSIDE / 4
    }

    /// Begins claimed jobs, or keeps them until there is room.
    pub(super) fn take(&mut self, rows: Vec<JobRow>) {
        for row in rows {
            let kind = self.service.0.jobs.get(&row.kind);
            if kind.is_some_and(|kind| kind.is_outside()) {
                self.room.outside = self.room.outside.saturating_sub(1);
                self.begin(row, true);
            } else {
                self.ahead.push_back(row);
            }
        }
        self.fill();
    }

    fn fill(&mut self) {
        while self.room.transactional > 0
            && let Some(row) = self.ahead.pop_front()
        {
            // One whose lease has run out meanwhile is due again, for whoever claims it.
            if row.run_at > self.service.now() {
                self.room.transactional -= 1;
                self.begin(row, false);
            }
        }
    }

    fn begin(&mut self, row: JobRow, outside: bool) {
        let service = self.service.clone();
        self.running.push(Box::pin(async move {
            let span = spans::job(service.name(), &row);
            run_one(&service, &row).instrument(span).await;
            outside
        }));
    }

    /// Waits until a job has ended; `false` when none runs.
    pub(super) async fn one_ended(&mut self) -> bool {
        let Some(outside) = self.running.next().await else {
            return false;
        };
        match outside {
            true => self.room.outside += 1,
            false => self.room.transactional += 1,
        }
        self.fill();
        true
    }

    /// Waits until all that is claimed has ended.
    pub(super) async fn finish(&mut self) {
        while self.one_ended().await {}
    }
}
