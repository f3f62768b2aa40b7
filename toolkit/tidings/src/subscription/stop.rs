//! What a step has done, or why it ends early, and how what has failed is set apart.

use super::handler::Failed;
use crate::failure::Failure;
use crate::{Envelope, Error};

/// What a step has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Events were applied or parked; there may be more.
    Moved,
    /// The same, and there was no more.
    Drained,
    /// There is nothing now.
    Idle,
}

/// The pieces to try next, in order: the event that failed stands alone; if it is not
/// known which, halves.
pub(super) fn around(mut part: Vec<Envelope>, failed: Option<usize>) -> Vec<Vec<Envelope>> {
    let pieces = match failed.filter(|index| *index < part.len()) {
        Some(index) => {
            let after = part.split_off(index + 1);
            let at = part.split_off(index);
            vec![part, at, after]
        }
        None => {
            let second = part.split_off(part.len() / 2);
            vec![part, second]
        }
    };
    pieces
        .into_iter()
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// Why a step ended early.
pub(super) enum Stop {
    Overtaken,
    /// An operator has paused the subscription.
    Paused,
    /// Whatever the store says is not about an event: no attempt is counted.
    Ground(Error),
    Failed(Failure),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::Overtaken => Stop::Overtaken,
            other => Stop::Ground(other),
        }
    }
}

/// Why a part of a batch was not applied.
pub(super) enum PartError {
    Stop(Stop),
    Failed(Failed),
}

impl From<Stop> for PartError {
    fn from(stop: Stop) -> Self {
        PartError::Stop(stop)
    }
}

impl From<Error> for PartError {
    fn from(error: Error) -> Self {
        PartError::Stop(error.into())
    }
}
