//! The timers of databases made by version 1: all SQL of the service.

use contracts::OrderId;
use tidings::{Error, Timestamp, Tx, params};

/// Some of the timers that are armed.
pub(crate) async fn armed(tx: &mut Tx, limit: u32) -> Result<Vec<(OrderId, Timestamp)>, Error> {
    let sql =
        "SELECT order_id, due_at FROM timers WHERE state = 'armed' ORDER BY order_id LIMIT $1";
    tx.query(sql, params![limit]).await
}

/// Forgets a timer. `false` when somebody else has.
pub(crate) async fn forget(tx: &mut Tx, order_id: OrderId) -> Result<bool, Error> {
    let sql = "DELETE FROM timers WHERE order_id = $1 AND state = 'armed'";
    Ok(tx.execute(sql, params![order_id]).await? == 1)
}
