//! Gives an order up.

use contracts::{OrderId, UserId};
use tidings::{Context, Handle};

use super::move_order_in_tx;
use crate::order::{Order, Status, Trigger};
use crate::{Error, store};

/// Cancels an order for its buyer. Again: nothing happens, and that is no error (C-28).
///
/// A complete order is not cancelled (C-05). Whoever may not read the order learns only
/// that there is none (C-15).
pub(crate) async fn cancel_order(
    service: &Handle,
    context: Context,
    user_id: UserId,
    order_id: OrderId,
) -> Result<Order, Error> {
    let mut tx = service.begin(context).await?;
    let order = store::load_for_update(&mut tx, order_id).await?;
    let order = order.filter(|order| order.concerns(user_id));
    let order = order.ok_or(Error::OrderUnknown)?;
    if order.buyer_id != user_id {
        return Err(Error::NotTheBuyer);
    }
    match order.status {
        Status::Complete => Err(Error::OrderComplete),
        Status::Cancelled(_) => Ok(order),
        Status::Created | Status::AwaitingPayment => {
            let moved = move_order_in_tx(&mut tx, order_id, Trigger::BuyerCancels).await?;
            let (order, _) = moved.ok_or(Error::OrderUnknown)?;
            tx.commit().await?;
            Ok(order)
        }
    }
}
