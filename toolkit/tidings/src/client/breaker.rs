//! A circuit breaker: when a target fails, it is left alone for a while, and then asked
//! carefully.
//!
//! How long depends on what has failed. A target that was asked and did not answer well may be
//! drowning, and is left alone for longer each time. One that could not be reached was not asked
//! at all, and trying costs it nothing; and one that says itself when to come back is believed.
//! Both are asked again soon, or a service that was restarted would be kept away by its callers.
//!
//! It knows no clock and no target: the time is handed in, and what it says is up to the
//! caller to keep.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

use crate::Timestamp;

/// So many failures in a row open it.
const IN_A_ROW_MAX: u32 = 5;
/// Half of the tries of a window open it too, if there were enough of them to tell.
const WINDOW_S: i64 = 10;
const WINDOW_TRIES_MIN: u32 = 20;
const OPEN_FIRST: Duration = Duration::from_secs(10);
const OPEN_MOST: Duration = Duration::from_secs(60);
/// How long a target is left alone that could not be reached, and the least of one that says
/// when to come back.
const OPEN_SOON: Duration = Duration::from_secs(1);
/// So many successful probes close it.
const PROBES: u32 = 2;
/// While a probe is on its way, others learn its outcome soon.
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// Whether a target is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakerState {
    /// It answers: every call goes through.
    Closed,
    /// It has failed too often: no call goes through until some time has passed.
    Open,
    /// The time has passed: one call at a time goes through, to see.
    HalfOpen,
}

impl BreakerState {
    /// The name, as metrics and programs read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half-open",
        }
    }
}

/// What came of a try, as far as the target is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It lives.
    Good,
    /// It was asked, and did not answer or said that it has failed.
    Bad,
    /// There was no connection: nothing was sent.
    Away,
    /// It said that it cannot now, and when to come back.
    Later(Duration),
}

impl Seen {
    /// For how long it is left alone if that was one too many, after it was for `last`.
    fn span(self, last: Option<Duration>) -> Duration {
        match (self, last) {
            (Seen::Away, _) => OPEN_SOON,
            (Seen::Later(wait), _) => wait.clamp(OPEN_SOON, OPEN_FIRST),
            (Seen::Good | Seen::Bad, None) => OPEN_FIRST,
            (Seen::Good | Seen::Bad, Some(last)) => (last * 2).clamp(OPEN_FIRST, OPEN_MOST),
        }
    }
}

/// Leave to try the target once; what came of it is told to [`Breaker::settle`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Leave {
    epoch: u64,
}

#[derive(Debug)]
enum State {
    Closed {
        window: Window,
    },
    Open {
        until: Timestamp,
        span: Duration,
    },
    HalfOpen {
        span: Duration,
        passed: u32,
        is_probing: bool,
    },
}

#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    /// Rises with every change of state: the outcome of a try says nothing about a later state.
    epoch: u64,
    in_a_row: u32,
    opened_at: Option<Timestamp>,
}

impl Breaker {
    pub(super) fn new() -> Self {
        Self {
            state: State::closed(),
            epoch: 0,
            in_a_row: 0,
            opened_at: None,
        }
    }

    pub(super) fn state(&self, now: Timestamp) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { until, .. } if now < until => BreakerState::Open,
            State::Open { .. } | State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// Failures since the last success.
    pub(super) fn in_a_row(&self) -> u32 {
        self.in_a_row
    }

    /// Since when the target has been left alone; nothing when it is not.
    pub(super) fn opened_at(&self) -> Option<Timestamp> {
        self.opened_at
    }

    /// For how long it is pointless to ask; nothing when a try may go through now.
    pub(super) fn refuses_for(&self, now: Timestamp) -> Option<Duration> {
        match self.state {
            State::Open { until, .. } if now < until => Some(until.since(now)),
            State::HalfOpen {
                is_probing: true, ..
            } => Some(PROBE_WAIT),
            _ => None,
        }
    }

    /// Lets a try through, or says when to come back.
    pub(super) fn admit(&mut self, now: Timestamp) -> Result<Leave, Duration> {
        if let Some(wait) = self.refuses_for(now) {
            return Err(wait);
        }
        if let State::Open { span, .. } = self.state {
            self.change(State::HalfOpen {
                span,
                passed: 0,
                is_probing: false,
            });
        }
        if let State::HalfOpen { is_probing, .. } = &mut self.state {
            *is_probing = true;
        }
        Ok(Leave { epoch: self.epoch })
    }

    /// Takes the outcome of a try; says so if that has changed the state.
    pub(super) fn settle(
        &mut self,
        leave: Leave,
        seen: Seen,
        now: Timestamp,
    ) -> Option<BreakerState> {
        let is_good = seen == Seen::Good;
        if leave.epoch != self.epoch {
            return None;
        }
        self.in_a_row = if is_good {
            0
        } else {
            self.in_a_row.saturating_add(1)
        };
        let next = match &mut self.state {
            State::Closed { window } => {
                window.note(is_good, now);
                let is_over = self.in_a_row >= IN_A_ROW_MAX || window.is_over();
                is_over.then(|| State::open(seen.span(None), now))
            }
            // Nobody has leave of this epoch.
            State::Open { .. } => None,
            State::HalfOpen { span, .. } if !is_good => {
                Some(State::open(seen.span(Some(*span)), now))
            }
            State::HalfOpen {
                passed, is_probing, ..
            } => {
                *passed += 1;
                *is_probing = false;
                (*passed >= PROBES).then(State::closed)
            }
        };
        let next = next?;
        match next {
            State::Open { .. } => self.opened_at = self.opened_at.or(Some(now)),
            _ => self.opened_at = None,
        }
        self.change(next);
        Some(self.state(now))
    }

    /// Takes back leave of which nothing came: the caller went away.
    pub(super) fn abandon(&mut self, leave: Leave) {
        if let State::HalfOpen { is_probing, .. } = &mut self.state
            && leave.epoch == self.epoch
        {
            *is_probing = false;
        }
    }

    fn change(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }
}

impl State {
    fn closed() -> Self {
        State::Closed {
            window: Window::default(),
        }
    }

    fn open(span: Duration, now: Timestamp) -> Self {
        let until = now.plus(span);
        State::Open { until, span }
    }
}

/// The outcomes of the last ten seconds, second by second.
#[derive(Debug, Default)]
struct Window(VecDeque<Second>);

#[derive(Debug)]
struct Second {
    at: i64,
    tries: u32,
    failed: u32,
}

impl Window {
    fn note(&mut self, is_good: bool, now: Timestamp) {
        let at = now.as_micros() / 1_000_000;
        while self
            .0
            .front()
            .is_some_and(|first| first.at <= at - WINDOW_S)
        {
            self.0.pop_front();
        }
        if self.0.back().is_none_or(|last| last.at < at) {
            let (tries, failed) = (0, 0);
            self.0.push_back(Second { at, tries, failed });
        }
        if let Some(last) = self.0.back_mut() {
            last.tries += 1;
            last.failed += u32::from(!is_good);
        }
    }

    fn is_over(&self) -> bool {
        let tries: u32 = self.0.iter().map(|second| second.tries).sum();
        let failed: u32 = self.0.iter().map(|second| second.failed).sum();
        tries >= WINDOW_TRIES_MIN && failed * 2 >= tries
    }
}

#[cfg(test)]
mod tests;
