//! What can go wrong with mail: what the caller sees, and whether to try again.

use contracts::UserId;
use tidings::{Fate, Fault, Problem, Uuid};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("use the store")]
    Store(#[from] tidings::Error),
    /// The account's first event may be on its way.
    #[error("find the account {0}, of which nothing was heard yet")]
    UserUnknown(UserId),
    #[error("find the message {0}")]
    MessageUnknown(Uuid),
    /// The job goes on trying.
    #[error("send the message: {0}")]
    NotNow(String),
    #[error("send a message again that waits to be sent")]
    Waits,
    #[error("send a message again that was not to be sent")]
    NotToBeSent,
}

impl Fault for Error {
    fn fate(&self) -> Fate {
        match self {
            Error::Store(error) => error.fate(),
            Error::UserUnknown(_) | Error::NotNow(_) => Fate::Retry,
            Error::MessageUnknown(_) | Error::Waits | Error::NotToBeSent => Fate::Fail,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::MessageUnknown(_) => Problem::not_found("There is no such message."),
            Error::Waits => Problem::conflict(
                "message_waits",
                "The message waits to be sent; it is tried again by itself.",
            ),
            Error::NotToBeSent => Problem::conflict(
                "message_skipped",
                "The message was not to be sent: its account has been shut, or its link leads nowhere any more.",
            ),
            Error::UserUnknown(_) | Error::NotNow(_) => Problem::internal(),
        }
    }
}
