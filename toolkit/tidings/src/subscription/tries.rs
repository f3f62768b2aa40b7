//! Notes made before an event is tried, which outlive the process that tries it.

use std::collections::BTreeSet;

use crate::handle::Handle;
use crate::outbox::as_i64;
use crate::{Error, EventId, params};

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

/// Forgets the notes of a subscription on some slots of a stream: its first batch is through.
/// Those on other slots may be another instance's, which has just died of one.
pub(super) async fn forget(
    service: &Handle,
    subscription: &str,
    stream: &str,
    slots: &BTreeSet<u16>,
) -> Result<(), Error> {
    let mut tx = service.begin_own().await?;
    for slot in slots {
        let sql = "DELETE FROM tidings_tries WHERE subscription = $1 AND stream = $2 AND slot = $3";
        tx.execute(sql, params![subscription, stream, *slot])
            .await?;
    }
    tx.commit().await
}
