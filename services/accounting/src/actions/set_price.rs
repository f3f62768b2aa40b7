//! A task's price.

use contracts::TaskId;
use contracts::accounting::PriceEvent;
use tidings::Tx;

use crate::error::Error;
use crate::price::{Price, Prices};
use crate::store;

/// The price of a task, which is drawn and told of when it is first asked for: with the task,
/// or, when that has not come yet, with what happened to it (B-22).
pub(crate) async fn price_in_tx(tx: &mut Tx, task_id: TaskId) -> Result<Price, Error> {
    if let Some(price) = store::price(tx, task_id).await? {
        return Ok(price);
    }
    let price = tx.resource::<Prices>()?.draw(task_id);
    store::insert_price(tx, task_id, price).await?;
    tx.publish(PriceEvent::Priced {
        task_id,
        assign_fee_minor: price.assign_fee_minor,
        reward_minor: price.reward_minor,
        version: 1,
    })?;
    Ok(price)
}
