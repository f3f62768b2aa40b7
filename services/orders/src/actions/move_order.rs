//! Moves an order in somebody's transaction: load, decide, save, log, publish, write to people.

use contracts::OrderId;
use contracts::orders::CancelReason;
use tidings::Tx;

use crate::order::{Order, Trigger};
use crate::{Error, mails, store};

/// Moves an order as its table says. Gives the order as it is afterwards, and whether the
/// trigger moved it; `None` when there is no such order.
pub(crate) async fn move_order_in_tx(
    tx: &mut Tx,
    order_id: OrderId,
    trigger: Trigger,
) -> Result<Option<(Order, bool)>, Error> {
    let Some(mut order) = store::load_for_update(tx, order_id).await? else {
        return Ok(None);
    };
    let Some(event) = order.apply(trigger, tx.now()) else {
        return Ok(Some((order, false)));
    };
    order.revision += 1;
    store::update(tx, &order).await?;
    log_status(tx, &order).await?;
    tx.publish(event)?;
    mails::send_in_tx(tx, &order).await?;
    Ok(Some((order, true)))
}

/// Adds something to an order's history that does not move it.
pub(crate) async fn note_in_tx(
    tx: &mut Tx,
    order: &mut Order,
    what: &str,
    note: Option<&str>,
) -> Result<(), Error> {
    order.revision += 1;
    store::update(tx, order).await?;
    Ok(store::log(tx, order, what, note).await?)
}

pub(super) async fn log_status(tx: &mut Tx, order: &Order) -> Result<(), Error> {
    let reason = order.status.cancel_reason().map(CancelReason::as_str);
    Ok(store::log(tx, order, order.status.word(), reason).await?)
}
