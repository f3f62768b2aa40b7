//! How a piece of work ended that did not succeed, and when it is tried again.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;

use crate::{Fate, Fault, chain};

/// A failed run of a handler or a job.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) fate: Fate,
    pub(crate) error: String,
}

impl Failure {
    pub(crate) fn of(fault: &impl Fault) -> Self {
        Self {
            fate: fault.fate(),
            error: chain(fault),
        }
    }

    pub(crate) fn hopeless(error: String) -> Self {
        Self {
            fate: Fate::Fail,
            error,
        }
    }
}

/// Why a moving part could not do its work.
pub(crate) enum Hindered {
    /// What it stands on is missing: a database, a broker, a feed.
    Ground(crate::Error),
    /// What it has to do says that it must wait.
    Work(String),
}

impl From<crate::Error> for Hindered {
    fn from(error: crate::Error) -> Self {
        Self::Ground(error)
    }
}

impl std::fmt::Display for Hindered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Hindered::Ground(error) => f.write_str(&chain(error)),
            Hindered::Work(error) => f.write_str(error),
        }
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        Self::of(&error)
    }
}

/// Runs work that may panic or never return, until its time has expired; both are failures
/// like any other.
pub(crate) async fn guarded<T>(
    expired: impl Future<Output = ()>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let retry = |error: String| {
        Err(Failure {
            fate: Fate::Retry,
            error,
        })
    };
    tokio::select! {
        biased;
        outcome = AssertUnwindSafe(work).catch_unwind() => match outcome {
            Ok(outcome) => outcome,
            Err(panic) => retry(format!("panicked: {}", panic_text(&*panic))),
        },
        () = expired => retry("took too long".to_owned()),
    }
}

pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Doubles from `first` with every attempt up to `most`; `chance` (0 to 1) takes off up to
/// half, so that many failures of one cause do not come back at one moment.
pub(crate) fn backoff(attempt: u32, first: Duration, most: Duration, chance: f64) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1).min(30)));
    doubled
        .min(most)
        .mul_f64(1.0 - chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_its_most_and_jitter_only_shortens_it() {
        let second = Duration::from_secs(1);
        let at = |attempt, chance| backoff(attempt, second, 60 * second, chance);
        assert_eq!(
            [at(1, 0.0), at(2, 0.0), at(3, 0.0)],
            [second, 2 * second, 4 * second]
        );
        assert_eq!(at(100, 0.0), 60 * second);
        assert_eq!(at(2, 1.0), second);
    }
}
