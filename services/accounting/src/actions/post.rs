//! Posts a movement: the ledger, both balances and the event, once.

use contracts::TransactionId;
use contracts::accounting::TransactionEvent;
use tidings::Tx;

use crate::error::Error;
use crate::ledger::Movement;
use crate::store::{self, Books};
use contracts::calendar::{BillingDay, Calendar};

/// What was posted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Posted {
    pub(crate) id: TransactionId,
    pub(crate) billing_day: BillingDay,
    pub(crate) late: bool,
    /// What is in the account now.
    pub(crate) balance_minor: i64,
}

/// Posts a movement on the day in which it happened, or, when that is closed, on the first one
/// that is open (B-27). What was posted before is not posted again (B-20): nothing is given.
///
/// The books must be held, because the day and the balance are read before they are written.
pub(crate) async fn post_in_tx(
    tx: &mut Tx,
    books: &Books,
    movement: &Movement,
) -> Result<Option<Posted>, Error> {
    let day = tx.resource::<Calendar>()?.day_of(movement.at);
    let (billing_day, late) = books.post_on(day);
    post_on_in_tx(tx, movement, billing_day, late).await
}

/// As [`post_in_tx`], on a day that the caller has chosen.
pub(super) async fn post_on_in_tx(
    tx: &mut Tx,
    movement: &Movement,
    billing_day: BillingDay,
    late: bool,
) -> Result<Option<Posted>, Error> {
    let transaction_id = TransactionId::new(tx.now());
    if !store::insert(tx, transaction_id, movement, (billing_day, late)).await? {
        tracing::warn!(
            source = movement.source,
            "what was posted before is not posted again"
        );
        return Ok(None);
    }
    let delta_minor = movement.delta_minor();
    let balance_minor = store::add_to(tx, movement.account_id, delta_minor).await?;
    tx.publish(TransactionEvent::Applied {
        transaction_id,
        account_id: movement.account_id,
        kind: movement.cause.kind(),
        debit_minor: (-delta_minor).max(0),
        credit_minor: delta_minor.max(0),
        task_id: movement.cause.task_id(),
        billing_day,
        at: movement.at,
        late,
        balance_after_minor: balance_minor,
    })?;
    Ok(Some(Posted {
        id: transaction_id,
        billing_day,
        late,
        balance_minor,
    }))
}
