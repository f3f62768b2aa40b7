//! All that one service knows of one target: whether it answers, who is asking, what came of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use serde::Serialize;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Calls;
use super::attempt::NoConnection;
use super::breaker::{Breaker, BreakerState, Leave, Seen};
use super::error::CallError;
use super::network::Way;
use crate::{Clock, Fate, Fault, ServiceTokens, Timestamp, chain};

/// While a target is left alone, the log says so again no sooner than this.
const REMIND_EVERY: Duration = Duration::from_secs(60);

/// How a call ended, for the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With what was asked for.
    Answered,
    /// With a redirect or a 4xx.
    Refused,
    /// With a 5xx.
    Failed,
    /// Without a connection, or with a broken one.
    Unreachable,
    /// Without an answer in time.
    TimedOut,
    /// Not sent: the breaker was open.
    Open,
    /// Not sent: too many were under way.
    Full,
    /// With an answer that could not be read.
    Unreadable,
    /// Not sent: it could not be written.
    Unsendable,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 9] = [
        Outcome::Answered,
        Outcome::Refused,
        Outcome::Failed,
        Outcome::Unreachable,
        Outcome::TimedOut,
        Outcome::Open,
        Outcome::Full,
        Outcome::Unreadable,
        Outcome::Unsendable,
    ];

    /// The name, as metrics and programs read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Answered => "answered",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
            Outcome::Unreachable => "unreachable",
            Outcome::TimedOut => "timed_out",
            Outcome::Open => "open",
            Outcome::Full => "full",
            Outcome::Unreadable => "unreadable",
            Outcome::Unsendable => "unsendable",
        }
    }

    fn of<T>(result: &Result<T, CallError>) -> Self {
        match result {
            Ok(_) => Outcome::Answered,
            Err(CallError::Refused { .. }) => Outcome::Refused,
            Err(CallError::Failed { .. }) => Outcome::Failed,
            Err(CallError::Unreachable { .. }) => Outcome::Unreachable,
            Err(CallError::TimedOut { .. }) => Outcome::TimedOut,
            Err(CallError::Open { .. }) => Outcome::Open,
            Err(CallError::Full { .. }) => Outcome::Full,
            Err(CallError::Unreadable { .. }) => Outcome::Unreadable,
            Err(CallError::Unsendable { .. }) => Outcome::Unsendable,
        }
    }
}

/// What is known of the calls from one service to another, in this process since its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallStatus {
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// Whether calls go over the network, and not to a service in the same process.
    pub is_remote: bool,
    /// Whether the target is asked.
    pub state: BreakerState,
    /// Failures since the last success.
    pub failures: u32,
    /// Calls that are under way.
    pub in_flight: usize,
    /// Since when the target has been left alone.
    pub opened_at: Option<Timestamp>,
    /// What went wrong last; nothing once it has gone well again.
    pub last_error: Option<String>,
    /// Every try that was sent.
    pub tries: u64,
    /// How many calls ended in which way.
    pub outcomes: BTreeMap<Outcome, u64>,
}

pub(crate) struct Channel {
    from: Arc<str>,
    to: Arc<str>,
    way: Way,
    tokens: Option<ServiceTokens>,
    limits: Calls,
    clock: Clock,
    random: Mutex<StdRng>,
    at_once: Semaphore,
    book: Mutex<Book>,
}

struct Book {
    breaker: Breaker,
    last_error: Option<String>,
    /// When it was last said that the target is left alone; nothing when it is not.
    told_at: Option<Timestamp>,
    tries: u64,
    counts: [u64; Outcome::ALL.len()],
}

impl Channel {
    pub(super) fn new(
        (from, to): (&str, &str),
        (way, tokens): (Way, Option<ServiceTokens>),
        limits: Calls,
        clock: Clock,
        random: Mutex<StdRng>,
    ) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            way,
            tokens,
            at_once: Semaphore::new(limits.at_once_max),
            limits,
            clock,
            random,
            book: Mutex::new(Book {
                breaker: Breaker::new(),
                last_error: None,
                told_at: None,
                tries: 0,
                counts: [0; Outcome::ALL.len()],
            }),
        }
    }

    pub(super) fn from(&self) -> &str {
        &self.from
    }

    pub(super) fn to(&self) -> Arc<str> {
        Arc::clone(&self.to)
    }

    pub(super) fn way(&self) -> &Way {
        &self.way
    }

    /// What shows the target who calls, where the call leaves the process.
    pub(super) fn service_token(&self) -> Option<String> {
        let tokens = self.tokens.as_ref();
        let tokens = tokens.filter(|_| matches!(self.way, Way::Remote { .. }))?;
        Some(tokens.sign(&self.from, &self.to, self.now()))
    }

    /// Whether a service has shown with this token that it calls the target.
    pub(super) fn is_for_target(&self, token: &str) -> bool {
        let tokens = self.tokens.as_ref();
        tokens.is_some_and(|tokens| tokens.verify(token, &self.to, self.now()).is_some())
    }

    pub(super) fn limits(&self) -> &Calls {
        &self.limits
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A number from 0 to 1 for jitter.
    pub(super) fn chance(&self) -> f64 {
        self.random().random()
    }

    /// The name of one call in a trace; never zero, which the format forbids.
    pub(super) fn span_id(&self) -> u64 {
        self.random().random_range(1..=u64::MAX)
    }

    fn random(&self) -> MutexGuard<'_, StdRng> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leave and a place for one try, or the error that says why there is none.
    pub(super) async fn admit(&self) -> Result<Try<'_>, CallError> {
        let open = |retry_after| CallError::Open {
            to: self.to(),
            retry_after,
        };
        // Before the queue, or calls would wait there for a target that is not asked anyway.
        if let Some(wait) = self.book().breaker.refuses_for(self.now()) {
            return Err(open(wait));
        }
        let place = tokio::select! {
            biased;
            place = self.at_once.acquire() => place.ok(),
            () = self.clock.sleep(self.limits.queue_wait) => None,
        };
        let Some(place) = place else {
            return Err(CallError::Full { to: self.to() });
        };
        let mut book = self.book();
        let leave = book.breaker.admit(self.now()).map_err(open)?;
        book.tries += 1;
        Ok(Try {
            channel: self,
            leave: Some(leave),
            _place: place,
        })
    }

    pub(super) fn count<T>(&self, result: &Result<T, CallError>) {
        let outcome = Outcome::of(result);
        let mut book = self.book();
        for (known, count) in Outcome::ALL.iter().zip(&mut book.counts) {
            *count += u64::from(*known == outcome);
        }
    }

    pub(super) fn status(&self) -> CallStatus {
        let now = self.now();
        let book = self.book();
        CallStatus {
            from: self.from.to_string(),
            to: self.to.to_string(),
            is_remote: matches!(self.way, Way::Remote { .. }),
            state: book.breaker.state(now),
            failures: book.breaker.in_a_row(),
            in_flight: self.limits.at_once_max - self.at_once.available_permits(),
            opened_at: book.breaker.opened_at(),
            last_error: book.last_error.clone(),
            tries: book.tries,
            outcomes: Outcome::ALL.into_iter().zip(book.counts).collect(),
        }
    }
}

/// A try under way. Dropped without an outcome it says nothing about the target.
pub(super) struct Try<'a> {
    channel: &'a Channel,
    leave: Option<Leave>,
    _place: SemaphorePermit<'a>,
}

impl Try<'_> {
    /// Tells the breaker: no connection, no answer in time and 5xx are failures of the target;
    /// a 4xx shows that it lives.
    pub(super) fn end<T>(mut self, result: &Result<T, CallError>) {
        let Some(leave) = self.leave.take() else {
            return;
        };
        let channel = self.channel;
        let seen = result.as_ref().err().map_or(Seen::Good, seen);
        let failure = result.as_ref().err().filter(|_| seen != Seen::Good);
        let now = channel.now();
        let mut book = channel.book();
        book.last_error = failure.map(|error| chain(error));
        let change = book.breaker.settle(leave, seen, now);
        let wait = book.breaker.refuses_for(now);
        // Probes that fail change the state too, every second while it cannot be reached.
        let is_news = match change {
            Some(BreakerState::Closed) => book.told_at.take().is_some(),
            Some(_) => {
                let is_due = book.told_at.is_none_or(|at| now.since(at) >= REMIND_EVERY);
                book.told_at = if is_due { Some(now) } else { book.told_at };
                is_due
            }
            None => false,
        };
        drop(book);
        if let (Some(state), true) = (change, is_news) {
            tell(channel, state, wait, failure);
        }
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        if let Some(leave) = self.leave.take() {
            self.channel.book().breaker.abandon(leave);
        }
    }
}

/// What an error says of the target.
fn seen(error: &CallError) -> Seen {
    match error {
        CallError::Unreachable { source, .. } => {
            let ours = source.downcast_ref::<reqwest::Error>();
            let is_away =
                ours.is_some_and(reqwest::Error::is_connect) || source.is::<NoConnection>();
            match is_away {
                true => Seen::Away,
                false => Seen::Bad,
            }
        }
        CallError::Failed { .. } if error.fate() == Fate::Wait => {
            error.retry_after().map_or(Seen::Bad, Seen::Later)
        }
        CallError::Failed { .. } | CallError::TimedOut { .. } => Seen::Bad,
        _ => Seen::Good,
    }
}

fn tell(channel: &Channel, state: BreakerState, wait: Option<Duration>, error: Option<&CallError>) {
    let (from, to) = (channel.from(), &*channel.to);
    match error {
        Some(error) => tracing::warn!(
            from,
            to,
            state = state.name(),
            wait_ms = wait.map(|wait| wait.as_millis()),
            error = %chain(error),
            "the target of calls is left alone for a while"
        ),
        None => tracing::warn!(
            from,
            to,
            state = state.name(),
            "the target of calls answers again"
        ),
    }
}
