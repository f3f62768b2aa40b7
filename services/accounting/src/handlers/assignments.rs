//! What happens to tasks: prices them, charges whom they fall to, rewards whoever does them.

use contracts::tasks::AssignmentEvent;
use tidings::{Event, Tx};

use crate::actions::{post_in_tx, price_in_tx};
use crate::error::Error;
use crate::ledger::{Cause, Movement};
use crate::store;

/// Applies one event of a task. None of them needs another one to have come before (B-22,
/// B-23), and previous holders get nothing back (B-16).
pub(crate) async fn assignments(event: Event<AssignmentEvent>, tx: &mut Tx) -> Result<(), Error> {
    let books = store::hold(tx).await?;
    let (source, actor) = (event.id.to_string(), event.context.actor);
    let movement = match event.data {
        AssignmentEvent::Added { task_id, .. } => {
            price_in_tx(tx, task_id).await?;
            return Ok(());
        }
        AssignmentEvent::Assigned {
            task_id,
            assignee_id,
            reason,
            shuffle_id,
            assignment_no,
            at,
            ..
        } => Movement {
            source,
            account_id: assignee_id,
            amount_minor: price_in_tx(tx, task_id).await?.assign_fee_minor,
            cause: Cause::Assigned {
                task_id,
                assignment_no,
                reason,
                shuffle_id,
            },
            actor,
            at,
        },
        AssignmentEvent::Completed {
            task_id,
            assignee_id,
            completed_at,
        } => Movement {
            source,
            account_id: assignee_id,
            amount_minor: price_in_tx(tx, task_id).await?.reward_minor,
            cause: Cause::Completed { task_id },
            actor,
            at: completed_at,
        },
    };
    post_in_tx(tx, &books, &movement).await?;
    Ok(())
}
