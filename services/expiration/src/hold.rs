//! The hold of an order: it waits for the order's end, and for its time.

use contracts::OrderId;
use contracts::expirations::ExpirationEvent;
use contracts::orders::OrderEvent;
use serde::{Deserialize, Serialize};
use tidings::{Error, Flow, StepFailed, Timestamp, Tx, Workflow};

/// One order's hold; its key is the order.
#[derive(Serialize, Deserialize)]
pub(crate) struct Hold {
    pub(crate) order_id: OrderId,
    pub(crate) expires_at: Timestamp,
}

impl Workflow for Hold {
    const NAME: &'static str = "hold";
}

/// Says that the order's time is up, unless the order is over first.
pub(crate) async fn hold(hold: Hold, cx: &mut Flow) -> Result<(), StepFailed> {
    // Nothing but an order's end is ever told.
    let end: Option<OrderEvent> = cx.wait_for("order_over", hold.expires_at).await;
    if end.is_none() {
        cx.must("expire", hold.order_id, expire).await;
    }
    Ok(())
}

/// Publishes once, together with the record of the step (C-26), and says whether it has.
async fn expire(order_id: OrderId, tx: &mut Tx) -> Result<bool, Error> {
    // The order may have ended since the wait did.
    if tx.has_message::<Hold>(order_id).await? {
        return Ok(false);
    }
    tx.publish(ExpirationEvent::Completed { order_id })?;
    Ok(true)
}
