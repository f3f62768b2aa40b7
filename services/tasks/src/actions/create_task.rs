//! Somebody writes down what is to be done; it falls to somebody at once.

use contracts::tasks::AssignmentEvent;
use contracts::{TaskId, UserId};
use tidings::{Handle, Tx};

use crate::draft::Draft;
use crate::draw::Lot;
use crate::records::{self, Change};
use crate::task::Task;
use crate::{Error, Settings, store};

/// Creates a task with the caller's transaction. Where nobody is eligible nothing is stored
/// and nothing told (B-12).
pub(crate) async fn create_task_in_tx(
    tx: &mut Tx,
    service: &Handle,
    created_by: UserId,
    draft: Draft,
) -> Result<Task, Error> {
    let settings = service.resource::<Settings>()?;
    let told = draft.check(settings.records)?;
    let eligible = store::people::eligible(tx).await?;
    let lot = service.resource::<Lot>()?;
    let assignee_id = lot.draw(&eligible, None).ok_or(Error::NoWorkers)?;
    let id = TaskId::new(tx.now());
    let task = Task::new(id, told, assignee_id, created_by, tx.now());
    add_in_tx(tx, &settings, &task).await?;
    Ok(task)
}

/// Stores a new task with its first assignment, and tells of it.
pub(crate) async fn add_in_tx(tx: &mut Tx, settings: &Settings, task: &Task) -> Result<(), Error> {
    store::insert(tx, task).await?;
    store::insert_assignment(tx, task, None, None).await?;
    records::publish(tx, settings, task, Change::Created)?;
    tx.publish(AssignmentEvent::Added {
        task_id: task.id,
        created_by: task.created_by,
        at: task.created_at,
    })?;
    tx.publish(task.assigned(None, None))?;
    Ok(())
}
