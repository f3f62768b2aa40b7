//! What becomes of orders: arms and disarms their timers.

use contracts::orders::OrderEvent;
use tidings::{Error, Event, Tx};

use crate::{jobs, store};

/// Arms a timer for a new order, disarms it when the order is over.
pub(crate) async fn orders(event: Event<OrderEvent>, tx: &mut Tx) -> Result<(), Error> {
    match event.data {
        OrderEvent::Created {
            order_id,
            expires_at,
            ..
        } => {
            if store::arm(tx, order_id, expires_at).await? {
                jobs::wait_in_tx(tx, order_id, expires_at).await?;
            }
            Ok(())
        }
        // The job stays and finds nothing to do: cancelling it would save one empty run.
        OrderEvent::Completed { order_id, .. } | OrderEvent::Cancelled { order_id, .. } => {
            store::disarm(tx, order_id).await
        }
        OrderEvent::AwaitingPayment { .. } => Ok(()),
    }
}
