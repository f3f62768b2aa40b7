//! What can go wrong in payments: what the caller sees, and whether to try again.

use axum::http::StatusCode;
use contracts::{OrderId, PaymentId};
use tidings::{Fate, Fault, Problem};

use crate::order::Refusal;

/// A fault of the payments service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database or the toolkit failed.
    #[error("use the store")]
    Store(#[from] tidings::Error),
    /// The order is not known here, or is somebody else's.
    #[error("find the order {0}")]
    NoOrder(OrderId),
    /// The payment is not known here, or is somebody else's.
    #[error("find the payment {0}")]
    NoPayment(PaymentId),
    /// The order cannot be paid now.
    #[error("accept the payment")]
    Refused(#[source] Refusal),
    /// An event came for an order whose first event never did.
    #[error("apply an event of the order {0}, which is not known")]
    UnknownOrder(OrderId),
}

impl Fault for Error {
    fn fate(&self) -> Fate {
        match self {
            Error::Store(error) => error.fate(),
            Error::UnknownOrder(_) => Fate::Retry,
            Error::NoOrder(_) | Error::NoPayment(_) | Error::Refused(_) => Fate::Fail,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            // Somebody else's order, none at all and one placed a moment ago, of which this
            // service has not heard, look the same from outside (C-15).
            Error::NoOrder(_) | Error::UnknownOrder(_) => {
                Problem::not_found("There is no such order of yours.").retry_after(1)
            }
            Error::NoPayment(_) => Problem::not_found("There is no such payment of yours."),
            Error::Refused(refusal) => refused(refusal),
        }
    }
}

fn refused(refusal: Refusal) -> Problem {
    let message = match refusal {
        Refusal::NotReady => "The ticket is being reserved for you. Try again in a moment.",
        Refusal::Expired => "The time to pay has run out. Nothing was charged.",
        Refusal::Cancelled => "The order was cancelled. Nothing was charged.",
        Refusal::Complete => "The order is paid already. Nothing was charged again.",
        Refusal::InProgress => "A payment for this order is under way. Wait for its outcome.",
        Refusal::TooManyAttempts => "The card was declined too often for this order.",
    };
    let problem = Problem::conflict(refusal.code(), message);
    match refusal {
        Refusal::NotReady | Refusal::InProgress => problem.retry_after(1),
        _ => problem,
    }
}

/// What the caller sees of an attempt that ended without money being taken.
pub(crate) fn failed(code: &str) -> Problem {
    if code == Refusal::Expired.code() {
        return refused(Refusal::Expired);
    }
    if code == Refusal::Cancelled.code() {
        return refused(Refusal::Cancelled);
    }
    let (code, message) = match code {
        "insufficient_funds" => (
            "insufficient_funds",
            "There is not enough money on the card.",
        ),
        "invalid_token" => (
            "invalid_token",
            "The payment provider does not know this card.",
        ),
        "expired_card" => ("expired_card", "The card has expired."),
        "incorrect_cvc" => ("incorrect_cvc", "The card's security code is wrong."),
        "provider_lost" => ("provider_lost", "The payment never reached the provider."),
        _ => ("card_declined", "The card was declined."),
    };
    let message = format!("{message} Nothing was charged.");
    Problem::new(StatusCode::PAYMENT_REQUIRED, code, message)
}
