//! How a transaction's events come into the outbox.

use crate::db::{Conn, Db, Param, Piped};
use crate::outbox::NewEvent;
use crate::stream::fnv1a;
use crate::{Dialect, Error, crash, params};

/// Inserts a transaction's events, the last thing before COMMIT, and says which are left for
/// [`commit`]: on PostgreSQL they travel with it, unless a test wants to stop in between.
pub(crate) async fn insert<'a>(
    conn: &mut Conn,
    events: &'a [NewEvent],
) -> Result<&'a [NewEvent], Error> {
    match conn.dialect() {
        Dialect::Sqlite => insert_each(conn, events).await?,
        Dialect::Postgres if crash::is_planned() && !events.is_empty() => {
            let rows = Rows::of(events);
            let (locks, columns) = (rows.locks(), rows.columns());
            conn.pipeline(&statements(&locks, &columns)).await?;
        }
        Dialect::Postgres => return Ok(events),
    }
    Ok(&[])
}

/// Commits a transaction with the events that are left.
pub(crate) async fn commit(db: &Db, conn: Conn, left: &[NewEvent]) -> Result<(), Error> {
    if left.is_empty() {
        return db.commit(conn).await;
    }
    let rows = Rows::of(left);
    let (locks, columns) = (rows.locks(), rows.columns());
    let last = statements(&locks, &columns);
    db.commit_with(conn, &last).await.map(drop)
}

async fn insert_each(conn: &mut Conn, events: &[NewEvent]) -> Result<(), Error> {
    for event in events {
        let number = "INSERT INTO tidings_heads (stream, slot, sequence) VALUES ($1, $2, 1)
            ON CONFLICT (stream, slot) DO UPDATE SET sequence = sequence + 1 RETURNING sequence";
        let (sequence,): (i64,) = conn
            .query_one(number, params![event.stream, event.slot])
            .await?;
        let insert = "INSERT INTO tidings_outbox (stream, slot, sequence, key, type, version,
                data, time, actor, correlation_id, causation_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let row = params![
            event.stream,
            event.slot,
            sequence,
            &event.key,
            event.event_type.name,
            event.event_type.version,
            &event.data,
            event.time,
            &event.context.actor,
            &event.context.correlation_id,
            event.context.causation_id.clone(),
        ];
        conn.execute(insert, row).await?;
    }
    Ok(())
}

/// The locks, then the rows.
fn statements<'a>(locks: &'a [Param<'a>; 1], columns: &'a [Param<'a>; 10]) -> [Piped<'a>; 2] {
    let lock = "SELECT pg_advisory_xact_lock(current_schema()::regnamespace::oid::bigint # lock)
        FROM unnest($1::bigint[]) AS lock";
    let insert = "INSERT INTO tidings_outbox (stream, slot, key, type, version, data, time, actor,
            correlation_id, causation_id)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[],
            $6::text[], $7::bigint[], $8::text[], $9::text[], $10::text[])";
    [(lock, locks), (insert, columns)]
}

/// Events as columns.
struct Rows<'a> {
    /// A lock per distinct key, in sorted order so that two transactions never wait
    /// for each other in a circle. Without it two writers of one key could draw their
    /// insertion ids in one order and commit in the other. Different keys never meet.
    locks: Vec<i64>,
    streams: Vec<&'a str>,
    slots: Vec<i64>,
    keys: Vec<&'a str>,
    types: Vec<&'a str>,
    versions: Vec<i64>,
    data: Vec<&'a str>,
    times: Vec<i64>,
    actors: Vec<&'a str>,
    correlations: Vec<&'a str>,
    causes: Vec<Option<&'a str>>,
}

impl<'a> Rows<'a> {
    fn of(events: &'a [NewEvent]) -> Self {
        let mut locks: Vec<i64> = events
            .iter()
            .map(|event| {
                let bytes = event.stream.bytes().chain([b'/']).chain(event.key.bytes());
                fnv1a(bytes).cast_signed()
            })
            .collect();
        locks.sort_unstable();
        locks.dedup();
        let text = |f: fn(&NewEvent) -> &str| events.iter().map(f).collect();
        let number = |f: fn(&NewEvent) -> i64| events.iter().map(f).collect();
        let causes = events.iter();
        Self {
            locks,
            streams: text(|event| event.stream),
            slots: number(|event| event.slot.into()),
            keys: text(|event| &event.key),
            types: text(|event| event.event_type.name),
            versions: number(|event| event.event_type.version.into()),
            data: text(|event| &event.data),
            times: number(|event| event.time.as_micros()),
            actors: text(|event| &event.context.actor),
            correlations: text(|event| &event.context.correlation_id),
            causes: causes
                .map(|event| event.context.causation_id.as_deref())
                .collect(),
        }
    }

    fn locks(&self) -> [Param<'_>; 1] {
        [&self.locks]
    }

    fn columns(&self) -> [Param<'_>; 10] {
        [
            &self.streams,
            &self.slots,
            &self.keys,
            &self.types,
            &self.versions,
            &self.data,
            &self.times,
            &self.actors,
            &self.correlations,
            &self.causes,
        ]
    }
}
