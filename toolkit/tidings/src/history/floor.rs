//! What is no longer there of a slot, as it is remembered.

use std::collections::BTreeMap;

use crate::db::Conn;
use crate::outbox::as_i64;
use crate::{Error, params};

/// Up to where a slot has been deleted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, crate::FromRow)]
pub(super) struct Floor {
    /// Everything up to here was deleted by age.
    pub(super) gone: u64,
    /// What is missing up to here had been superseded.
    pub(super) compacted: u64,
}

/// The floor of one slot.
pub(super) async fn of_slot(conn: &mut Conn, stream: &str, slot: u16) -> Result<Floor, Error> {
    let sql = "SELECT gone, compacted FROM tidings_floors WHERE stream = $1 AND slot = $2";
    let floor = conn.query_opt(sql, params![stream, slot]).await?;
    Ok(floor.unwrap_or_default())
}

/// Raises a floor, in the transaction that deletes and before it does: of two at the same slot
/// one waits for the other here. `position` is the place of the last event that goes by age.
pub(super) async fn raise(
    conn: &mut Conn,
    stream: &str,
    slot: u16,
    to: Floor,
    position: i64,
) -> Result<(), Error> {
    let sql = conn.dialect().pick(
        "INSERT INTO tidings_floors (stream, slot, gone, compacted, position)
            VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (stream, slot) DO UPDATE SET gone = max(gone, excluded.gone),
            compacted = max(compacted, excluded.compacted),
            position = max(position, excluded.position)",
        "INSERT INTO tidings_floors AS f (stream, slot, gone, compacted, position)
            VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (stream, slot) DO UPDATE SET gone = greatest(f.gone, excluded.gone),
            compacted = greatest(f.compacted, excluded.compacted),
            position = greatest(f.position, excluded.position)",
    );
    let (gone, compacted) = (as_i64(to.gone), as_i64(to.compacted));
    let row = params![stream, slot, gone, compacted, position];
    conn.execute(sql, row).await?;
    Ok(())
}

/// The place of the last event of a stream that was deleted by age; 0 before the first. Who has
/// read up to a place before it has missed at least that one.
pub(crate) async fn gone_position(conn: &mut Conn, stream: &str) -> Result<i64, Error> {
    let sql = "SELECT max(position) FROM tidings_floors WHERE stream = $1";
    let (last,): (Option<i64>,) = conn.query_one(sql, params![stream]).await?;
    Ok(last.unwrap_or(0))
}

/// The place that an event had which was the last of its slot to be deleted by age.
pub(crate) async fn position_when_gone(
    conn: &mut Conn,
    stream: &str,
    slot: u16,
    sequence: u64,
) -> Result<Option<i64>, Error> {
    // One that was deleted by an older version has no place.
    let sql = "SELECT position FROM tidings_floors
        WHERE stream = $1 AND slot = $2 AND gone = $3 AND position > 0";
    let event = params![stream, slot, as_i64(sequence)];
    let found: Option<(i64,)> = conn.query_opt(sql, event).await?;
    Ok(found.map(|(position,)| position))
}

/// Up to where every slot's events were deleted by age; slots that have all of theirs are left out.
pub(super) async fn gone(conn: &mut Conn, stream: &str) -> Result<Vec<(u16, u64)>, Error> {
    let sql = "SELECT slot, gone FROM tidings_floors WHERE stream = $1 AND gone > 0 ORDER BY slot";
    conn.query(sql, params![stream]).await
}

/// How many of the numbers behind these cursors were compacted away: nobody owes them.
///
/// What is left below a floor is counted row by row, which only a reader pays for that is behind
/// by more than the grace, or new.
pub(crate) async fn compacted_behind(
    conn: &mut Conn,
    stream: &str,
    cursors: &BTreeMap<u16, u64>,
) -> Result<u64, Error> {
    let sql = "SELECT slot, compacted FROM tidings_floors WHERE stream = $1 AND compacted > 0";
    let floors: Vec<(u16, u64)> = conn.query(sql, params![stream]).await?;
    let table = conn.dialect().pick("tidings_outbox", "tidings_numbers");
    let sql = format!(
        "SELECT count(*) FROM {table}
         WHERE stream = $1 AND slot = $2 AND sequence > $3 AND sequence <= $4"
    );
    let mut compacted = 0;
    for (slot, floor) in floors {
        let cursor = cursors.get(&slot).copied().unwrap_or(0);
        if cursor < floor {
            let range = params![stream, slot, as_i64(cursor), as_i64(floor)];
            let (left,): (u64,) = conn.query_one(&sql, range).await?;
            compacted += (floor - cursor).saturating_sub(left);
        }
    }
    Ok(compacted)
}
