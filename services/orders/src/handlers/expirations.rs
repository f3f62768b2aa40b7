//! Whose time has run out.

use contracts::expirations::ExpirationEvent;
use tidings::{Event, Tx};

use crate::Error;
use crate::actions::move_order_in_tx;
use crate::order::Trigger;

/// Cancels the order, unless it is complete or cancelled already (C-11, C-26).
pub(crate) async fn expirations(event: Event<ExpirationEvent>, tx: &mut Tx) -> Result<(), Error> {
    let ExpirationEvent::Completed { order_id } = event.data;
    let moved = move_order_in_tx(tx, order_id, Trigger::HoldEnded).await?;
    if moved.is_none() {
        // Nothing is held for it, so nothing is left to do.
        tracing::warn!(%order_id, "the hold of an order that is not known has ended");
    }
    Ok(())
}
