//! Posts movements: the ledger, the balances and the events, each once.

use std::collections::{BTreeMap, BTreeSet};

use contracts::accounting::TransactionEvent;
use contracts::calendar::{BillingDay, Calendar};
use contracts::{TransactionId, UserId};
use tidings::{Context, Tx};

use crate::error::Error;
use crate::ledger::Movement;
use crate::store::{self, Added, Books};

/// A movement with the day on which it counts.
#[derive(Clone, Debug)]
pub(crate) struct Posting {
    pub(crate) movement: Movement,
    pub(crate) billing_day: BillingDay,
    /// Whether it is for an earlier day, which is closed (B-27).
    pub(crate) late: bool,
    /// What has led to it.
    pub(crate) context: Context,
}

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
    let posting = Posting {
        movement: movement.clone(),
        billing_day,
        late,
        context: tx.context().clone(),
    };
    Ok(post_all_in_tx(tx, &[posting]).await?.pop())
}

/// Posts movements in their order, with as many statements for many as for one. What was posted
/// before is not posted again (B-20). The books must be held.
pub(crate) async fn post_all_in_tx(
    tx: &mut Tx,
    postings: &[Posting],
) -> Result<Vec<Posted>, Error> {
    let named: Vec<(TransactionId, &Posting)> = postings
        .iter()
        .map(|one| (TransactionId::new(tx.now()), one))
        .collect();
    let rows: Vec<_> = named
        .iter()
        .map(|(id, one)| (*id, &one.movement, one.billing_day, one.late))
        .collect();
    let posted = store::insert_all(tx, &rows).await?;
    let (new, before): (Vec<_>, Vec<_>) =
        named.into_iter().partition(|(id, _)| posted.contains(id));
    if let Some((_, first)) = before.first() {
        tracing::warn!(
            source = first.movement.source,
            count = before.len(),
            "what was posted before is not posted again"
        );
    }
    move_and_tell(tx, &new).await
}

/// Moves the money, and tells of each movement with the balance that it leads to.
async fn move_and_tell(
    tx: &mut Tx,
    new: &[(TransactionId, &Posting)],
) -> Result<Vec<Posted>, Error> {
    let accounts: BTreeSet<UserId> = new.iter().map(|(_, one)| one.movement.account_id).collect();
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let mut balances = store::balances(tx, &accounts).await?;
    let mut added: BTreeMap<UserId, Added> = BTreeMap::new();
    let mut posted = Vec::with_capacity(new.len());
    for (id, one) in new {
        let movement = &one.movement;
        let delta_minor = movement.delta_minor();
        let balance = balances.entry(movement.account_id).or_default();
        *balance += delta_minor;
        let sum = added.entry(movement.account_id).or_default();
        sum.delta_minor += delta_minor;
        sum.movements += 1;
        tx.set_context(one.context.clone());
        tx.publish(TransactionEvent::Applied {
            transaction_id: *id,
            account_id: movement.account_id,
            kind: movement.cause.kind(),
            debit_minor: (-delta_minor).max(0),
            credit_minor: delta_minor.max(0),
            task_id: movement.cause.task_id(),
            billing_day: one.billing_day,
            at: movement.at,
            late: one.late,
            balance_after_minor: *balance,
        })?;
        posted.push(Posted {
            id: *id,
            billing_day: one.billing_day,
            late: one.late,
            balance_minor: *balance,
        });
    }
    store::add_all(tx, &added).await?;
    Ok(posted)
}
