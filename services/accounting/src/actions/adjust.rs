//! Somebody sets an account right.

use contracts::UserId;
use tidings::{Tx, Uuid};

use super::post::{Posted, post_in_tx};
use crate::adjustment::Adjustment;
use crate::error::Error;
use crate::ledger::{Cause, Movement};
use crate::store;

/// Posts an adjustment to somebody's account, today, with who has made it and why. What is
/// posted stands: it is made good by another one.
///
/// The same `once` for the same account is the same adjustment, and is not posted again.
pub(crate) async fn adjust_in_tx(
    tx: &mut Tx,
    account_id: UserId,
    once: Uuid,
    adjustment: Adjustment,
) -> Result<Posted, Error> {
    let books = store::hold(tx).await?;
    if store::account(tx, account_id).await?.is_none() {
        return Err(Error::NoAccount(account_id));
    }
    let Adjustment { amount_minor, note } = adjustment;
    let movement = Movement {
        source: format!("adjustment.{account_id}.{once}"),
        account_id,
        amount_minor: amount_minor.abs(),
        cause: Cause::Adjustment {
            gives: amount_minor > 0,
            note,
        },
        actor: tx.context().actor.clone(),
        at: tx.now(),
    };
    let posted = post_in_tx(tx, &books, &movement).await?;
    posted.ok_or(Error::AlreadyPosted)
}
