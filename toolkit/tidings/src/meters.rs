//! What a process counts of its own work, for whoever scrapes it: sent, consumed, run, and how
//! long each took. By the service clock; nothing is stored, so a restart begins at zero.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::outbox::NewEvent;
use crate::{Clock, Handle, Timestamp};

/// Upper bounds of a [`Histogram`], in seconds: those that OpenTelemetry recommends, and three
/// below, for most handlers take less than a millisecond.
pub const BOUNDS: [f64; 17] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0,
    7.5, 10.0,
];
const BOUNDS_US: [u64; BOUNDS.len()] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000, 750_000,
    1_000_000, 2_500_000, 5_000_000, 7_500_000, 10_000_000,
];

/// How often something took how long. Shared freely: an observation is two additions.
///
/// ```
/// use std::time::Duration;
/// use tidings::meters::Histogram;
///
/// let took = Histogram::default();
/// took.observe(Duration::from_millis(3));
/// took.observe(Duration::from_secs(60));
/// let seen = took.read();
/// assert_eq!((seen.count, seen.sum_s), (2, 60.003));
/// assert_eq!(seen.at_most.first(), Some(&(0.0005, 0)));
/// assert_eq!(seen.at_most.last(), Some(&(10.0, 1)));
/// ```
#[derive(Debug, Default)]
pub struct Histogram {
    /// By the bound that is not exceeded; the last is for what exceeds all.
    counts: [AtomicU64; BOUNDS.len() + 1],
    sum_us: AtomicU64,
}

/// A [`Histogram`] at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// Each bound in seconds, and how many were not above it.
    pub at_most: Vec<(f64, u64)>,
    /// How many there were.
    pub count: u64,
    /// All of them together, in seconds.
    pub sum_s: f64,
}

impl Histogram {
    /// Counts one.
    pub fn observe(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS_US.partition_point(|bound| *bound < us);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// What was counted until now.
    #[must_use]
    pub fn read(&self) -> Distribution {
        let mut count = 0;
        let mut counts = self.counts.iter().map(|one| {
            count += one.load(Ordering::Relaxed);
            count
        });
        let at_most = BOUNDS.into_iter().zip(&mut counts).collect();
        let count = counts.last().unwrap_or_default();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a sum of 285 years is right to the microsecond"
        )]
        let sum_s = self.sum_us.load(Ordering::Relaxed) as f64 / 1e6;
        Distribution {
            at_most,
            count,
            sum_s,
        }
    }
}

/// What a service has done in this process.
#[derive(Default)]
pub(crate) struct Meters {
    sent: Mutex<BTreeMap<&'static str, Arc<Publishing>>>,
    consumed: Mutex<BTreeMap<(&'static str, &'static str), Arc<Consuming>>>,
    jobs: Mutex<BTreeMap<String, Arc<Running>>>,
}

/// Of one stream.
#[derive(Default)]
struct Publishing {
    events: AtomicU64,
    commits: Histogram,
}

/// Of one subscription's share of one stream.
#[derive(Default)]
pub(crate) struct Consuming {
    events: AtomicU64,
    calls: Histogram,
}

/// Of one kind of job.
#[derive(Default)]
struct Running {
    ended: AtomicU64,
    failed: AtomicU64,
    took: Histogram,
}

/// How a run of a job has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// Done, put off, or taken over.
    Ended,
    Failed,
}

/// Events whose commit is under way.
pub(crate) struct Sending {
    of: Vec<(Arc<Publishing>, u64)>,
    began: Timestamp,
}

impl Sending {
    pub(crate) fn done(self, clock: &Clock) {
        let took = clock.now().since(self.began);
        for (stream, events) in self.of {
            stream.events.fetch_add(events, Ordering::Relaxed);
            stream.commits.observe(took);
        }
    }
}

impl Meters {
    pub(crate) fn sending(&self, events: &[NewEvent], clock: &Clock) -> Sending {
        let began = clock.now();
        let mut sent = lock(&self.sent);
        let mut of: Vec<(Arc<Publishing>, u64)> = Vec::with_capacity(1);
        let mut last = None;
        for event in events {
            match of.last_mut() {
                Some((_, count)) if last == Some(event.stream) => *count += 1,
                _ => of.push((Arc::clone(sent.entry(event.stream).or_default()), 1)),
            }
            last = Some(event.stream);
        }
        Sending { of, began }
    }

    pub(crate) fn of(&self, subscription: &'static str, stream: &'static str) -> Arc<Consuming> {
        Arc::clone(
            lock(&self.consumed)
                .entry((subscription, stream))
                .or_default(),
        )
    }

    pub(crate) fn job_ran(&self, kind: &str, run: Run, took: Duration) {
        let found = lock(&self.jobs).get(kind).map(Arc::clone);
        let of = found
            .unwrap_or_else(|| Arc::clone(lock(&self.jobs).entry(kind.to_owned()).or_default()));
        let counter = match run {
            Run::Ended => &of.ended,
            Run::Failed => &of.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        of.took.observe(took);
    }
}

impl Consuming {
    /// Events that are done with: applied, put aside, or behind one that is.
    pub(crate) fn consumed(&self, events: usize) {
        self.events.fetch_add(events as u64, Ordering::Relaxed);
    }

    /// One call of the handler for events that commit together.
    pub(crate) fn processed(&self, took: Duration) {
        self.calls.observe(took);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a service has published to one stream in this process.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The stream.
    pub stream: &'static str,
    /// Events that are committed.
    pub events: u64,
    /// How long their commits took.
    pub commits: Distribution,
}

/// What a subscription has consumed of one stream in this process.
#[derive(Clone, Debug)]
pub struct Consumed {
    /// The subscription.
    pub subscription: &'static str,
    /// The stream.
    pub stream: &'static str,
    /// Events that its cursors have passed.
    pub events: u64,
    /// How long handlers took, for events that commit together, also when they failed.
    pub calls: Distribution,
}

/// What was run of one kind of job in this process.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The kind.
    pub kind: String,
    /// Runs that have not failed.
    pub ended: u64,
    /// Runs that have.
    pub failed: u64,
    /// How long runs took.
    pub took: Distribution,
}

impl Handle {
    /// What the service has published in this process.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        let sent = lock(&self.0.meters.sent);
        let all = sent.iter().map(|(stream, of)| Sent {
            stream,
            events: of.events.load(Ordering::Relaxed),
            commits: of.commits.read(),
        });
        all.collect()
    }

    /// What the service's subscriptions have consumed in this process.
    #[must_use]
    pub fn consumed(&self) -> Vec<Consumed> {
        let consumed = lock(&self.0.meters.consumed);
        let all = consumed
            .iter()
            .map(|((subscription, stream), of)| Consumed {
                subscription,
                stream,
                events: of.events.load(Ordering::Relaxed),
                calls: of.calls.read(),
            });
        all.collect()
    }

    /// What jobs the service has run in this process.
    #[must_use]
    pub fn ran(&self) -> Vec<Ran> {
        let jobs = lock(&self.0.meters.jobs);
        let all = jobs.iter().map(|(kind, of)| Ran {
            kind: kind.clone(),
            ended: of.ended.load(Ordering::Relaxed),
            failed: of.failed.load(Ordering::Relaxed),
            took: of.took.read(),
        });
        all.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_the_same_in_seconds_and_in_microseconds() {
        let in_us = BOUNDS.map(|bound| Duration::from_secs_f64(bound).as_micros());
        assert_eq!(in_us, BOUNDS_US.map(u128::from));
    }

    #[test]
    fn what_is_as_long_as_a_bound_is_not_above_it() {
        let took = Histogram::default();
        took.observe(Duration::from_micros(500));
        took.observe(Duration::from_micros(501));
        let seen = took.read();
        assert_eq!(seen.at_most[..2], [(0.0005, 1), (0.001, 2)]);
    }
}
