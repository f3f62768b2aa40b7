//! A buyer pays for an order.

use contracts::{OrderId, PaymentId, UserId};
use tidings::{Context, Handle, Tx};

use crate::error::Error;
use crate::payment::{Payment, Status, idempotency_key};
use crate::store;
use crate::workflows::Pay;

/// Pays for an order: the outcome comes later.
pub(crate) async fn pay(
    service: &Handle,
    context: Context,
    buyer_id: UserId,
    order_id: OrderId,
    token: String,
) -> Result<PaymentId, Error> {
    let mut tx = service.begin(context).await?;
    let payment = pay_in_tx(&mut tx, buyer_id, order_id, token).await?;
    tx.commit().await?;
    Ok(payment.id)
}

/// Writes an attempt down together with the run that asks the provider, if the order can
/// be paid now. After a crash at any later moment the attempt is known (C-06).
pub(crate) async fn pay_in_tx(
    tx: &mut Tx,
    buyer_id: UserId,
    order_id: OrderId,
    token: String,
) -> Result<Payment, Error> {
    let now = tx.now();
    let order = store::lock_order(tx, order_id).await?;
    let order = order.filter(|order| order.buyer_id == buyer_id);
    let order = order.ok_or(Error::NoOrder(order_id))?;
    let earlier = store::payments_of_order(tx, order_id).await?;
    let attempt = order.next_attempt(&earlier, now).map_err(Error::Refused)?;
    let payment = Payment {
        id: PaymentId::new(now),
        order_id,
        buyer_id,
        attempt,
        amount_minor: order.price_minor,
        currency: order.currency,
        token,
        idempotency_key: idempotency_key(order_id, attempt),
        status: Status::Created,
        failure_code: None,
        provider_reference: None,
        created_at: now,
        sent_at: None,
        settled_at: None,
    };
    store::insert_payment(tx, &payment).await?;
    let payment_id = payment.id;
    let pay = Pay {
        payment_id,
        may_be_sent: false,
    };
    tx.start(&pay, payment_id).await?;
    Ok(payment)
}
