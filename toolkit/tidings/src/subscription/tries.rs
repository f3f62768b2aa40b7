//! Notes made before an event is tried, which outlive the process that tries it.

use std::collections::BTreeSet;

use super::Subscription;
use super::cursor::Cursors;
use crate::db::{Conn, Migration};
use crate::handle::Handle;
use crate::outbox::as_i64;
use crate::{Dialect, Error, EventId, Value, params};

/// Each reader's batch, by the lowest of its slots: no two read the same one.
pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0015_trying",
    "CREATE TABLE tidings_trying (
        subscription TEXT NOT NULL, stream TEXT NOT NULL, reader BIGINT NOT NULL,
        slots TEXT NOT NULL,
        PRIMARY KEY (subscription, stream, reader)
    );",
);

/// Notes that an event is about to be tried, and forgets the one before, which is through: if
/// its cursor is ever put back, it is not to blame for the process that ended behind it. Says how
/// often the event has been noted.
pub(super) async fn note(
    service: &Handle,
    subscription: &str,
    id: &EventId,
    through: Option<&EventId>,
) -> Result<u32, Error> {
    let mut tx = service.begin_own().await?;
    if let Some(through) = through {
        let sql = "DELETE FROM tidings_tries
            WHERE subscription = $1 AND stream = $2 AND slot = $3 AND sequence = $4";
        tx.execute(sql, &address(subscription, through)).await?;
    }
    let sql = "INSERT INTO tidings_tries (subscription, stream, slot, sequence, tries)
        VALUES ($1, $2, $3, $4, 1)
        ON CONFLICT (subscription, stream, slot, sequence)
            DO UPDATE SET tries = tidings_tries.tries + 1
        RETURNING tries";
    let (tries,) = tx
        .query_one::<(u32,)>(sql, &address(subscription, id))
        .await?;
    tx.commit().await?;
    Ok(tries)
}

fn address(subscription: &str, id: &EventId) -> [Value; 4] {
    let sequence = as_i64(id.sequence);
    [
        subscription.into(),
        (&id.stream).into(),
        id.slot.into(),
        sequence.into(),
    ]
}

/// Notes of each slot up to which number events are about to be applied, in place of the
/// reader's last note.
pub(super) async fn begin(
    service: &Handle,
    subscription: &Subscription,
    share: &BTreeSet<u16>,
    last: &Cursors,
) -> Result<(), Error> {
    let reader = share.first().copied().unwrap_or_default();
    let mut tx = service.begin_own().await?;
    let sql = "INSERT INTO tidings_trying (subscription, stream, reader, slots)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (subscription, stream, reader) DO UPDATE SET slots = excluded.slots";
    let slots = serde_json::to_string(last).map_err(|source| Error::Encode {
        what: "slots".to_owned(),
        source,
    })?;
    let row = params![subscription.name, subscription.stream.name, reader, slots];
    tx.execute(sql, row).await?;
    tx.commit().await
}

/// What was noted and has not been applied: of each slot up to which number. One of these events
/// may have ended the process. What was applied since makes a note void, so nobody removes it.
pub(super) async fn suspects(
    conn: &mut Conn,
    subscription: &Subscription,
    cursors: &Cursors,
) -> Result<Cursors, Error> {
    let sql = "SELECT slots FROM tidings_trying WHERE subscription = $1 AND stream = $2";
    let of = params![subscription.name, subscription.stream.name];
    let rows: Vec<(String,)> = conn.query(sql, of).await?;
    let mut suspects = Cursors::new();
    for (slots,) in rows {
        let noted: Cursors = serde_json::from_str(&slots).map_err(|error| Error::Decode {
            what: "slots of a batch".to_owned(),
            reason: error.to_string(),
        })?;
        for (slot, last) in noted {
            if cursors.get(&slot).is_some_and(|cursor| *cursor < last) {
                let known = suspects.entry(slot).or_default();
                *known = last.max(*known);
            }
        }
    }
    Ok(suspects)
}

/// Forgets the notes of single events in some slots of a stream: they are through. Those in
/// other slots may be another instance's, which has just died of one.
pub(super) async fn forget(
    service: &Handle,
    subscription: &str,
    stream: &str,
    slots: &BTreeSet<u16>,
) -> Result<(), Error> {
    let mut tx = service.begin_own().await?;
    let sql = format!("DELETE FROM tidings_tries {}", of_slots(tx.dialect()));
    tx.execute(&sql, params![subscription, stream, listed(slots)])
        .await?;
    tx.commit().await
}

fn of_slots(dialect: Dialect) -> String {
    let listed = dialect.pick(
        "SELECT value FROM json_each($3)",
        "SELECT jsonb_array_elements_text($3::text::jsonb)::bigint",
    );
    format!("WHERE subscription = $1 AND stream = $2 AND slot IN ({listed})")
}

/// As a JSON array.
fn listed(slots: &BTreeSet<u16>) -> String {
    let slots: Vec<String> = slots.iter().map(u16::to_string).collect();
    format!("[{}]", slots.join(","))
}
