//! What becomes of orders: begins their holds, and tells them that the order is over.

use contracts::orders::OrderEvent;
use tidings::{Error, Event, Tx};

use crate::hold::Hold;

/// Begins the hold of a new order, and ends it when the order is over.
pub(crate) async fn orders(event: Event<OrderEvent>, tx: &mut Tx) -> Result<(), Error> {
    match event.data {
        OrderEvent::Created {
            order_id,
            expires_at,
            ..
        } => {
            let hold = Hold {
                order_id,
                expires_at,
            };
            // An order that is told of twice has its hold already.
            tx.start(&hold, order_id).await?;
        }
        OrderEvent::Completed { order_id, .. } | OrderEvent::Cancelled { order_id, .. } => {
            // Nobody is told when the hold has ended before.
            tx.tell::<Hold, _>(order_id, &event.data).await?;
        }
        OrderEvent::AwaitingPayment { .. } => {}
    }
    Ok(())
}
