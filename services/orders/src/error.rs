//! What can go wrong with an order: what the caller sees, and whether to try again.

use axum::http::StatusCode;
use contracts::{Money, OrderId};
use tidings::{Fate, Fault, Problem};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("use the store")]
    Store(#[from] tidings::Error),
    #[error("find the ticket")]
    TicketUnknown,
    #[error("sell a ticket to its seller")]
    OwnTicket,
    /// `yours` is the active order, when it is the same buyer's.
    #[error("sell a ticket that is held for somebody")]
    TicketReserved { yours: Option<OrderId> },
    #[error("sell a ticket that is sold")]
    TicketSold,
    #[error("sell a ticket that was withdrawn")]
    TicketWithdrawn,
    #[error("sell at a price that is not the ticket's any more")]
    PriceChanged { now: Money },
    #[error("find the order")]
    OrderUnknown,
    #[error("let somebody act on an order that is not theirs")]
    NotTheBuyer,
    #[error("cancel an order that is complete")]
    OrderComplete,
    /// Money moved for an order that this database does not hold: it went back in time,
    /// or a stream is wrong. A person must look.
    #[error("find the order {order_id} of a payment")]
    PaidOrderUnknown { order_id: OrderId },
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
            // It may have been listed a moment ago: the replica hears of it soon.
            Error::TicketUnknown => {
                let text = "There is no such ticket. If it was listed just now, try again.";
                Problem::new(StatusCode::NOT_FOUND, "ticket_unknown", text).retry_after(1)
            }
            Error::OwnTicket => Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "own_ticket",
                "You sell this ticket yourself.",
            ),
            Error::TicketReserved { yours: None } => {
                Problem::conflict("ticket_reserved", "This ticket is held for another buyer.")
            }
            Error::TicketReserved { yours: Some(id) } => Problem::conflict(
                "ticket_reserved",
                format!("You have ordered this ticket already: /api/orders/{id}"),
            ),
            Error::TicketSold => Problem::conflict("ticket_sold", "The ticket is sold."),
            Error::TicketWithdrawn => Problem::conflict(
                "ticket_withdrawn",
                "The seller has taken the ticket off the market.",
            ),
            Error::PriceChanged { now } => Problem::conflict(
                "price_changed",
                format!("The ticket costs {now} now. Look at it again before you order."),
            ),
            Error::OrderUnknown => Problem::not_found("There is no such order."),
            Error::NotTheBuyer => Problem::forbidden("Only its buyer may cancel an order."),
            Error::OrderComplete => {
                let text = "The order is paid and complete; it cannot be cancelled.";
                Problem::conflict("order_complete", text)
            }
            Error::PaidOrderUnknown { .. } => Problem::not_found("There is no such order."),
        }
    }
}
