//! Movements of money: what management earned, who is in the red, what tasks have brought.

use contracts::accounting::{TransactionEvent, TransactionKind};
use tidings::{Error, Event, View};

use crate::store::apply::{self, Entry};

/// Applies one movement. Payouts and corrections change what is in an account and nothing that
/// management earned (B-25).
pub(crate) async fn transactions(
    event: Event<TransactionEvent>,
    view: &mut View<'_>,
) -> Result<(), Error> {
    let TransactionEvent::Applied {
        account_id,
        kind,
        debit_minor,
        credit_minor,
        task_id,
        billing_day,
        at,
        balance_after_minor,
        ..
    } = event.data;
    // Events of one account come in order, so the last one tells how it stands.
    apply::set_balance(view, account_id, balance_after_minor).await?;
    let entry = Entry {
        account_id,
        billing_day,
        fee_minor: 0,
        reward_minor: 0,
    };
    match kind {
        TransactionKind::AssignFee => {
            let fee_minor = debit_minor;
            apply::earn(view, &Entry { fee_minor, ..entry }).await?;
        }
        TransactionKind::TaskReward => {
            let reward_minor = credit_minor;
            let entry = Entry {
                reward_minor,
                ..entry
            };
            apply::earn(view, &entry).await?;
            if let Some(task_id) = task_id {
                apply::complete(view, task_id, reward_minor, at).await?;
            }
        }
        TransactionKind::Payout | TransactionKind::Adjustment => {}
    }
    apply::note(view, &event.id).await
}
