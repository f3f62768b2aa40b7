//! The outcome of an attempt is known.

use contracts::PaymentId;
use contracts::payments::PaymentEvent;
use tidings::Tx;

use super::owe_refund_in_tx;
use crate::error::Error;
use crate::order::Order;
use crate::payment::Payment;
use crate::store;

/// Records that the money was taken. An attempt that is settled already stays as it is.
pub(crate) async fn completed_in_tx(
    tx: &mut Tx,
    id: PaymentId,
    reference: &str,
) -> Result<(), Error> {
    match open_in_tx(tx, id).await? {
        Some((order, payment)) => completed(tx, &order, &payment, reference).await,
        None => Ok(()),
    }
}

/// Records that no money was taken and none will be.
pub(crate) async fn failed_in_tx(tx: &mut Tx, id: PaymentId, code: &str) -> Result<(), Error> {
    match open_in_tx(tx, id).await? {
        Some((_, payment)) => failed(tx, &payment, code).await,
        None => Ok(()),
    }
}

/// The attempt and its order, locked; `None` when the attempt is settled already.
async fn open_in_tx(tx: &mut Tx, id: PaymentId) -> Result<Option<(Order, Payment)>, Error> {
    let payment = store::payment(tx, id).await?;
    let order_id = payment.ok_or(Error::NoPayment(id))?.order_id;
    let order = store::lock_order(tx, order_id).await?;
    let order = order.ok_or(Error::NoOrder(order_id))?;
    // Read again: before the lock somebody else may have settled it.
    let payment = store::payment(tx, id).await?;
    let payment = payment.filter(|payment| payment.status.is_open());
    Ok(payment.map(|payment| (order, payment)))
}

async fn completed(
    tx: &mut Tx,
    order: &Order,
    payment: &Payment,
    reference: &str,
) -> Result<(), Error> {
    store::set_completed(tx, payment.id, reference).await?;
    tx.publish(PaymentEvent::Completed {
        payment_id: payment.id,
        order_id: payment.order_id,
        amount_minor: payment.amount_minor,
        currency: payment.currency.0,
        attempt: payment.attempt,
    })?;
    if order.status.is_off() {
        // C-07, C-26: the money came after the order was over.
        owe_refund_in_tx(tx, payment).await?;
    }
    Ok(())
}

async fn failed(tx: &mut Tx, payment: &Payment, code: &str) -> Result<(), Error> {
    store::set_failed(tx, payment.id, code).await?;
    tx.publish(PaymentEvent::Failed {
        payment_id: payment.id,
        order_id: payment.order_id,
        attempt: payment.attempt,
        code: code.to_owned(),
    })?;
    Ok(())
}
