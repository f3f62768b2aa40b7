//! Deletes events that are older than their service keeps them.
//!
//! In batches and not by dropping partitions: a partition can only be dropped under a lock that
//! every writer and reader waits for, and its bounds would have to be known when the table is
//! made. What batches leave behind lies together at the old end of the table, where vacuuming
//! frees whole pages for the new events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Policies;
use super::floor::{self, Floor};
use crate::db::Conn;
use crate::outbox::as_i64;
use crate::{Enqueue, Error, Job, Timestamp, Tx, crash, params};

/// Events in one transaction; on SQLite it keeps the writer for as long as that takes.
const BATCH: u32 = 1000;

/// Deletes some of what is too old, and goes on until nothing is.
#[derive(Serialize, Deserialize)]
pub(super) struct Forget {}

impl Job for Forget {
    const KIND: &'static str = "tidings.forget";
    const CONCURRENCY: Option<u32> = Some(1);
}

pub(super) async fn forget(_: Forget, tx: &mut Tx) -> Result<(), Error> {
    let mut again = false;
    for &(stream, span) in &Policies::of_job(tx)?.by_age {
        let before = tx.now().minus(span);
        again |= delete_older(tx, stream, before).await? > 0;
    }
    if again {
        tx.enqueue_with(&Forget {}, Enqueue::now()).await?;
    }
    Ok(())
}

/// Deletes a batch of a stream's oldest events; says how many.
async fn delete_older(conn: &mut Conn, stream: &str, before: Timestamp) -> Result<u64, Error> {
    let from = conn.dialect().pick(
        "tidings_outbox n",
        "tidings_numbers n JOIN tidings_outbox o ON o.id = n.outbox_id",
    );
    // The plus keeps SQLite from reading the whole stream by its address and sorting it. And the
    // last row stays there: SQLite gives the number behind the highest that it has, so without it
    // the next events would get positions that readers have passed, and would not be seen.
    let may_go = conn.dialect().pick(
        "+n.stream = $1 AND n.position < (SELECT max(position) FROM tidings_outbox)",
        "n.stream = $1",
    );
    let sql = format!(
        "SELECT n.slot, n.sequence, time, n.position FROM {from} WHERE {may_go} ORDER BY n.position
         LIMIT $2"
    );
    let oldest: Vec<Old> = conn.query(&sql, params![stream, BATCH]).await?;
    let mut deleted = 0;
    for (slot, (last, position)) in too_old(&oldest, before) {
        let to = Floor {
            gone: last,
            compacted: 0,
        };
        floor::raise(conn, stream, slot, to, position).await?;
        crash::point("H1").await;
        deleted += delete_up_to(conn, stream, slot, last).await?;
    }
    crash::point("H2").await;
    Ok(deleted)
}

/// An event: slot, sequence, time, position.
type Old = (u16, u64, Timestamp, i64);

/// The last event to delete of each slot, and its position. A slot ends at its first event that is kept: clocks
/// go back, and what is gone must be one piece from the beginning.
fn too_old(oldest: &[Old], before: Timestamp) -> BTreeMap<u16, (u64, i64)> {
    let mut ended = Vec::new();
    let mut last = BTreeMap::new();
    for (slot, sequence, time, position) in oldest {
        if *time >= before {
            ended.push(*slot);
        }
        if !ended.contains(slot) {
            last.insert(*slot, (*sequence, *position));
        }
    }
    last
}

async fn delete_up_to(conn: &mut Conn, stream: &str, slot: u16, last: u64) -> Result<u64, Error> {
    let sql = conn.dialect().pick(
        "DELETE FROM tidings_outbox WHERE stream = $1 AND slot = $2 AND sequence <= $3",
        "WITH old AS (
            DELETE FROM tidings_numbers WHERE stream = $1 AND slot = $2 AND sequence <= $3
            RETURNING outbox_id
         )
         DELETE FROM tidings_outbox WHERE id IN (SELECT outbox_id FROM old)",
    );
    conn.execute(sql, params![stream, slot, as_i64(last)]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_deleted_up_to_its_first_event_that_is_kept() {
        let at = Timestamp::from_micros;
        let oldest = [
            (0, 1, at(10), 1),
            (1, 1, at(11), 2),
            (0, 2, at(99), 3),
            (0, 3, at(12), 4),
            (1, 2, at(13), 5),
            (2, 1, at(98), 6),
        ];
        assert_eq!(too_old(&oldest, at(50)), [(0, (1, 1)), (1, (2, 5))].into());
    }
}
