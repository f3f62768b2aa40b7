//! The job that waits for a timer's time.

use contracts::OrderId;
use contracts::expirations::ExpirationEvent;
use serde::{Deserialize, Serialize};
use tidings::{Enqueue, Error, Handle, Job, Timestamp, Tx};

use crate::store;

/// How many timers a start looks at in one transaction.
const WIND_UP_SLICE: u32 = 500;

/// Says that an order's time is up, if its timer is still armed then.
#[derive(Serialize, Deserialize)]
pub(crate) struct ExpireOrder {
    order_id: OrderId,
}

impl Job for ExpireOrder {
    const KIND: &'static str = "expire_order";
}

/// Fires the timer once: the row decides, however often the job runs (C-26).
pub(crate) async fn expire_order(job: ExpireOrder, tx: &mut Tx) -> Result<(), Error> {
    let order_id = job.order_id;
    if store::fire(tx, order_id).await? {
        tx.publish(ExpirationEvent::Completed { order_id })?;
    }
    Ok(())
}

/// Has a timer waited for. Says whether it was not yet.
pub(crate) async fn wait_in_tx(
    tx: &mut Tx,
    order_id: OrderId,
    due_at: Timestamp,
) -> Result<bool, Error> {
    let when = Enqueue::at(due_at).unique(order_id.to_string());
    tx.enqueue_with(&ExpireOrder { order_id }, when).await
}

/// Gives every armed timer a job that waits for it, at every start (C-17).
///
/// Timers that have one keep it: the job's key is the order. What this mends is a job
/// that was given up after too many failures, or a table of jobs that was lost.
pub(crate) async fn wind_up(service: Handle) -> Result<(), Error> {
    let mut wound = 0_u64;
    let mut after = String::new();
    loop {
        let mut tx = service.begin_own().await?;
        let timers = store::armed_after(&mut tx, &after, WIND_UP_SLICE).await?;
        for &(order_id, due_at) in &timers {
            wound += u64::from(wait_in_tx(&mut tx, order_id, due_at).await?);
        }
        tx.commit().await?;
        match timers.last() {
            Some((last, _)) => after = last.to_string(),
            None => break,
        }
    }
    if wound > 0 {
        tracing::warn!(timers = wound, "armed timers had no job and got a new one");
    }
    Ok(())
}
