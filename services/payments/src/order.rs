//! What payments knows of an order, and whether it can be paid.

use contracts::orders::CancelReason;
use contracts::{Currency, OrderId, UserId};
use tidings::Timestamp;

use crate::payment::{Payment, Status as PaymentStatus};

/// How often a card may be declined for one order.
pub(crate) const ATTEMPTS_MAX: u32 = 3;

tidings::words! {
    /// Where an order stands.
    pub(crate) enum Status {
        /// The ticket is not yet confirmed.
        Created = "created",
        /// It can be paid.
        AwaitingPayment = "awaiting_payment",
        /// It is over without a sale.
        Cancelled = "cancelled",
        /// It is over, because the hold has run out.
        Expired = "expired",
        /// It is paid.
        Complete = "complete",
    }
}

impl Status {
    /// How a cancellation reads to somebody who wants to pay.
    pub(crate) fn cancelled_for(reason: CancelReason) -> Self {
        match reason {
            CancelReason::Expired => Status::Expired,
            CancelReason::User | CancelReason::PaymentFailed | CancelReason::Conflict => {
                Status::Cancelled
            }
        }
    }

    /// Whether money that comes now has to go back (C-07, C-26).
    pub(crate) fn is_off(self) -> bool {
        matches!(self, Status::Cancelled | Status::Expired)
    }
}

/// An order as payments knows it.
#[derive(Clone, Debug, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) buyer_id: UserId,
    pub(crate) price_minor: i64,
    pub(crate) currency: CurrencyCode,
    pub(crate) expires_at: Timestamp,
    pub(crate) status: Status,
    pub(crate) version: i64,
}

/// A currency as it stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CurrencyCode(pub(crate) Currency);

impl tidings::FromValue for CurrencyCode {
    fn from_value(value: tidings::Value) -> Result<Self, String> {
        String::from_value(value)?.parse().map(Self)
    }
}

/// Why an order cannot be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The ticket is not yet confirmed; in a moment it will be.
    #[error("pay before the ticket is confirmed")]
    NotReady,
    /// The hold has run out (C-22).
    #[error("pay after the hold has run out")]
    Expired,
    /// The order was cancelled.
    #[error("pay for a cancelled order")]
    Cancelled,
    /// It is paid already (C-04).
    #[error("pay a second time")]
    Complete,
    /// Another attempt is not settled yet (C-04).
    #[error("pay while another payment is under way")]
    InProgress,
    /// The card was declined too often.
    #[error("pay after too many attempts")]
    TooManyAttempts,
}

impl Order {
    /// The number of the next attempt, if the order can be paid now; `payments` are those
    /// that it has.
    pub(crate) fn next_attempt(
        &self,
        payments: &[Payment],
        now: Timestamp,
    ) -> Result<u32, Refusal> {
        if payments.iter().any(|payment| payment.status.has_taken()) {
            return Err(Refusal::Complete);
        }
        if payments.iter().any(|payment| payment.status.is_open()) {
            return Err(Refusal::InProgress);
        }
        self.chargeable(now)?;
        let made = payments.iter().map(|payment| payment.attempt).max();
        let made = made.unwrap_or(0);
        if made >= ATTEMPTS_MAX {
            return Err(Refusal::TooManyAttempts);
        }
        Ok(made + 1)
    }

    /// Whether money may be taken for it now. Asked when a payment is made, and again just
    /// before the provider is called.
    pub(crate) fn chargeable(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.status {
            Status::Complete => Err(Refusal::Complete),
            Status::Cancelled => Err(Refusal::Cancelled),
            Status::Expired => Err(Refusal::Expired),
            // The expiration may be late; the time is not (C-07).
            Status::Created | Status::AwaitingPayment if now >= self.expires_at => {
                Err(Refusal::Expired)
            }
            Status::Created => Err(Refusal::NotReady),
            Status::AwaitingPayment => Ok(()),
        }
    }
}

impl Refusal {
    /// The code on the wire, and of an attempt that ended for this reason.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Refusal::NotReady => "order_not_ready",
            Refusal::Expired => "order_expired",
            Refusal::Cancelled => "order_cancelled",
            Refusal::Complete => "order_complete",
            Refusal::InProgress => "payment_in_progress",
            Refusal::TooManyAttempts => "too_many_attempts",
        }
    }
}

impl PaymentStatus {
    /// Whether the order has been paid with it, whatever has become of the money since.
    fn has_taken(self) -> bool {
        !matches!(
            self,
            PaymentStatus::Created | PaymentStatus::Unknown | PaymentStatus::Failed
        )
    }
}
