//! What can go wrong in the books: what the caller sees, and whether to try again.

use contracts::UserId;
use contracts::calendar::BillingDay;
use tidings::{Fate, Fault, Problem};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("use the store")]
    Store(#[from] tidings::Error),
    #[error("find the account {0}")]
    NoAccount(UserId),
    #[error("close {0}, which has not come yet")]
    DayNotCome(BillingDay),
}

impl Fault for Error {
    fn fate(&self) -> Fate {
        match self {
            Error::Store(error) => error.fate(),
            Error::NoAccount(_) | Error::DayNotCome(_) => Fate::Fail,
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
        }
    }
}
