//! The mark of an event: by it a reader notices that the producer's past has changed (X-25).
//!
//! A producer whose database was restored from a backup gives numbers a second time. While it
//! is behind its readers they see that by the numbers alone: a cursor beyond the head. Once it
//! has written past them, the numbers look right and mean other events. So every cursor keeps
//! the mark of an event that it has passed, and a reader that opens asks the producer whether
//! that event is still the one.

use crate::db::{Conn, Migration};
use crate::outbox::as_i64;
use crate::stream::fnv1a;
use crate::{Dialect, Envelope, Error, EventId, Timestamp, params};

/// `marked` is the number of the event that `mark` is of. Not simply the cursor's: a process of
/// an older version may move the cursor, and knows nothing of marks.
pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0013_marks",
    "ALTER TABLE tidings_cursors ADD COLUMN marked BIGINT;
    ALTER TABLE tidings_cursors ADD COLUMN mark BIGINT;",
);

/// An event by its place in a stream, and its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The slot.
    pub slot: u16,
    /// The number in the slot.
    pub sequence: u64,
    /// The event's [mark](Envelope::mark).
    pub mark: u64,
}

impl Marked {
    /// The place and the mark of an event.
    #[must_use]
    pub fn of(event: &Envelope) -> Self {
        Self {
            slot: event.id.slot,
            sequence: event.id.sequence,
            mark: event.mark(),
        }
    }
}

impl Envelope {
    /// A number that two different events with one address do not share: the 64-bit FNV-1a hash
    /// of address, key, type, time in microseconds and correlation, each followed by a newline.
    ///
    /// The data is not in it, because one event may show its data differently: an upgrade may
    /// present it in a newer version, and what is personal in it may have to be erased.
    ///
    /// ```
    /// use tidings::{Context, Envelope, Timestamp};
    ///
    /// let event = Envelope {
    ///     id: "orders.12.345".parse()?,
    ///     key: "o-1".to_owned(),
    ///     name: "order.created".to_owned(),
    ///     version: 1,
    ///     data: "{}".to_owned(),
    ///     time: Timestamp::from_micros(1_773_504_007_000_000),
    ///     context: Context {
    ///         actor: "service:orders".to_owned(),
    ///         correlation_id: "flow-1".to_owned(),
    ///         causation_id: None,
    ///     },
    /// };
    /// let text = "orders.12.345\no-1\norder.created\n1773504007000000\nflow-1\n";
    /// let fnv1a = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
    ///     (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    /// });
    /// assert_eq!(event.mark(), fnv1a);
    /// # Ok::<(), String>(())
    /// ```
    #[must_use]
    pub fn mark(&self) -> u64 {
        let correlation_id = &self.context.correlation_id;
        mark(&self.id, &self.key, &self.name, self.time, correlation_id)
    }
}

fn mark(id: &EventId, key: &str, name: &str, time: Timestamp, correlation_id: &str) -> u64 {
    let micros = time.as_micros();
    let text = format!("{id}\n{key}\n{name}\n{micros}\n{correlation_id}\n");
    fnv1a(text.bytes())
}

/// The marks of those of these places of a stream that this outbox has.
pub(crate) async fn of_places(
    conn: &mut Conn,
    stream: &str,
    places: &[(u16, u64)],
) -> Result<Vec<Marked>, Error> {
    // A lookup for each place: joined, they would be planned as a reading of the whole table
    // where there are no statistics yet.
    let sql = match conn.dialect() {
        Dialect::Sqlite => {
            "SELECT key, type, time, correlation_id FROM tidings_outbox
             WHERE stream = $1 AND slot = $2 AND sequence = $3"
        }
        Dialect::Postgres => {
            "SELECT o.key, o.type, o.time, o.correlation_id
             FROM tidings_numbers n JOIN tidings_outbox o ON o.id = n.outbox_id
             WHERE n.stream = $1 AND n.slot = $2 AND n.sequence = $3"
        }
    };
    let mut marks = Vec::with_capacity(places.len());
    for &(slot, sequence) in places {
        let found: Option<(String, String, Timestamp, String)> = conn
            .query_opt(sql, params![stream, slot, as_i64(sequence)])
            .await?;
        let Some((key, name, time, correlation_id)) = found else {
            continue;
        };
        let stream = stream.to_owned();
        let id = EventId {
            stream,
            slot,
            sequence,
        };
        let mark = mark(&id, &key, &name, time, &correlation_id);
        marks.push(Marked {
            slot,
            sequence,
            mark,
        });
    }
    Ok(marks)
}
