//! Cursors: the last sequence applied, per subscription, stream and slot.

use std::collections::BTreeMap;

use crate::db::Conn;
use crate::outbox::as_i64;
use crate::{Dialect, Error, StreamInfo, params};

/// The cursors of one subscription on one stream.
pub(crate) type Cursors = BTreeMap<u16, u64>;

/// How far one cursor is to be moved, and the mark of the event that it comes to.
pub(super) struct Move {
    pub(super) slot: u16,
    pub(super) old: u64,
    pub(super) new: u64,
    pub(super) mark: u64,
}

/// How many cursors there are.
pub(crate) async fn count(conn: &mut Conn, subscription: &str, stream: &str) -> Result<u64, Error> {
    let sql = "SELECT count(*) FROM tidings_cursors WHERE subscription = $1 AND stream = $2";
    let (count,) = conn.query_one(sql, params![subscription, stream]).await?;
    Ok(count)
}

/// Reads the cursors; a slot that has none stands at nothing.
pub(super) async fn load(
    conn: &mut Conn,
    subscription: &str,
    stream: &StreamInfo,
) -> Result<Cursors, Error> {
    let sql = "SELECT slot, sequence FROM tidings_cursors WHERE subscription = $1 AND stream = $2";
    let rows: Vec<(u16, u64)> = conn.query(sql, params![subscription, stream.name]).await?;
    let mut cursors: Cursors = (0..stream.slots).map(|slot| (slot, 0)).collect();
    cursors.extend(rows);
    Ok(cursors)
}

/// Makes the missing rows, so that moving a cursor is an UPDATE that can be checked. Each stands
/// at its start, which is noted: whoever builds anew what the subscription has made begins there.
pub(crate) async fn create(
    conn: &mut Conn,
    subscription: &str,
    stream: &StreamInfo,
    starts: &Cursors,
) -> Result<(), Error> {
    for slot in 0..stream.slots {
        let start = starts.get(&slot).copied().unwrap_or(0);
        let row = params![subscription, stream.name, slot, as_i64(start)];
        let sql = "INSERT INTO tidings_cursors (subscription, stream, slot, sequence)
            VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let is_new = conn.execute(sql, row).await? == 1;
        if is_new && start > 0 {
            let sql = "INSERT INTO tidings_starts (subscription, stream, slot, sequence)
                VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
            conn.execute(sql, row).await?;
        }
    }
    Ok(())
}

/// Moves the cursors of some slots from `old` to `new` if all of them still stand where we
/// think; [`Error::Overtaken`] if not.
///
/// The condition is the whole of "applied once": two instances that hold the same
/// event both run its handler, and only the one whose UPDATE touches the rows commits.
pub(super) async fn advance(
    conn: &mut Conn,
    subscription: &str,
    stream: &str,
    moves: &[Move],
) -> Result<(), Error> {
    let touched = match conn.dialect() {
        Dialect::Sqlite => advance_each(conn, subscription, stream, moves).await?,
        Dialect::Postgres => advance_all(conn, subscription, stream, moves).await?,
    };
    if touched == moves.len() as u64 {
        Ok(())
    } else {
        Err(Error::Overtaken)
    }
}

async fn advance_each(
    conn: &mut Conn,
    subscription: &str,
    stream: &str,
    moves: &[Move],
) -> Result<u64, Error> {
    let mut touched = 0;
    for one in moves {
        let sql = "UPDATE tidings_cursors SET sequence = $5, marked = $5, mark = $6
            WHERE subscription = $1 AND stream = $2 AND slot = $3 AND sequence = $4";
        let (old, new) = (as_i64(one.old), as_i64(one.new));
        let mark = one.mark.cast_signed();
        let row = params![subscription, stream, one.slot, old, new, mark];
        touched += conn.execute(sql, row).await?;
    }
    Ok(touched)
}

/// One round trip, because a batch touches most slots.
async fn advance_all(
    conn: &mut Conn,
    subscription: &str,
    stream: &str,
    moves: &[Move],
) -> Result<u64, Error> {
    let moves: Vec<(u16, u64, u64, i64)> = moves
        .iter()
        .map(|one| (one.slot, one.old, one.new, one.mark.cast_signed()))
        .collect();
    let json = serde_json::to_string(&moves).map_err(|source| Error::Encode {
        what: "cursors".to_owned(),
        source,
    })?;
    let sql = "UPDATE tidings_cursors SET sequence = (m.value ->> 2)::bigint,
            marked = (m.value ->> 2)::bigint, mark = (m.value ->> 3)::bigint
        FROM jsonb_array_elements($3::text::jsonb) AS m(value)
        WHERE subscription = $1 AND stream = $2 AND slot = (m.value ->> 0)::bigint
            AND sequence = (m.value ->> 1)::bigint";
    conn.execute(sql, params![subscription, stream, json]).await
}
