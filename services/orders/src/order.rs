//! An order: its states, what moves it between them, and what everybody is told.
//!
//! | from | trigger | to | told |
//! | --- | --- | --- | --- |
//! | – | somebody orders | created | `order.created` |
//! | created | the ticket is reserved | awaiting payment | `order.awaiting_payment` |
//! | created | the reservation is rejected | cancelled (conflict) | `order.cancelled` |
//! | created, awaiting payment | the buyer cancels, the hold ends | cancelled | `order.cancelled` |
//! | awaiting payment | paid | complete | `order.completed` |
//! | awaiting payment | declined for the third time | cancelled (payment failed) | `order.cancelled` |
//! | anything | anything else | unchanged | nothing |
//!
//! Complete and cancelled are final: nothing leads out of them (C-08, C-11, C-26).

use std::time::Duration;

use contracts::orders::{CancelReason, OrderEvent};
use contracts::{Money, OrderId, PaymentId, TicketId, UserId};
use tidings::Timestamp;

/// The attempt to pay after whose failure the order is given up.
pub(crate) const PAYMENT_ATTEMPTS_MAX: u32 = 3;

/// Digits that nobody mixes up when a code is read aloud.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// The ticket is not confirmed yet.
    Created,
    /// The ticket is held; the buyer may pay.
    AwaitingPayment,
    /// It is paid.
    Complete,
    /// It is over without a sale.
    Cancelled(CancelReason),
}

/// What may move an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    TicketReserved,
    ReservationRejected,
    BuyerCancels,
    HoldEnded,
    Paid(PaymentId),
    /// The provider refused this attempt, counted from 1.
    Declined(u32),
}

impl Status {
    /// Where a trigger leads; `None` when it changes nothing.
    pub(crate) fn after(self, trigger: Trigger) -> Option<Self> {
        use Status::{AwaitingPayment, Cancelled, Complete, Created};
        match (self, trigger) {
            (Created, Trigger::TicketReserved) => Some(AwaitingPayment),
            (Created, Trigger::ReservationRejected) => Some(Cancelled(CancelReason::Conflict)),
            (Created | AwaitingPayment, Trigger::BuyerCancels) => {
                Some(Cancelled(CancelReason::User))
            }
            (Created | AwaitingPayment, Trigger::HoldEnded) => {
                Some(Cancelled(CancelReason::Expired))
            }
            (AwaitingPayment, Trigger::Paid(_)) => Some(Complete),
            (AwaitingPayment, Trigger::Declined(attempt)) if attempt >= PAYMENT_ATTEMPTS_MAX => {
                Some(Cancelled(CancelReason::PaymentFailed))
            }
            _ => None,
        }
    }

    /// The word on the wire and in the database.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Status::Created => "created",
            Status::AwaitingPayment => "awaiting_payment",
            Status::Complete => "complete",
            Status::Cancelled(_) => "cancelled",
        }
    }

    pub(crate) fn cancel_reason(self) -> Option<CancelReason> {
        match self {
            Status::Cancelled(reason) => Some(reason),
            _ => None,
        }
    }
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) id: OrderId,
    pub(crate) code: String,
    pub(crate) buyer_id: UserId,
    pub(crate) seller_id: UserId,
    pub(crate) ticket_id: TicketId,
    pub(crate) title: String,
    pub(crate) price: Money,
    pub(crate) status: Status,
    pub(crate) payment_id: Option<PaymentId>,
    pub(crate) expires_at: Timestamp,
    pub(crate) created_at: Timestamp,
    pub(crate) paid_at: Option<Timestamp>,
    pub(crate) cancelled_at: Option<Timestamp>,
    /// Rises by one with every event about the order, from 1 (C-09, C-27).
    pub(crate) version: u64,
    /// Rises by one with every entry of its log, from 1.
    pub(crate) revision: u64,
}

/// What is ordered: the ticket as it was at that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) ticket_id: TicketId,
    pub(crate) seller_id: UserId,
    pub(crate) title: String,
    pub(crate) price: Money,
}

impl Order {
    /// A new order; it has this long to be paid (C-16, C-22).
    pub(crate) fn place(
        buyer_id: UserId,
        wanted: Wanted,
        now: Timestamp,
        hold: Duration,
    ) -> (Self, OrderEvent) {
        let id = OrderId::new(now);
        let order = Self {
            id,
            code: code_of(id),
            buyer_id,
            seller_id: wanted.seller_id,
            ticket_id: wanted.ticket_id,
            title: wanted.title,
            price: wanted.price,
            status: Status::Created,
            payment_id: None,
            expires_at: now.plus(hold),
            created_at: now,
            paid_at: None,
            cancelled_at: None,
            version: 1,
            revision: 1,
        };
        let created = OrderEvent::Created {
            order_id: order.id,
            buyer_id: order.buyer_id,
            ticket_id: order.ticket_id,
            price_minor: order.price.minor,
            currency: order.price.currency,
            expires_at: order.expires_at,
            version: order.version,
        };
        (order, created)
    }

    /// Moves the order, if the trigger does; says what to tell.
    pub(crate) fn apply(&mut self, trigger: Trigger, now: Timestamp) -> Option<OrderEvent> {
        let status = self.status.after(trigger)?;
        self.status = status;
        self.version += 1;
        let (order_id, ticket_id, version) = (self.id, self.ticket_id, self.version);
        match (status, trigger) {
            (Status::Complete, Trigger::Paid(payment_id)) => {
                self.paid_at = Some(now);
                self.payment_id = Some(payment_id);
                Some(OrderEvent::Completed {
                    order_id,
                    ticket_id,
                    payment_id,
                    version,
                })
            }
            (Status::Cancelled(reason), _) => {
                self.cancelled_at = Some(now);
                Some(OrderEvent::Cancelled {
                    order_id,
                    ticket_id,
                    reason,
                    version,
                })
            }
            _ => Some(OrderEvent::AwaitingPayment { order_id, version }),
        }
    }

    /// Whether somebody has a part in the order and may read it (C-32).
    pub(crate) fn concerns(&self, user_id: UserId) -> bool {
        self.buyer_id == user_id || self.seller_id == user_id
    }
}

/// Eight characters for people, from the random end of the id.
fn code_of(id: OrderId) -> String {
    let bits = id.uuid().as_u128();
    let digit = |place: u32| char::from(CROCKFORD[(bits >> (5 * place)) as usize % 32]);
    (0..8).rev().map(digit).collect()
}

#[cfg(test)]
mod tests;
