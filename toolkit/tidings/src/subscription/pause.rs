//! Subscriptions that operators have paused: stored in the service's database, so for every slot,
//! for every instance, and until somebody resumes them.

use serde::Serialize;

use crate::db::Conn;
use crate::handle::Handle;
use crate::{Error, FromRow, Timestamp, Tx, act, params};

/// A subscription that applies nothing until somebody resumes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromRow)]
pub struct Paused {
    /// The subscription.
    pub subscription: String,
    /// Since when.
    pub at: Timestamp,
    /// Who paused it.
    pub actor: String,
    /// Why.
    pub note: String,
}

/// Stops a subscription from applying anything, on all its streams and in all instances, until
/// [`resume`]; a restart does not end it. `false` when it is paused already.
///
/// What is being applied at that moment is finished: on SQLite nothing is applied after the
/// commit; on PostgreSQL a transaction that has begun before it may still commit. Events stay
/// owed, and parked ones wait, too. Whoever keeps events for some time only keeps them no longer
/// for that.
///
/// # Errors
/// As statements.
pub async fn pause(tx: &mut Tx, subscription: &str, note: &str) -> Result<bool, Error> {
    let sql = "INSERT INTO tidings_paused (subscription, at, actor, note)
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let (now, actor) = (tx.now(), tx.context().actor.clone());
    let row = params![subscription, now, actor, note];
    let changed = tx.execute(sql, row).await? == 1;
    if changed {
        act::record(tx, "pause", subscription, Some(note)).await?;
    }
    Ok(changed)
}

/// Lets a paused subscription go on, within a second or two. `false` when it is not paused.
///
/// # Errors
/// As statements.
pub async fn resume(tx: &mut Tx, subscription: &str, note: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM tidings_paused WHERE subscription = $1";
    let changed = tx.execute(sql, params![subscription]).await? == 1;
    if changed {
        act::record(tx, "resume", subscription, Some(note)).await?;
    }
    Ok(changed)
}

/// The paused subscriptions of a service.
///
/// # Errors
/// As statements.
pub async fn paused(service: &Handle) -> Result<Vec<Paused>, Error> {
    let sql = "SELECT * FROM tidings_paused ORDER BY subscription";
    service.read().await?.query(sql, &[]).await
}

/// Since when, by whom and why a subscription is paused, if it is.
pub(crate) async fn of(conn: &mut Conn, subscription: &str) -> Result<Option<Paused>, Error> {
    let sql = "SELECT * FROM tidings_paused WHERE subscription = $1";
    conn.query_opt(sql, params![subscription]).await
}
