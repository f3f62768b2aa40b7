//! Records of tasks: keeps what they are called.

use contracts::tasks::TaskEvent;
use tidings::{Event, Tx};

use crate::error::Error;
use crate::store;

/// Applies one record of a task.
pub(crate) async fn tasks(event: Event<TaskEvent>, tx: &mut Tx) -> Result<(), Error> {
    let (TaskEvent::Created(task) | TaskEvent::Updated(task)) = event.data;
    // Held, so that a title and what is posted of the task do not pass each other unseen.
    store::hold(tx).await?;
    Ok(store::keep_task(tx, &task).await?)
}
