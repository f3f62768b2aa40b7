//! Written by `payments`: what becomes of every attempt to charge.

use tidings::Stream;

use crate::{Currency, OrderId, PaymentId};

/// What becomes of payments; all attempts for one order are in order.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "payments", key = "order_id", schemas)]
pub enum PaymentEvent {
    /// The provider has taken the money.
    #[event("payment.completed")]
    Completed {
        /// The attempt.
        payment_id: PaymentId,
        /// What it pays for.
        order_id: OrderId,
        /// How much, in minor units.
        amount_minor: i64,
        /// Of what.
        currency: Currency,
        /// Which attempt for this order it is, from 1.
        attempt: u32,
    },
    /// The provider has refused.
    #[event("payment.failed")]
    Failed {
        /// The attempt.
        payment_id: PaymentId,
        /// What it was to pay for.
        order_id: OrderId,
        /// Which attempt for this order it is, from 1.
        attempt: u32,
        /// The provider's reason: `card_declined`, `insufficient_funds`.
        code: String,
    },
    /// The money went back, because the order was over before it came (C-07, C-26).
    #[event("payment.refunded")]
    Refunded {
        /// The attempt.
        payment_id: PaymentId,
        /// What it was to pay for.
        order_id: OrderId,
        /// How much went back, in minor units.
        amount_minor: i64,
        /// Of what.
        currency: Currency,
    },
}
