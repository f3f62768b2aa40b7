//! Notes made before an event is tried, which outlive the process that tries it.

use std::collections::BTreeSet;

use crate::handle::Handle;
use crate::outbox::as_i64;
use crate::{Dialect, Envelope, Error, EventId, params};

/// Notes that an event is about to be tried; says how often it has been noted.
pub(super) async fn note(service: &Handle, subscription: &str, id: &EventId) -> Result<u32, Error> {
    let mut tx = service.begin_own().await?;
    let sql = "INSERT INTO tidings_tries (subscription, stream, slot, sequence, tries)
        VALUES ($1, $2, $3, $4, 1)
        ON CONFLICT (subscription, stream, slot, sequence)
            DO UPDATE SET tries = tidings_tries.tries + 1
        RETURNING tries";
    let row = params![subscription, &id.stream, id.slot, as_i64(id.sequence)];
    let (tries,) = tx.query_one::<(u32,)>(sql, row).await?;
    tx.commit().await?;
    Ok(tries)
}

/// Notes that a first batch is about to be applied, and says whether an earlier one of these
/// slots has never come to its end.
pub(super) async fn begin(
    service: &Handle,
    subscription: &str,
    batch: &[Envelope],
    slots: &BTreeSet<u16>,
) -> Result<bool, Error> {
    let Some(first) = batch.first() else {
        return Ok(false);
    };
    let EventId { stream, slot, .. } = &first.id;
    let mut tx = service.begin_own().await?;
    let of_slots = of_slots(tx.dialect());
    let sql = format!("SELECT count(*) FROM tidings_tries {of_slots}");
    let which = params![subscription, stream, listed(slots)];
    let (left,): (u64,) = tx.query_one(&sql, which).await?;
    if left == 0 {
        let sql = "INSERT INTO tidings_tries (subscription, stream, slot, sequence, tries)
            VALUES ($1, $2, $3, $4, 0)";
        let row = params![subscription, stream, *slot, as_i64(first.id.sequence)];
        tx.execute(sql, row).await?;
    }
    tx.commit().await?;
    Ok(left > 0)
}

/// Forgets the notes of a subscription on some slots of a stream: its first batch is through.
/// Those on other slots may be another instance's, which has just died of one.
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
