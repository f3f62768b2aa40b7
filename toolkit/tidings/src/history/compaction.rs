//! Removes the events of a state stream that a later one of their key has superseded.
//!
//! The last event of each key stays for ever, so that a new replica can always be built. Numbers
//! up to the highest that was removed are noted as compacted in the same transaction; a number
//! that is missing without having been removed is a loss, and nothing behind it is compacted, or
//! the note would declare the loss to be none.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Policies;
use super::floor::{self, Floor};
use crate::db::Conn;
use crate::outbox::as_i64;
use crate::{Enqueue, Error, Job, Timestamp, Tx, crash, params};

/// Events in one transaction; on SQLite it keeps the writer for as long as that takes.
const BATCH: usize = 1000;
/// Slots in one transaction. Each is read through, which takes time in a large stream.
const SLOTS: u16 = 8;

/// Compacts some slots of a state stream, then goes on with the next.
#[derive(Serialize, Deserialize)]
pub(super) struct Compact {
    /// Which of the service's state streams, in the order of its definition.
    place: usize,
    slot: u16,
}

impl Compact {
    pub(super) fn first() -> Self {
        Self { place: 0, slot: 0 }
    }
}

impl Job for Compact {
    const KIND: &'static str = "tidings.compact";
    const CONCURRENCY: Option<u32> = Some(1);
}

pub(super) async fn compact(job: Compact, tx: &mut Tx) -> Result<(), Error> {
    let Compact { place, mut slot } = job;
    let policies = Policies::of_job(tx)?;
    let Some(&(stream, slots, grace)) = policies.compacted.get(place) else {
        return Ok(());
    };
    let end = slots.min(slot.saturating_add(SLOTS));
    while slot < end {
        if compact_slot(tx, stream, slot, grace).await? == BATCH {
            // There may be more of this one.
            break;
        }
        slot += 1;
    }
    let next = match slot < slots {
        true => Compact { place, slot },
        false => Compact {
            place: place + 1,
            slot: 0,
        },
    };
    if next.place < policies.compacted.len() {
        tx.enqueue_with(&next, Enqueue::now()).await?;
    }
    Ok(())
}

/// Removes a batch of one slot; says how many.
async fn compact_slot(
    tx: &mut Tx,
    stream: &str,
    slot: u16,
    grace: Duration,
) -> Result<usize, Error> {
    let before = tx.now().minus(grace);
    let known = floor::of_slot(tx, stream, slot).await?;
    let superseded = superseded(tx, stream, slot, known, before).await?;
    let Some(&last) = superseded.last() else {
        return Ok(0);
    };
    let to = Floor {
        gone: 0,
        compacted: last,
    };
    floor::raise(tx, stream, slot, to, 0).await?;
    crash::point("H1").await;
    delete(tx, stream, slot, &superseded).await?;
    crash::point("H2").await;
    Ok(superseded.len())
}

/// The first events of a slot that are superseded and older than `before`.
async fn superseded(
    conn: &mut Conn,
    stream: &str,
    slot: u16,
    floor: Floor,
    before: Timestamp,
) -> Result<Vec<u64>, Error> {
    let from = conn.dialect().pick(
        "tidings_outbox n",
        "tidings_numbers n JOIN tidings_outbox o ON o.id = n.outbox_id",
    );
    // An event behind the floor that is not the next after the ones before it has a hole in
    // front of it that nobody has declared.
    let sql = format!(
        "SELECT sequence FROM (
            SELECT n.sequence, time,
                lead(n.sequence) OVER (PARTITION BY key ORDER BY n.sequence) AS newer,
                count(CASE WHEN n.sequence > $3 THEN 1 END) OVER (ORDER BY n.sequence) AS nth
            FROM {from} WHERE n.stream = $1 AND n.slot = $2
         ) AS known
         WHERE newer IS NOT NULL AND time < $4 AND (sequence <= $3 OR sequence = $3 + nth)
         ORDER BY sequence LIMIT $5"
    );
    let floor = as_i64(floor.gone.max(floor.compacted));
    let params = params![stream, slot, floor, before, BATCH as u32];
    let rows: Vec<(u64,)> = conn.query(&sql, params).await?;
    Ok(rows.into_iter().map(|(sequence,)| sequence).collect())
}

async fn delete(conn: &mut Conn, stream: &str, slot: u16, sequences: &[u64]) -> Result<(), Error> {
    let sequences = serde_json::to_string(sequences).map_err(|source| Error::Encode {
        what: "sequences".to_owned(),
        source,
    })?;
    let sql = conn.dialect().pick(
        "DELETE FROM tidings_outbox WHERE stream = $1 AND slot = $2
            AND sequence IN (SELECT value FROM json_each($3))",
        "WITH old AS (
            DELETE FROM tidings_numbers WHERE stream = $1 AND slot = $2 AND sequence IN (
                SELECT value::bigint FROM jsonb_array_elements_text($3::text::jsonb) AS value)
            RETURNING outbox_id
         )
         DELETE FROM tidings_outbox WHERE id IN (SELECT outbox_id FROM old)",
    );
    conn.execute(sql, params![stream, slot, sequences]).await?;
    Ok(())
}
