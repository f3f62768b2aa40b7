//! Records of tasks: keeps what they are called.

use contracts::tasks::TaskEvent;
use tidings::{Error, Event, View};

use crate::store::apply;

/// Applies one record of a task, whichever version it was written in (B-01).
pub(crate) async fn tasks(event: Event<TaskEvent>, view: &mut View<'_>) -> Result<(), Error> {
    let (TaskEvent::Created(task) | TaskEvent::Updated(task)) = event.data;
    apply::keep_task(view, &task).await?;
    apply::note(view, &event.id).await
}
