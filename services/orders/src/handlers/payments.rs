//! What becomes of payments: completes orders, and gives up those that cannot be paid.

use contracts::payments::PaymentEvent;
use contracts::{Money, OrderId};
use tidings::{Event, Tx};

use crate::actions::{move_order_in_tx, note_in_tx};
use crate::order::{Order, Status, Trigger};
use crate::store::{self, PAYMENT_FAILED, PAYMENT_REFUNDED, PAYMENT_TOO_LATE};
use crate::{Error, mails};

/// Applies one event of a payment.
pub(crate) async fn payments(event: Event<PaymentEvent>, tx: &mut Tx) -> Result<(), Error> {
    match event.data {
        PaymentEvent::Completed {
            payment_id,
            order_id,
            ..
        } => {
            let moved = move_order_in_tx(tx, order_id, Trigger::Paid(payment_id)).await?;
            let (mut order, moved) = moved.ok_or(Error::PaidOrderUnknown { order_id })?;
            // C-08: the order stays cancelled; `payments` knows that and sends the money back.
            if !moved && matches!(order.status, Status::Cancelled(_)) {
                note_in_tx(tx, &mut order, PAYMENT_TOO_LATE, None).await?;
            }
        }
        PaymentEvent::Failed {
            order_id,
            attempt,
            code,
            ..
        } => {
            let mut order = paid_order(tx, order_id).await?;
            note_in_tx(tx, &mut order, PAYMENT_FAILED, Some(&code)).await?;
            move_order_in_tx(tx, order_id, Trigger::Declined(attempt)).await?;
        }
        PaymentEvent::Refunded {
            order_id,
            amount_minor: minor,
            currency,
            ..
        } => {
            let mut order = paid_order(tx, order_id).await?;
            note_in_tx(tx, &mut order, PAYMENT_REFUNDED, None).await?;
            mails::send_refunded_in_tx(tx, &order, Money { minor, currency }).await?;
        }
    }
    Ok(())
}

async fn paid_order(tx: &mut Tx, order_id: OrderId) -> Result<Order, Error> {
    let order = store::load_for_update(tx, order_id).await?;
    order.ok_or(Error::PaidOrderUnknown { order_id })
}
