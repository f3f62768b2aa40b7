//! What can go wrong with tasks: what the caller sees, and whether to try again.

use axum::http::StatusCode;
use contracts::ShuffleId;
use tidings::operation::NotAccepted;
use tidings::{Fate, Fault, Problem};

use crate::draft::Wrong;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error("use the store")]
    Store(#[from] tidings::Error),
    /// The account has no role in the exchange.
    #[error("let somebody in who is not of the exchange")]
    NotAMember,
    /// Only managers and admins deal (B-14).
    #[error("let somebody deal who does not deal")]
    NotADealer,
    /// A worker asks for a task that is not theirs, or not there (B-31).
    #[error("show a task to somebody whose it is not")]
    NotTheirs,
    /// There is no such task.
    #[error("find the task")]
    TaskUnknown,
    /// There is no such shuffle.
    #[error("find the shuffle")]
    ShuffleUnknown,
    /// It has fallen to somebody else (B-17, B-18).
    #[error("let somebody complete a task that is not theirs now")]
    NotTheAssignee,
    /// It is done already (B-17).
    #[error("complete a task twice")]
    AlreadyCompleted,
    /// There is nobody to whom a task could fall (B-12).
    #[error("find somebody to whom the task may fall")]
    NoWorkers,
    /// What was typed is no task.
    #[error("accept what was typed")]
    Wrong(Vec<tidings::FieldError>),
    /// Another shuffle is first; runs go one after another (B-14).
    #[error("shuffle before {0} has ended")]
    NotItsTurn(ShuffleId),
    /// The shuffle was not accepted.
    #[error("accept the shuffle")]
    NotAccepted(#[source] Box<NotAccepted>),
}

impl From<Vec<Wrong>> for Error {
    fn from(wrong: Vec<Wrong>) -> Self {
        Error::Wrong(wrong.into_iter().map(|Wrong(one)| one).collect())
    }
}

impl From<NotAccepted> for Error {
    fn from(error: NotAccepted) -> Self {
        match error {
            NotAccepted::Store(error) => Error::Store(error),
            other => Error::NotAccepted(Box::new(other)),
        }
    }
}

impl Fault for Error {
    fn fate(&self) -> Fate {
        match self {
            Error::Store(error) => error.fate(),
            Error::NotItsTurn(_) => Fate::Wait,
            _ => Fate::Fail,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::NotAMember => Problem::forbidden("You have no part in the task exchange."),
            Error::NotADealer => {
                Problem::forbidden("Only managers and admins see and deal everybody's tasks.")
            }
            Error::NotTheirs => Problem::forbidden("You see your own tasks only."),
            Error::TaskUnknown => Problem::not_found("There is no such task."),
            Error::ShuffleUnknown => Problem::not_found("There is no such shuffle."),
            Error::NotTheAssignee => {
                Problem::forbidden("This task is not yours now: only its holder completes it.")
            }
            Error::AlreadyCompleted => {
                Problem::conflict("already_completed", "This task is completed already.")
            }
            Error::NoWorkers => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "no_workers",
                "There is nobody to whom a task could fall: somebody must be a worker or an accountant, and neither manager nor admin.",
            ),
            Error::Wrong(fields) => {
                Problem::fields(fields).with_status(StatusCode::UNPROCESSABLE_ENTITY)
            }
            Error::NotItsTurn(_) => {
                Problem::conflict("not_its_turn", "Another shuffle is still running.")
            }
            Error::NotAccepted(error) => (*error).into(),
        }
    }
}
