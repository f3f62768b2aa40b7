//! Orders as the API writes and reads them.

use contracts::PRICE_MINOR_MAX;
use contracts::orders::CancelReason;
use serde::{Deserialize, Serialize};
use tidings::{Problem, Timestamp, Uuid};
use utoipa::ToSchema;

use crate::actions::Wish;
use crate::order::Order;
use crate::store::Entry;

/// What a buyer sends to order a ticket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceOrder {
    /// The ticket.
    #[serde(alias = "ticketId")]
    ticket_id: Uuid,
    /// The price the buyer has seen, in minor units; another price answers `price_changed`.
    #[serde(default, alias = "expectedPriceMinor")]
    #[schema(minimum = 1, maximum = 100_000_000)]
    expected_price_minor: Option<i64>,
}

impl PlaceOrder {
    pub(super) fn check(self) -> Result<Wish, Problem> {
        check_wish(self.ticket_id, self.expected_price_minor)
    }
}

/// A wish within reason: no ticket costs more, so a larger expectation is a mistake.
pub(crate) fn check_wish(
    ticket_id: Uuid,
    expected_price_minor: Option<i64>,
) -> Result<Wish, Problem> {
    if expected_price_minor.is_some_and(|price| !(1..=PRICE_MINOR_MAX).contains(&price)) {
        let text = format!("expected_price_minor must be from 1 to {PRICE_MINOR_MAX}.");
        return Err(Problem::field("bad_price", "expected_price_minor", text));
    }
    Ok(Wish {
        ticket_id: ticket_id.into(),
        expected_price_minor,
    })
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrderBody {
    id: Uuid,
    /// For people: eight characters.
    code: String,
    buyer_id: Uuid,
    /// What is ordered, as it was at that moment.
    ticket: TicketBody,
    price_minor: i64,
    #[schema(example = "usd")]
    currency: &'static str,
    /// `created`, `awaiting_payment`, `complete`, `cancelled`.
    status: &'static str,
    /// `user`, `expired`, `payment_failed`, `conflict`; only when it is cancelled.
    cancel_reason: Option<&'static str>,
    /// To be paid before this moment.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    paid_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    cancelled_at: Option<Timestamp>,
    /// The payment that paid for it.
    payment_id: Option<Uuid>,
    /// Rises by one with every event about the order.
    version: u64,
}

/// The ticket of an order.
#[derive(Debug, Serialize, ToSchema)]
struct TicketBody {
    id: Uuid,
    title: String,
    seller_id: Uuid,
}

impl From<Order> for OrderBody {
    fn from(order: Order) -> Self {
        Self {
            id: order.id.uuid(),
            code: order.code,
            buyer_id: order.buyer_id.uuid(),
            ticket: TicketBody {
                id: order.ticket_id.uuid(),
                title: order.title,
                seller_id: order.seller_id.uuid(),
            },
            price_minor: order.price.minor,
            currency: order.price.currency.code(),
            status: order.status.word(),
            cancel_reason: order.status.cancel_reason().map(CancelReason::as_str),
            expires_at: order.expires_at,
            created_at: order.created_at,
            paid_at: order.paid_at,
            cancelled_at: order.cancelled_at,
            payment_id: order.payment_id.map(contracts::PaymentId::uuid),
            version: order.version,
        }
    }
}

/// One line of an order's history.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryBody {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The status it came to, or `payment_failed`, `payment_too_late`, `payment_refunded`.
    what: String,
    /// The cancel reason or the provider's code.
    note: Option<String>,
}

impl From<Entry> for EntryBody {
    fn from(entry: Entry) -> Self {
        let Entry { at, what, note } = entry;
        Self { at, what, note }
    }
}
