//! Why a ticket was not ordered, and what to do now.

use askama::Template;
use axum::response::{IntoResponse, Response};
use contracts::TicketId;
use tidings::{Fragment, Problem};

use crate::Error;

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused<'a> {
    title: &'a str,
    what_happened: String,
    what_to_do: &'a str,
    ticket_id: TicketId,
}

/// The page in place of an order.
pub(super) fn page(ticket_id: TicketId, error: Error) -> Result<Response, Problem> {
    let (title, what_to_do) = match &error {
        Error::TicketReserved { .. } => (
            "Somebody was faster",
            "If they do not pay in time, it is for sale again on its page.",
        ),
        Error::TicketSold => ("This ticket is sold", "See what else is on."),
        Error::TicketWithdrawn => ("This ticket is gone", "See what else is on."),
        Error::PriceChanged { .. } => (
            "The price has changed",
            "Nothing was ordered. Go back to the ticket and decide at the new price.",
        ),
        Error::OwnTicket => (
            "This is your own ticket",
            "You cannot buy it from yourself. You can edit or withdraw it on its page.",
        ),
        _ => (
            "There is no such ticket",
            "If it was listed just now, wait a second and try again.",
        ),
    };
    let problem = Problem::from(error);
    let page = Refused {
        title,
        what_happened: problem.message().to_owned(),
        what_to_do,
        ticket_id,
    };
    let page = Fragment::try_new(title, page.render())?.status(problem.status());
    Ok(page.into_response())
}
