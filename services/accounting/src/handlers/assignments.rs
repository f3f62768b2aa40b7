//! What happens to tasks: prices them, charges whom they fall to, rewards whoever does them.

use std::collections::BTreeMap;

use contracts::TaskId;
use contracts::calendar::Calendar;
use contracts::tasks::AssignmentEvent;
use tidings::{Context, Event, Tx};

use crate::actions::{Posting, post_all_in_tx, price_in_tx};
use crate::error::Error;
use crate::ledger::{Cause, Movement};
use crate::price::Price;
use crate::store;

/// Applies what has happened to tasks. None of the events needs another one to have come before
/// (B-22, B-23), and previous holders get nothing back (B-16).
///
/// Many at once, because a shuffle of a whole office is thousands: one by one they would be
/// posted no faster than they are dealt.
pub(crate) async fn assignments(
    events: &[Event<AssignmentEvent>],
    tx: &mut Tx,
) -> Result<(), Error> {
    let books = store::hold(tx).await?;
    let mut asked: BTreeMap<TaskId, Context> = BTreeMap::new();
    for event in events {
        let task_id = task_of(&event.data);
        asked.entry(task_id).or_insert_with(|| caused_by(event));
    }
    let prices = price_in_tx(tx, &asked).await?;
    let calendar = tx.resource::<Calendar>()?;
    let mut postings = Vec::with_capacity(events.len());
    for event in events {
        let price = prices.get(&task_of(&event.data));
        let Some(movement) = price.and_then(|price| movement(event, *price)) else {
            continue;
        };
        // B-34: when it happened, not when it came; B-27: unless that day is closed.
        let (billing_day, late) = books.post_on(calendar.day_of(movement.at));
        postings.push(Posting {
            movement,
            billing_day,
            late,
            context: caused_by(event),
        });
    }
    post_all_in_tx(tx, &postings).await?;
    Ok(())
}

fn task_of(event: &AssignmentEvent) -> TaskId {
    match event {
        AssignmentEvent::Added { task_id, .. }
        | AssignmentEvent::Assigned { task_id, .. }
        | AssignmentEvent::Completed { task_id, .. } => *task_id,
    }
}

fn caused_by(event: &Event<AssignmentEvent>) -> Context {
    Context {
        causation_id: Some(event.id.to_string()),
        ..event.context.clone()
    }
}

/// What an event costs or brings; a new task neither.
fn movement(event: &Event<AssignmentEvent>, price: Price) -> Option<Movement> {
    let (account_id, amount_minor, cause, at) = match event.data {
        AssignmentEvent::Added { .. } => return None,
        AssignmentEvent::Assigned {
            task_id,
            assignee_id,
            reason,
            shuffle_id,
            assignment_no,
            at,
            ..
        } => {
            let cause = Cause::Assigned {
                task_id,
                assignment_no,
                reason,
                shuffle_id,
            };
            (assignee_id, price.assign_fee_minor, cause, at)
        }
        AssignmentEvent::Completed {
            task_id,
            assignee_id,
            completed_at,
        } => {
            let cause = Cause::Completed { task_id };
            (assignee_id, price.reward_minor, cause, completed_at)
        }
    };
    Some(Movement {
        source: event.id.to_string(),
        account_id,
        amount_minor,
        cause,
        actor: event.context.actor.clone(),
        at,
    })
}
