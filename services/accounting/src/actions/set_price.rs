//! Tasks' prices.

use std::collections::BTreeMap;

use contracts::TaskId;
use contracts::accounting::PriceEvent;
use tidings::{Context, Tx};

use crate::error::Error;
use crate::price::{Price, Prices};
use crate::store;

/// The prices of tasks, each with what has asked for it. A price is drawn and told of when it is
/// first asked for: with the task, or, when that has not come yet, with what happened to it
/// (B-22).
pub(crate) async fn price_in_tx(
    tx: &mut Tx,
    asked: &BTreeMap<TaskId, Context>,
) -> Result<BTreeMap<TaskId, Price>, Error> {
    let mut prices = store::prices(tx, &asked.keys().copied().collect()).await?;
    let dice = tx.resource::<Prices>()?;
    let mut drawn = Vec::new();
    for (task_id, context) in asked {
        if prices.contains_key(task_id) {
            continue;
        }
        let price = dice.draw(*task_id);
        tx.set_context(context.clone());
        tx.publish(PriceEvent::Priced {
            task_id: *task_id,
            assign_fee_minor: price.assign_fee_minor,
            reward_minor: price.reward_minor,
            version: 1,
        })?;
        drawn.push((*task_id, price));
    }
    if !drawn.is_empty() {
        store::insert_prices(tx, &drawn).await?;
        prices.extend(drawn);
    }
    Ok(prices)
}
