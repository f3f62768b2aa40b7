//! How a call can end without what was asked for.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;

use super::answer::Refusal;
use crate::{Cause, Fate, Fault, Problem, chain};

/// A call that did not bring what was asked for; the name of the target is in it.
///
/// As a [`Fault`] of a job or handler it decides by itself: what time alone can heal waits
/// and counts no attempt ([`Fate::Wait`]: unreachable, open, full, 429, 502, 503), what may
/// be the fault of this very request counts one ([`Fate::Retry`]: too slow, another 5xx,
/// unreadable, and 401, 404, 408, 409, 425, which may be different tomorrow), and what the
/// other side has understood and refused goes to a person at once ([`Fate::Fail`]).
///
/// As the answer of a route it becomes a 502, 503 or 504 that says nothing of the inside.
/// A route that has better words for a refusal looks at [`CallError::status`] first.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The other side answered with a redirect or a 4xx: asking again changes nothing.
    #[error("call {to}: it answered {refusal}")]
    Refused {
        /// The target.
        to: Arc<str>,
        /// What it said.
        refusal: Box<Refusal>,
    },
    /// The other side answered with a 5xx.
    #[error("call {to}: it answered {refusal}")]
    Failed {
        /// The target.
        to: Arc<str>,
        /// What it said.
        refusal: Box<Refusal>,
    },
    /// There was no connection, or it broke before the answer was complete.
    #[error("reach {to}")]
    Unreachable {
        /// The target.
        to: Arc<str>,
        /// Why.
        #[source]
        source: Cause,
    },
    /// There was no answer in time. What was asked for may have happened.
    #[error("get an answer of {to} within {limit:?}")]
    TimedOut {
        /// The target.
        to: Arc<str>,
        /// How long was waited.
        limit: Duration,
    },
    /// The target has failed too often; nothing was sent.
    #[error("call {to}: it has failed too often and is left alone for {retry_after:?}")]
    Open {
        /// The target.
        to: Arc<str>,
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// So many calls to the target are under way that nothing was sent.
    #[error("call {to}: too many calls are under way")]
    Full {
        /// The target.
        to: Arc<str>,
    },
    /// The answer is not what it should be: too large, or of another form.
    #[error("read the answer of {to}")]
    Unreadable {
        /// The target.
        to: Arc<str>,
        /// What is wrong with it.
        #[source]
        source: Cause,
    },
    /// The request cannot be sent as it is; nothing was sent.
    #[error("write the call to {to}: {reason}")]
    Unsendable {
        /// The target.
        to: Arc<str>,
        /// What is wrong with it.
        reason: String,
    },
}

impl CallError {
    /// The status, if the other side has answered.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// What the other side said, if it has answered.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            CallError::Refused { refusal, .. } | CallError::Failed { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// When the other side, or the breaker before it, wants to be asked again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            CallError::Open { retry_after, .. } => Some(*retry_after),
            other => other.refusal()?.retry_after,
        }
    }

    /// Whether a later try of the same call may end better, if it may be repeated at all:
    /// 500 says that this request fails there, 502 to 504 that nobody looked at it.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            CallError::Unreachable { .. } => true,
            other => other
                .status()
                .is_some_and(|status| [429, 502, 503, 504].contains(&status.as_u16())),
        }
    }
}

impl Fault for CallError {
    fn fate(&self) -> Fate {
        match self {
            CallError::Unreachable { .. } | CallError::Open { .. } | CallError::Full { .. } => {
                Fate::Wait
            }
            CallError::TimedOut { .. } | CallError::Unreadable { .. } => Fate::Retry,
            CallError::Unsendable { .. } => Fate::Fail,
            CallError::Refused { refusal, .. } | CallError::Failed { refusal, .. } => {
                match refusal.status.as_u16() {
                    429 | 502 | 503 => Fate::Wait,
                    401 | 404 | 408 | 409 | 425 | 500.. => Fate::Retry,
                    _ => Fate::Fail,
                }
            }
        }
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        tracing::warn!(error = %chain(&error), "a request needed a call that did not succeed");
        let seconds = error.retry_after().map(whole_seconds);
        match error {
            CallError::TimedOut { .. } => {
                let text = "A service that is needed for this did not answer in time. \
                    It may have been done: look before you repeat it.";
                Self::new(StatusCode::GATEWAY_TIMEOUT, "no_answer_in_time", text)
            }
            CallError::Unsendable { .. } => Self::internal(),
            other if other.fate() == Fate::Wait => Self::unavailable(seconds.unwrap_or(1)),
            _ => {
                let text = "A service that is needed for this did not do its part.";
                Self::new(StatusCode::BAD_GATEWAY, "no_help", text)
            }
        }
    }
}

/// Rounded up: who comes back too early is refused again.
fn whole_seconds(span: Duration) -> u32 {
    u32::try_from(span.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}
