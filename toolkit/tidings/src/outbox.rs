//! The outbox: a service's events, stored in the transaction that tells of them.
//!
//! It is the log, not a waiting room: rows are inserted once, never updated, and
//! stay until retention. Numbers follow commit order:
//!
//! - SQLite has one writer, so the number is taken in the same transaction.
//! - On PostgreSQL nobody knows the commit order before it has happened. The
//!   [sequencer](crate::sequencer) numbers what has become visible. The usual
//!   shortcuts were tried and are wrong: `id > last` skips a transaction that
//!   commits late; `xid < xmin` delivers version 2 of a key before version 1 and
//!   stalls behind any open transaction; counters in the transaction make a batch
//!   wait for every writer of every slot (43 batches a second instead of 315);
//!   NOTIFY in the transaction costs 6 to 10 times in commits.

mod insert;

use std::collections::BTreeMap;

pub(crate) use insert::{commit, insert};

use crate::db::{Conn, Migration};
use crate::{Context, Dialect, Envelope, Error, EventType, Timestamp, params};

/// Positions that are read through in one statement.
const PART: i64 = 50_000;
/// Events to read at once before it is known how large they are.
pub(crate) const BATCH_FIRST: u32 = 50;
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Positions that PostgreSQL looks through for each event that is wanted at the most.
const STRETCH: u32 = 8;

/// An event that waits for its transaction's COMMIT.
#[derive(Debug)]
pub(crate) struct NewEvent {
    pub(crate) stream: &'static str,
    pub(crate) slot: u16,
    pub(crate) key: String,
    pub(crate) event_type: EventType,
    pub(crate) data: String,
    pub(crate) time: Timestamp,
    pub(crate) context: Context,
}

pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0001_outbox",
    "CREATE TABLE tidings_outbox (
        position INTEGER PRIMARY KEY,
        stream TEXT NOT NULL, slot BIGINT NOT NULL, sequence BIGINT NOT NULL,
        key TEXT NOT NULL, type TEXT NOT NULL, version BIGINT NOT NULL, data TEXT NOT NULL,
        time BIGINT NOT NULL, actor TEXT NOT NULL, correlation_id TEXT NOT NULL, causation_id TEXT
    );
    CREATE UNIQUE INDEX tidings_outbox_address ON tidings_outbox (stream, slot, sequence);
    CREATE TABLE tidings_heads (
        stream TEXT NOT NULL, slot BIGINT NOT NULL, sequence BIGINT NOT NULL,
        PRIMARY KEY (stream, slot)
    );",
)
.postgres(
    "CREATE TABLE tidings_outbox (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        stream TEXT NOT NULL, slot BIGINT NOT NULL,
        key TEXT NOT NULL, type TEXT NOT NULL, version BIGINT NOT NULL, data TEXT NOT NULL,
        time BIGINT NOT NULL, actor TEXT NOT NULL, correlation_id TEXT NOT NULL, causation_id TEXT
    );
    CREATE INDEX tidings_outbox_xid ON tidings_outbox (xid);
    CREATE TABLE tidings_numbers (
        position BIGINT GENERATED ALWAYS AS IDENTITY,
        stream TEXT NOT NULL, slot BIGINT NOT NULL, sequence BIGINT NOT NULL,
        outbox_id BIGINT NOT NULL,
        PRIMARY KEY (stream, position),
        UNIQUE (stream, slot, sequence)
    );
    CREATE TABLE tidings_heads (
        stream TEXT NOT NULL, slot BIGINT NOT NULL, sequence BIGINT NOT NULL,
        PRIMARY KEY (stream, slot)
    );
    CREATE TABLE tidings_ticks (
        id BIGINT PRIMARY KEY CHECK (id = 1),
        snapshot pg_snapshot NOT NULL,
        epoch BIGINT NOT NULL DEFAULT 1,
        cluster BIGINT NOT NULL
    );
    INSERT INTO tidings_ticks (id, snapshot, cluster)
        SELECT 1, pg_snapshot '1:1:', system_identifier FROM pg_control_system();",
);

const SQLITE_COLUMNS: &str = "stream, slot, sequence, key, type, version, data, time, actor, \
    correlation_id, causation_id";
const POSTGRES_COLUMNS: &str = "n.stream, n.slot, n.sequence, o.key, o.type, o.version, o.data, \
    o.time, o.actor, o.correlation_id, o.causation_id";

/// The columns of an envelope, of the outbox `o` and its numbers `n`.
pub(crate) fn columns(dialect: Dialect) -> &'static str {
    dialect.pick(SQLITE_COLUMNS, POSTGRES_COLUMNS)
}

/// The order of rows that an index has found: in the order of the log's own index PostgreSQL
/// would read the log instead, hoping for a few of them.
pub(crate) fn order_of_few(dialect: Dialect) -> &'static str {
    dialect.pick("+n.position", "(o.id + 0)")
}

pub(crate) fn select(conn: &Conn, rest: &str) -> String {
    match conn.as_postgres() {
        None => format!("SELECT {SQLITE_COLUMNS}, position FROM tidings_outbox n {rest}"),
        Some(_) => format!(
            "SELECT {POSTGRES_COLUMNS}, n.position FROM tidings_numbers n
             JOIN tidings_outbox o ON o.id = n.outbox_id {rest}"
        ),
    }
}

/// The last number of a slot; 0 before the first.
pub(crate) async fn head(conn: &mut Conn, stream: &str, slot: u16) -> Result<u64, Error> {
    let sql = "SELECT sequence FROM tidings_heads WHERE stream = $1 AND slot = $2";
    let head: Option<(u64,)> = conn.query_opt(sql, params![stream, slot]).await?;
    Ok(head.map_or(0, |(sequence,)| sequence))
}

/// The position of an event; if it is gone, of the last one of its slot before it, so that
/// whoever goes on from there gets some events again and misses none.
pub(crate) async fn position_at(
    conn: &mut Conn,
    stream: &str,
    slot: u16,
    sequence: u64,
) -> Result<i64, Error> {
    let table = conn.dialect().pick("tidings_outbox", "tidings_numbers");
    let sql = format!(
        "SELECT position FROM {table} WHERE stream = $1 AND slot = $2 AND sequence <= $3
         ORDER BY sequence DESC LIMIT 1"
    );
    let params = params![stream, slot, as_i64(sequence)];
    let found: Option<(i64,)> = conn.query_opt(&sql, params).await?;
    Ok(found.map_or(0, |(position,)| position))
}

/// The last position that a reader of a stream can have come to. It never looks at all rows:
/// it is asked whenever there is nothing new.
pub(crate) async fn last_position(conn: &mut Conn, stream: &str) -> Result<i64, Error> {
    let last: Option<(i64,)> = match conn.dialect() {
        Dialect::Sqlite => {
            let sql = "SELECT position FROM tidings_outbox ORDER BY position DESC LIMIT 1";
            conn.query_opt(sql, &[]).await?
        }
        Dialect::Postgres => {
            let sql = "SELECT position FROM tidings_numbers WHERE stream = $1
                ORDER BY position DESC LIMIT 1";
            conn.query_opt(sql, params![stream]).await?
        }
    };
    Ok(last.map_or(0, |(position,)| position))
}

/// Some events of a stream in the order of their numbering.
pub(crate) struct Page {
    pub(crate) events: Vec<Envelope>,
    /// Where the next read begins.
    pub(crate) next: i64,
    /// There was nothing behind them.
    pub(crate) is_last: bool,
}

/// Events of all slots of a stream in the order of their numbering.
pub(crate) async fn read_from(
    conn: &mut Conn,
    stream: &str,
    position: i64,
    limit: u32,
) -> Result<Page, Error> {
    read_where(conn, stream, "", position, limit).await
}

/// As [`read_from`], of the slots of a list: `1,2,3`.
pub(crate) async fn read_slots_from(
    conn: &mut Conn,
    stream: &str,
    slots: &str,
    position: i64,
    limit: u32,
) -> Result<Page, Error> {
    let and = format!("AND n.slot IN ({slots})");
    read_where(conn, stream, &and, position, limit).await
}

async fn read_where(
    conn: &mut Conn,
    stream: &str,
    and: &str,
    position: i64,
    limit: u32,
) -> Result<Page, Error> {
    // The reader of a quiet stream, or of quiet slots, moves on past the events of its busy
    // neighbours, or it would look through all of them again at every commit. Asked before the
    // events are read: what is published in between is behind it. PostgreSQL has an index by
    // stream.
    let last = match conn.dialect() {
        Dialect::Postgres if and.is_empty() => position,
        _ => last_position(conn, stream).await?.max(position),
    };
    let sql = match conn.dialect() {
        // The plus keeps SQLite from reading the whole stream by its address and sorting it.
        Dialect::Sqlite => {
            let rest = format!(
                "WHERE n.position > $2 AND +n.stream = $1 {and} ORDER BY n.position LIMIT $3"
            );
            select(conn, &rest)
        }
        Dialect::Postgres => select_stretch(and, limit),
    };
    let rows: Vec<crate::Row> = conn.query(&sql, params![stream, position, limit]).await?;
    let mut is_last = rows.len() < limit as usize;
    if let (Dialect::Postgres, Some(row)) = (conn.dialect(), rows.first()) {
        is_last &= !row.get::<bool>("goes_on")?;
    }
    let next = match rows.last() {
        Some(row) if is_last => last.max(row.get("position")?),
        Some(row) => row.get("position")?,
        None => last,
    };
    let events: Result<_, Error> = rows.iter().map(crate::FromRow::from_row).collect();
    Ok(Page {
        events: events?,
        next,
        is_last,
    })
}

/// Until PostgreSQL has statistics it takes all that is behind a position for a few rows, and
/// would read and sort all of it for five hundred (236 ms of 150,000 instead of one). So it is
/// shown a stretch that begins at the next event; what is behind that comes with the next read,
/// which `goes_on` says is worth while.
fn select_stretch(and: &str, limit: u32) -> String {
    let stretch = STRETCH * limit;
    format!(
        "WITH next AS MATERIALIZED (
            SELECT n.position FROM tidings_numbers n
            WHERE n.stream = $1 AND n.position > $2 {and} ORDER BY n.position LIMIT 1
         ), rest AS MATERIALIZED (
            SELECT EXISTS (SELECT 1 FROM tidings_numbers n WHERE n.stream = $1
                AND n.position >= (SELECT position FROM next) + {stretch}) AS goes_on
         )
         SELECT {POSTGRES_COLUMNS}, n.position, (SELECT goes_on FROM rest) AS goes_on
         FROM tidings_numbers n JOIN tidings_outbox o ON o.id = n.outbox_id
         WHERE n.stream = $1 AND n.position >= (SELECT position FROM next)
            AND n.position < (SELECT position FROM next) + {stretch} {and}
         ORDER BY n.position LIMIT $3"
    )
}

/// The position before the first event of a slot after a sequence, or the last position.
pub(crate) async fn position_of(
    conn: &mut Conn,
    stream: &str,
    cursors: &[(u16, u64)],
) -> Result<i64, Error> {
    let table = conn.dialect().pick("tidings_outbox", "tidings_numbers");
    let mut start = last_position(conn, stream).await?;
    let sql = format!(
        "SELECT position FROM {table} WHERE stream = $1 AND slot = $2 AND sequence > $3
         ORDER BY sequence LIMIT 1"
    );
    for (slot, sequence) in cursors {
        let params = params![stream, *slot, as_i64(*sequence)];
        if let Some((position,)) = conn.query_opt::<(i64,)>(&sql, params).await? {
            start = start.min(position - 1);
        }
    }
    Ok(start)
}

/// The first event of every slot that was published at that moment or later.
///
/// Read in parts, because there is no index on the time: it would cost every event, and this is
/// asked once in a subscription's life.
pub(crate) async fn first_since(
    conn: &mut Conn,
    stream: &str,
    time: Timestamp,
) -> Result<BTreeMap<u16, u64>, Error> {
    let table = conn.dialect().pick("tidings_outbox", "tidings_numbers");
    let sql = format!("SELECT position FROM {table} ORDER BY position DESC LIMIT 1");
    let end: Option<(i64,)> = conn.query_opt(&sql, &[]).await?;
    let end = end.map_or(0, |(position,)| position);
    let from = conn.dialect().pick(
        "tidings_outbox n",
        "tidings_numbers n JOIN tidings_outbox o ON o.id = n.outbox_id",
    );
    let stream_is = conn.dialect().pick("+n.stream = $1", "n.stream = $1");
    let sql = format!(
        "SELECT n.slot, min(n.sequence) FROM {from}
         WHERE n.position > $2 AND n.position <= $3 AND {stream_is} AND time >= $4
         GROUP BY n.slot"
    );
    let mut first = BTreeMap::new();
    let mut position = 0;
    while position < end {
        let params = params![stream, position, position + PART, time];
        for (slot, sequence) in conn.query::<(u16, u64)>(&sql, params).await? {
            first.entry(slot).or_insert(sequence);
        }
        position += PART;
    }
    Ok(first)
}

/// How many events like these to read at once: fewer when they are large.
pub(crate) fn fitting(events: &[Envelope], most: u32) -> u32 {
    let bytes: usize = events.iter().map(|event| event.data.len()).sum();
    let of_one = bytes / events.len().max(1) + 1;
    u32::try_from(BATCH_BYTES / of_one)
        .unwrap_or(most)
        .clamp(1, most)
}

/// The last number of every slot that has any.
pub(crate) async fn heads(conn: &mut Conn, stream: &str) -> Result<Vec<(u16, u64)>, Error> {
    let sql = "SELECT slot, sequence FROM tidings_heads WHERE stream = $1 ORDER BY slot";
    conn.query(sql, params![stream]).await
}

pub(crate) fn as_i64(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}
