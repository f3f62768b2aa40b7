//! Why a command stopped. A person reads it and nobody matches on it, so it is one sentence.

use std::fmt::{self, Display};

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(reason: impl Into<String>) -> Failure {
        Failure(reason.into())
    }
}

impl Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Adds what was being attempted to an error that does not know it.
pub(crate) trait WhileDoing<T> {
    fn while_doing(self, attempt: impl Display) -> Outcome<T>;
}

impl<T, E: Display> WhileDoing<T> for Result<T, E> {
    fn while_doing(self, attempt: impl Display) -> Outcome<T> {
        self.map_err(|cause| Failure(format!("failed to {attempt}: {cause}")))
    }
}
