//! What payments does when an order changes.

use contracts::OrderId;
use contracts::orders::OrderEvent;
use tidings::{Event, Tx};

use crate::actions;
use crate::error::Error;
use crate::order::{CurrencyCode, Order, Status};
use crate::payment::Status as PaymentStatus;
use crate::store;

/// Keeps the replica of orders, and gives money back for an order that is off.
pub(crate) async fn orders(event: Event<OrderEvent>, tx: &mut Tx) -> Result<(), Error> {
    match event.data {
        OrderEvent::Created {
            order_id,
            buyer_id,
            ticket_id: _,
            price_minor,
            currency,
            expires_at,
            version,
        } => {
            let order = Order {
                id: order_id,
                buyer_id,
                price_minor,
                currency: CurrencyCode(currency),
                expires_at,
                status: Status::Created,
                version: number(version),
            };
            Ok(store::insert_order(tx, &order).await?)
        }
        OrderEvent::AwaitingPayment { order_id, version } => {
            moved(tx, order_id, Status::AwaitingPayment, version).await
        }
        OrderEvent::Completed {
            order_id, version, ..
        } => moved(tx, order_id, Status::Complete, version).await,
        OrderEvent::Cancelled {
            order_id,
            reason,
            version,
            ..
        } => moved(tx, order_id, Status::cancelled_for(reason), version).await,
    }
}

async fn moved(tx: &mut Tx, id: OrderId, status: Status, version: u64) -> Result<(), Error> {
    let version = number(version);
    let order = store::lock_order(tx, id).await?;
    let order = order.ok_or(Error::UnknownOrder(id))?;
    if version <= order.version {
        return Ok(());
    }
    store::set_order_status(tx, id, status, version).await?;
    if !status.is_off() {
        return Ok(());
    }
    // An attempt that is still open learns that the order is off when it is settled.
    let taken = store::payments_of_order(tx, id).await?;
    let taken = taken
        .iter()
        .find(|one| one.status == PaymentStatus::Completed);
    match taken {
        Some(payment) => actions::owe_refund_in_tx(tx, payment).await,
        None => Ok(()),
    }
}

/// Versions count from 1; what does not fit a column is later than everything.
fn number(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}
