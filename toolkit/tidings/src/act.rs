//! What operators have done: who, when, to what.

use crate::{Error, Tx, params};

/// Records an act in the transaction that does it.
pub(crate) async fn record(
    tx: &mut Tx,
    act: &str,
    subject: &str,
    note: Option<&str>,
) -> Result<(), Error> {
    let sql = "INSERT INTO tidings_acts (id, at, actor, act, subject, note)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let now = tx.now();
    let actor = tx.context().actor.clone();
    let row = params![crate::uuid_at(now), now, actor, act, subject, note];
    tx.execute(sql, row).await?;
    Ok(())
}
