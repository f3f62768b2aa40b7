//! Records of tasks: keeps what they are called.

use std::collections::BTreeMap;

use contracts::TaskId;
use contracts::tasks::{TaskEvent, TaskRecord};
use tidings::{Event, Tx};

use crate::error::Error;
use crate::store;

/// Applies records of tasks, of each the newest.
pub(crate) async fn tasks(events: &[Event<TaskEvent>], tx: &mut Tx) -> Result<(), Error> {
    let mut newest: BTreeMap<TaskId, &TaskRecord> = BTreeMap::new();
    for event in events {
        let (TaskEvent::Created(task) | TaskEvent::Updated(task)) = &event.data;
        let known = newest.entry(task.task_id).or_insert(task);
        if known.version < task.version {
            *known = task;
        }
    }
    // Held, so that a title and what is posted of the task do not pass each other unseen.
    store::hold(tx).await?;
    Ok(store::keep_tasks(tx, &newest).await?)
}
