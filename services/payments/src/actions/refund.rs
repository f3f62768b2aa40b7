//! Money that was taken for an order that is off goes back.

use contracts::PaymentId;
use contracts::payments::PaymentEvent;
use tidings::Tx;

use crate::error::Error;
use crate::payment::{Payment, Status};
use crate::store;
use crate::workflows::RefundPayment;

/// Notes that the money of a payment has to go back, with the run that sees to it.
pub(crate) async fn owe_refund_in_tx(tx: &mut Tx, payment: &Payment) -> Result<(), Error> {
    store::set_status(tx, payment.id, Status::RefundPending).await?;
    let refund = RefundPayment {
        payment_id: payment.id,
    };
    tx.start(&refund, payment.id).await?;
    Ok(())
}

/// Records that the money went back; said once, however often it is recorded.
pub(crate) async fn refunded_in_tx(
    tx: &mut Tx,
    id: PaymentId,
    reference: &str,
) -> Result<(), Error> {
    let payment = store::payment(tx, id).await?;
    let payment = payment.ok_or(Error::NoPayment(id))?;
    if !payment.status.owes_refund() {
        return Ok(());
    }
    store::set_refunded(tx, id, reference).await?;
    tx.publish(PaymentEvent::Refunded {
        payment_id: id,
        order_id: payment.order_id,
        amount_minor: payment.amount_minor,
        currency: payment.currency.0,
    })?;
    Ok(())
}
