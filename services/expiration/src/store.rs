//! The timers: all SQL of the service.

use contracts::OrderId;
use tidings::{Error, Timestamp, Tx, params};

/// Arms a timer. `false` when the order has one, in whatever state.
pub(crate) async fn arm(tx: &mut Tx, order_id: OrderId, due_at: Timestamp) -> Result<bool, Error> {
    let sql = "INSERT INTO timers (order_id, due_at, state) VALUES ($1, $2, 'armed')
        ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, params![order_id, due_at]).await? == 1)
}

/// Disarms a timer that has not fired.
pub(crate) async fn disarm(tx: &mut Tx, order_id: OrderId) -> Result<(), Error> {
    let sql = "UPDATE timers SET state = 'disarmed' WHERE order_id = $1 AND state = 'armed'";
    tx.execute(sql, params![order_id]).await?;
    Ok(())
}

/// Fires a timer. `false` when it is not armed (any more).
pub(crate) async fn fire(tx: &mut Tx, order_id: OrderId) -> Result<bool, Error> {
    let sql = "UPDATE timers SET state = 'fired' WHERE order_id = $1 AND state = 'armed'";
    Ok(tx.execute(sql, params![order_id]).await? == 1)
}

/// Armed timers behind an order, by id.
pub(crate) async fn armed_after(
    tx: &mut Tx,
    after: &str,
    limit: u32,
) -> Result<Vec<(OrderId, Timestamp)>, Error> {
    let sql = "SELECT order_id, due_at FROM timers WHERE state = 'armed' AND order_id > $1
        ORDER BY order_id LIMIT $2";
    tx.query(sql, params![after, limit]).await
}
