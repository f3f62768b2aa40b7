//! What a case finds.

use tidings::Cause;

/// Why a case has failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The transport, or what stands behind it, broke a rule; the text says which.
    #[error("keep what a transport must keep: {0}")]
    Broken(String),
    /// The transport failed although nothing was done to it.
    #[error("use the transport")]
    Transport(#[source] tidings::Error),
    /// A database of the suite could not be made.
    #[error("prepare the ground")]
    Ground(#[source] Cause),
    /// The carrier could not do what its author has promised.
    #[error("carry")]
    Carrier(#[source] Cause),
    /// The producer or the subscriber could not use its database.
    #[error("use a database of the suite")]
    Store(#[from] tidings::Error),
}

impl Failure {
    pub(super) fn ground(cause: impl Into<Cause>) -> Self {
        Self::Ground(cause.into())
    }

    pub(super) fn broken(text: impl Into<String>) -> Self {
        Self::Broken(text.into())
    }
}
