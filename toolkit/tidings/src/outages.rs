//! Tells of what is away, without filling the log.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::{Clock, Timestamp, chain};

/// While something is away, the log says so again no sooner than this.
const REMIND_EVERY: Duration = Duration::from_secs(60);

/// What a process stands on and is away just now: databases, brokers, feeds.
///
/// Whoever tries again and again tells of it here. However many do, the log has one line when a
/// thing goes away, one when it is back, and one a minute in between. Cheap to clone; all clones
/// are one.
///
/// ```
/// use tidings::{Clock, Outages};
///
/// # fn main() {
/// let clock = Clock::system();
/// let outages = Outages::new(&clock);
/// let mut attempts = outages.attempts();
/// let began = clock.now();
/// // … it could not be reached:
/// attempts.failed("the broker", began, &std::fmt::Error);
/// // … and then it could:
/// attempts.worked();
/// # }
/// ```
#[derive(Clone)]
pub struct Outages(Arc<Inner>);

struct Inner {
    clock: Clock,
    known: Mutex<HashMap<String, Outage>>,
}

/// What is known of one thing that has been away.
#[derive(Clone, Copy, Debug)]
enum Outage {
    Lasts {
        since: Timestamp,
        told_at: Timestamp,
    },
    Over {
        at: Timestamp,
    },
}

/// What there is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Gone,
    Still(Duration),
    None,
}

impl Outages {
    /// Nothing is away.
    #[must_use]
    pub fn new(clock: &Clock) -> Self {
        Self(Arc::new(Inner {
            clock: clock.clone(),
            known: Mutex::default(),
        }))
    }

    /// For one who tries again and again.
    #[must_use]
    pub fn attempts(&self) -> Attempts {
        Attempts {
            outages: self.clone(),
            failing: BTreeSet::new(),
        }
    }

    fn fails(&self, what: &str, began: Timestamp, error: &str) {
        let now = self.0.clock.now();
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let news = Outage::fails(known.get(what).copied(), began, now);
        if let Some(outage) = news.1 {
            known.insert(what.to_owned(), outage);
        }
        drop(known);
        match news.0 {
            News::Gone => tracing::warn!(what, error, "away; trying again until it is back"),
            News::Still(span) => {
                tracing::warn!(what, error, away_s = span.as_secs(), "still away");
            }
            News::None => {}
        }
    }

    fn answers(&self, what: &str) {
        let now = self.0.clock.now();
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(outage) = known.get_mut(what) else {
            return;
        };
        let Outage::Lasts { since, .. } = *outage else {
            return;
        };
        *outage = Outage::Over { at: now };
        drop(known);
        tracing::warn!(what, away_s = now.since(since).as_secs(), "back");
    }
}

impl Outage {
    /// A try that began then has failed: what to say, and what is known from now on.
    fn fails(known: Option<Self>, began: Timestamp, now: Timestamp) -> (News, Option<Self>) {
        match known {
            Some(Outage::Lasts { since, told_at }) if now.since(told_at) >= REMIND_EVERY => {
                let told_at = now;
                let lasts = Outage::Lasts { since, told_at };
                (News::Still(now.since(since)), Some(lasts))
            }
            Some(Outage::Lasts { .. }) => (News::None, None),
            // Begun while it was away, and slower than the one who has found it again.
            Some(Outage::Over { at }) if began < at => (News::None, None),
            Some(Outage::Over { .. }) | None => {
                let (since, told_at) = (now, now);
                (News::Gone, Some(Outage::Lasts { since, told_at }))
            }
        }
    }
}

/// One who tries again and again, and tells how it went.
pub struct Attempts {
    outages: Outages,
    failing: BTreeSet<String>,
}

impl Attempts {
    /// A try that began then has failed, for want of this. The name stands in the log, and is
    /// how others know that they want the same.
    pub fn failed(&mut self, what: &str, began: Timestamp, error: &dyn std::error::Error) {
        self.failed_with(what, began, &chain(error));
    }

    pub(crate) fn failed_with(&mut self, what: &str, began: Timestamp, error: &str) {
        self.outages.fails(what, began, error);
        if !self.failing.contains(what) {
            self.failing.insert(what.to_owned());
        }
    }

    /// A try has found this, whoever has missed it: for those who begin anew after a fault, and
    /// know nothing of it.
    pub fn found(&mut self, what: &str) {
        self.failing.remove(what);
        self.outages.answers(what);
    }

    /// A try has found everything that it needs.
    pub fn worked(&mut self) {
        for what in std::mem::take(&mut self.failing) {
            self.outages.answers(&what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(0).plus(Duration::from_secs(seconds))
    }

    /// Twenty who try every second for three minutes.
    #[test]
    fn what_is_away_is_told_of_once_and_then_once_a_minute_however_many_miss_it() {
        let mut known = None;
        let mut told = Vec::new();
        for second in 0..180 {
            for _ in 0..20 {
                let (news, next) = Outage::fails(known, at(second), at(second));
                known = next.or(known);
                if news != News::None {
                    told.push((second, news));
                }
            }
        }
        let minute = Duration::from_secs(60);
        assert_eq!(
            told,
            [
                (0, News::Gone),
                (60, News::Still(minute)),
                (120, News::Still(2 * minute))
            ]
        );
    }

    #[test]
    fn a_try_from_before_it_was_back_does_not_say_that_it_has_gone_again() {
        let over = Some(Outage::Over { at: at(9) });
        assert_eq!(Outage::fails(over, at(8), at(10)).0, News::None);
        assert_eq!(Outage::fails(over, at(9), at(10)).0, News::Gone);
    }

    #[test]
    fn who_has_found_one_thing_again_says_nothing_of_what_others_miss() {
        let clock = Clock::manual(at(0));
        let outages = Outages::new(&clock);
        let (mut one, mut other) = (outages.attempts(), outages.attempts());
        one.failed("database", at(0), &std::fmt::Error);
        other.failed("broker", at(0), &std::fmt::Error);
        one.worked();
        let is_over = |what: &str| {
            let known = outages.0.known.lock().unwrap();
            matches!(known[what], Outage::Over { .. })
        };
        assert!(is_over("database") && !is_over("broker"));
        // Who has missed it is gone, and whoever comes after finds it.
        drop(other);
        outages.attempts().found("broker");
        assert!(is_over("broker"));
    }
}
