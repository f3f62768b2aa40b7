//! All SQL of the figures: what events write, and what is read of it.

pub(crate) mod apply;
mod days;
mod people;
mod tasks;

use tidings::{Conn, Error};

pub(crate) use days::{AtClose, Day, days};
pub(crate) use people::{InTheRed, Popugs, in_the_red, popugs};
pub(crate) use tasks::{BestOfDay, Finished, most_expensive, overall};

/// Rises with every event that was applied.
pub(crate) async fn revision(conn: &mut Conn) -> Result<u64, Error> {
    let sql = "SELECT CAST(COALESCE(SUM(events), 0) AS BIGINT) FROM applied";
    let (events,) = conn.query_one(sql, &[]).await?;
    Ok(events)
}
