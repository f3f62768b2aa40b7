//! Written by `orders`: what becomes of every order.
//!
//! An order's version rises by one with every event of it (C-09, C-27), from 1.

use serde::{Deserialize, Serialize};
use tidings::schemars::JsonSchema;
use tidings::{Stream, Timestamp};

use crate::{Currency, OrderId, TicketId, UserId};

/// Why an order was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The buyer did not want it any more.
    User,
    /// The hold ran out before it was paid.
    Expired,
    /// The card was declined for good.
    PaymentFailed,
    /// The ticket went to somebody else.
    Conflict,
}

impl CancelReason {
    /// The word on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            CancelReason::User => "user",
            CancelReason::Expired => "expired",
            CancelReason::PaymentFailed => "payment_failed",
            CancelReason::Conflict => "conflict",
        }
    }
}

/// What becomes of orders.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "orders", key = "order_id", schemas)]
pub enum OrderEvent {
    /// A buyer has ordered; the ticket is not yet confirmed.
    #[event("order.created")]
    Created {
        /// The order.
        order_id: OrderId,
        /// Who buys.
        buyer_id: UserId,
        /// What.
        ticket_id: TicketId,
        /// The price at the moment of ordering (C-13), in minor units.
        price_minor: i64,
        /// The currency of the price.
        currency: Currency,
        /// When the hold ends: to be paid before this moment (C-22).
        expires_at: Timestamp,
        /// The order's version.
        version: u64,
    },
    /// The ticket is held for it; now it can be paid.
    #[event("order.awaiting_payment")]
    AwaitingPayment {
        /// The order.
        order_id: OrderId,
        /// The order's version.
        version: u64,
    },
    /// It is over without a sale.
    #[event("order.cancelled")]
    Cancelled {
        /// The order.
        order_id: OrderId,
        /// The ticket that it wanted or held.
        ticket_id: TicketId,
        /// Why.
        reason: CancelReason,
        /// The order's version.
        version: u64,
    },
    /// It is paid: the ticket is the buyer's.
    #[event("order.completed")]
    Completed {
        /// The order.
        order_id: OrderId,
        /// The ticket.
        ticket_id: TicketId,
        /// The payment that paid for it.
        payment_id: crate::PaymentId,
        /// The order's version.
        version: u64,
    },
}
