//! Gives events their numbers on PostgreSQL, in an order that agrees with commit order per key.
//!
//! A tick looks at what has become visible since the last one: events whose
//! transaction was running at the last look (`xip`) or had not begun (`>= xmax`),
//! and that are visible now. Within a tick they are ordered by insertion id, which
//! for one key is commit order because writers of one key hold a lock from before
//! the id is drawn until after the commit. Whatever a tick has missed because its
//! transaction was still open, a later tick sees; nothing is numbered twice,
//! because every event is in exactly one difference of two snapshots.
//!
//! One process at a time: whoever holds the tick row. The statement that numbers
//! runs after the row is locked, never in the same statement: its snapshot must be
//! newer than the one that the last tick has stored.
//!
//! Snapshots and transaction ids belong to one database cluster. In another one, after a
//! dump has been loaded there, the stored snapshot may be far in the future, and nothing
//! new would ever be numbered. So every start looks whether the cluster is still the same,
//! and begins a new epoch if not.

use std::sync::atomic::Ordering;

use crate::db::Db;
use crate::handle::Handle;
use crate::{Dialect, Error};

/// Numbers what has become visible. Says whether there was anything. Whoever does not know that
/// there is looks first.
pub(crate) async fn tick(service: &Handle, looks: bool) -> Result<bool, Error> {
    let owes_wake = &service.0.owes_wake;
    if looks && !is_waiting(service).await? {
        if owes_wake.swap(false, Ordering::Relaxed) {
            service.0.published.send_modify(|count| *count += 1);
        }
        return Ok(false);
    }
    let db = service.db();
    // Before there are statistics the planner would read the whole table for what is new.
    let lock = "SELECT pg_snapshot_xmax(snapshot)::text,
            ARRAY(SELECT pg_snapshot_xip(snapshot))::text,
            set_config('enable_seqscan', 'off', true)
        FROM tidings_ticks WHERE id = 1 FOR UPDATE SKIP LOCKED";
    let (conn, locked) = db
        .begin_asking::<(String, String, String)>(lock, &[])
        .await?;
    let Some((xmax, xip, _)) = locked.into_iter().next() else {
        // Somebody else is at it. Ended properly, or the connection would be closed.
        db.commit(conn).await?;
        owes_wake.store(true, Ordering::Relaxed);
        return Ok(false);
    };
    // Heads are moved by UPDATE: ON CONFLICT would lock each row first, which writes 53 bytes
    // of log an event. Nobody else writes them while we hold the tick row.
    let number = "WITH fresh AS (
            SELECT id, stream, slot FROM tidings_outbox
            WHERE xid >= $1::text::xid8 OR xid = ANY($2::text::xid8[])
        ), numbered AS (
            INSERT INTO tidings_numbers (stream, slot, sequence, outbox_id)
            SELECT f.stream, f.slot, coalesce(h.sequence, 0)
                    + row_number() OVER (PARTITION BY f.stream, f.slot ORDER BY f.id), f.id
            FROM fresh f LEFT JOIN tidings_heads h ON h.stream = f.stream AND h.slot = f.slot
            ORDER BY f.id
            RETURNING stream, slot, sequence
        ), reached AS (
            SELECT stream, slot, max(sequence) AS sequence FROM numbered GROUP BY stream, slot
        ), moved AS (
            UPDATE tidings_heads h SET sequence = r.sequence FROM reached r
            WHERE h.stream = r.stream AND h.slot = r.slot
        ), made AS (
            INSERT INTO tidings_heads (stream, slot, sequence)
            SELECT r.stream, r.slot, r.sequence FROM reached r WHERE NOT EXISTS (
                SELECT 1 FROM tidings_heads h WHERE h.stream = r.stream AND h.slot = r.slot)
        ), ticked AS (
            UPDATE tidings_ticks SET snapshot = pg_current_snapshot() WHERE id = 1
        )
        SELECT FROM numbered";
    let touched = db.commit_with(conn, &[(number, &[&xmax, &xip])]).await?;
    let has_numbered = touched.iter().any(|rows| *rows > 0);
    if has_numbered {
        service.0.published.send_modify(|count| *count += 1);
    } else {
        owes_wake.store(true, Ordering::Relaxed);
    }
    Ok(has_numbered)
}

async fn is_waiting(service: &Handle) -> Result<bool, Error> {
    // Read only: locking the row when there is nothing to do would cost a
    // transaction id and an fsync at every look. The newest transaction first, and a
    // lookup for each that was open: one condition with OR reads the whole table
    // (270 ms for 200,000 events, at every look).
    let look = "SELECT coalesce((SELECT xid FROM tidings_outbox ORDER BY xid DESC LIMIT 1)
                >= pg_snapshot_xmax(t.snapshot), false)
            OR EXISTS (SELECT 1 FROM pg_snapshot_xip(t.snapshot) AS open(xid), LATERAL (
                SELECT xid FROM tidings_outbox o WHERE o.xid >= open.xid ORDER BY o.xid LIMIT 1
                ) AS next WHERE next.xid = open.xid)
        FROM tidings_ticks t WHERE id = 1";
    let (waiting,): (bool,) = service.read().await?.query_one(look, &[]).await?;
    Ok(waiting)
}

/// Begins a new epoch if the database has come from another cluster: what is not numbered
/// yet is numbered, and the snapshots begin anew. Says whether it did.
///
/// Nobody writes to the outbox before this has run, because every start runs it first.
pub(crate) async fn enter(db: &Db, service: &str) -> Result<bool, Error> {
    if db.dialect() == Dialect::Sqlite {
        return Ok(false);
    }
    let mut conn = db.begin().await?;
    let moved = "SELECT cluster <> (SELECT system_identifier FROM pg_control_system())
        FROM tidings_ticks WHERE id = 1 FOR UPDATE";
    let (moved,): (bool,) = conn.query_one(moved, &[]).await?;
    if moved {
        let number = "WITH numbered AS (
                INSERT INTO tidings_numbers (stream, slot, sequence, outbox_id)
                SELECT o.stream, o.slot, coalesce(h.sequence, 0)
                        + row_number() OVER (PARTITION BY o.stream, o.slot ORDER BY o.id), o.id
                FROM tidings_outbox o
                LEFT JOIN tidings_heads h ON h.stream = o.stream AND h.slot = o.slot
                WHERE NOT EXISTS (SELECT 1 FROM tidings_numbers n WHERE n.outbox_id = o.id)
                ORDER BY o.id
                RETURNING stream, slot, sequence
            )
            INSERT INTO tidings_heads (stream, slot, sequence)
            SELECT stream, slot, max(sequence) FROM numbered GROUP BY stream, slot
            ON CONFLICT (stream, slot) DO UPDATE SET sequence = excluded.sequence";
        conn.execute(number, &[]).await?;
        // The one time that rows of the log change: their transactions are of another
        // cluster, and ids of this one that look newer would be taken for new events.
        conn.execute("UPDATE tidings_outbox SET xid = '1'", &[])
            .await?;
        let begin = "UPDATE tidings_ticks SET snapshot = pg_current_snapshot(), epoch = epoch + 1,
            cluster = (SELECT system_identifier FROM pg_control_system()) WHERE id = 1";
        conn.execute(begin, &[]).await?;
        tracing::warn!(
            service,
            "the database has come from another cluster; a new epoch begins"
        );
    }
    db.commit(conn).await?;
    Ok(moved)
}
