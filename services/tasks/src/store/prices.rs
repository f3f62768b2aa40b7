//! The replica of prices, for the pages.

use contracts::TaskId;
use contracts::accounting::PriceEvent;
use tidings::{Conn, Error, FromRow, Tx, params};

use super::count;

/// What a task costs and brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub(crate) struct Price {
    pub(crate) assign_fee_minor: i64,
    pub(crate) reward_minor: i64,
}

/// Takes over a price, unless a newer one is known.
pub(crate) async fn keep(tx: &mut Tx, event: &PriceEvent) -> Result<(), Error> {
    let PriceEvent::Priced {
        task_id,
        assign_fee_minor,
        reward_minor,
        version,
    } = *event;
    let sql = "INSERT INTO prices (task_id, assign_fee_minor, reward_minor, version)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (task_id) DO UPDATE SET assign_fee_minor = excluded.assign_fee_minor,
            reward_minor = excluded.reward_minor, version = excluded.version
        WHERE prices.version < excluded.version";
    let row = params![task_id, assign_fee_minor, reward_minor, count(version)];
    tx.execute(sql, row).await?;
    Ok(())
}

/// The price of a task, if it has one yet.
pub(crate) async fn find(conn: &mut Conn, id: TaskId) -> Result<Option<Price>, Error> {
    let sql = "SELECT assign_fee_minor, reward_minor FROM prices WHERE task_id = $1";
    conn.query_opt(sql, params![id]).await
}
