//! What can go wrong in the books: what the caller sees, and whether to try again.

use axum::http::StatusCode;
use contracts::UserId;
use contracts::calendar::BillingDay;
use tidings::{Fate, Fault, FieldError, Problem};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("use the store")]
    Store(#[from] tidings::Error),
    #[error("find the account {0}")]
    NoAccount(UserId),
    #[error("close {0}, which has not come yet")]
    DayNotCome(BillingDay),
    /// What was typed is no adjustment.
    #[error("accept what was typed")]
    Wrong(Vec<FieldError>),
    #[error("post an adjustment twice")]
    AlreadyPosted,
}

impl Fault for Error {
    fn fate(&self) -> Fate {
        match self {
            Error::Store(error) => error.fate(),
            _ => Fate::Fail,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::NoAccount(_) => Problem::not_found("There is no such account."),
            Error::DayNotCome(day) => Problem::conflict(
                "day_not_come",
                format!(
                    "{} has not come yet; only today and days before it can be closed.",
                    day.in_words()
                ),
            ),
            Error::Wrong(fields) => {
                Problem::fields(fields).with_status(StatusCode::UNPROCESSABLE_ENTITY)
            }
            Error::AlreadyPosted => Problem::conflict(
                "already_posted",
                "This form was sent before, and what it said is posted once. For another adjustment, fill it in anew.",
            ),
        }
    }
}
