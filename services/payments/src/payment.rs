//! One attempt to charge for an order, and what may become of it.

use contracts::{Money, OrderId, PaymentId, UserId};
use tidings::Timestamp;

use crate::order::CurrencyCode;

tidings::words! {
    /// Where an attempt stands.
    ///
    /// ```text
    /// created ─► completed ─► refund_pending ─► refunded
    ///    │  ╲        ▲                  ╲
    ///    │   unknown ┤                   refund_failed (a person decides)
    ///    ▼           ▼
    ///   failed ◄─────┘
    /// ```
    pub(crate) enum Status {
        /// Written down; the provider may or may not have been asked yet.
        Created = "created",
        /// The provider was asked and has not answered: it is asked what became of it.
        Unknown = "unknown",
        /// The money was taken.
        Completed = "completed",
        /// No money was taken.
        Failed = "failed",
        /// The money goes back, because the order is off.
        RefundPending = "refund_pending",
        /// The money went back.
        Refunded = "refunded",
        /// The provider would not give it back.
        RefundFailed = "refund_failed",
    }
}

impl Status {
    /// Whether nobody knows yet if money is taken.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Status::Created | Status::Unknown)
    }

    /// Whether money is to go back, and has not yet.
    pub(crate) fn owes_refund(self) -> bool {
        matches!(self, Status::RefundPending | Status::RefundFailed)
    }
}

/// An attempt as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) order_id: OrderId,
    pub(crate) buyer_id: UserId,
    pub(crate) attempt: u32,
    pub(crate) amount_minor: i64,
    pub(crate) currency: CurrencyCode,
    pub(crate) token: String,
    pub(crate) idempotency_key: String,
    pub(crate) status: Status,
    pub(crate) failure_code: Option<String>,
    pub(crate) provider_reference: Option<String>,
    pub(crate) created_at: Timestamp,
    /// Of an attempt by the version before: when the provider may have been asked.
    pub(crate) sent_at: Option<Timestamp>,
    pub(crate) settled_at: Option<Timestamp>,
}

impl Payment {
    pub(crate) fn amount(&self) -> Money {
        Money {
            minor: self.amount_minor,
            currency: self.currency.0,
        }
    }
}

/// What names an attempt at the provider, for ever (C-04).
pub(crate) fn idempotency_key(order_id: OrderId, attempt: u32) -> String {
    format!("{order_id}-{attempt}")
}
