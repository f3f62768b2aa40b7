//! What can go wrong, what the caller sees of it, and whether to try again.

use axum::http::StatusCode;
use tidings::{Fate, Fault, FieldError, Problem};

use crate::{Refused, Wrong};

/// Why something could not be done with a listing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database or the outbox failed.
    #[error("use the store")]
    Store(#[from] tidings::Error),
    /// There is no such listing.
    #[error("find the ticket")]
    NotFound,
    /// It is somebody else's.
    #[error("change somebody else's ticket")]
    NotYours,
    /// What was typed cannot be accepted.
    #[error("accept {} of the fields", .0.len())]
    Invalid(Vec<Wrong>),
    /// It does not go with where the listing stands.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The caller has seen an older version (C-34).
    #[error("change version {seen} of a ticket that is at version {now}")]
    Stale {
        /// What the caller has seen.
        seen: String,
        /// What it is.
        now: u64,
    },
    /// Somebody else has changed the listing at the same moment; nothing was done (C-34).
    #[error("be the first to change the ticket")]
    Overtaken,
}

impl From<Vec<Wrong>> for Error {
    fn from(wrong: Vec<Wrong>) -> Self {
        Self::Invalid(wrong)
    }
}

impl Fault for Error {
    fn fate(&self) -> Fate {
        match self {
            Self::Store(error) => error.fate(),
            // The next try reads what the other one has left.
            Self::Overtaken => Fate::Wait,
            _ => Fate::Fail,
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Reserved => Problem::conflict(
                "ticket_reserved",
                "An order holds this ticket. It can be changed when the order is over.",
            ),
            Refused::Sold => Problem::conflict("ticket_sold", "This ticket is sold."),
            Refused::Withdrawn => {
                Problem::conflict("ticket_withdrawn", "This ticket is off the market.")
            }
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::NotFound => Problem::not_found("There is no such ticket."),
            Error::NotYours => Problem::forbidden("This ticket is somebody else's."),
            Error::Invalid(wrong) => {
                Problem::fields(wrong.into_iter().map(FieldError::from).collect())
            }
            Error::Refused(refused) => refused.into(),
            Error::Stale { now, .. } => Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "stale_version",
                format!("The ticket has changed since: it is at version {now}. Read it again."),
            ),
            Error::Overtaken => Problem::conflict(
                "ticket_changed",
                "Somebody else has changed the ticket at this moment. Read it again.",
            ),
        }
    }
}

impl From<Wrong> for FieldError {
    fn from(wrong: Wrong) -> Self {
        Self {
            code: wrong.code,
            message: wrong.message,
            field: Some(wrong.field.to_owned()),
        }
    }
}
