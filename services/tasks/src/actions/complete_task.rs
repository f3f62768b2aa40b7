//! Its holder says that a task is done.

use contracts::TaskId;
use tidings::{Context, Handle};

use crate::access::Member;
use crate::records::{self, Change};
use crate::task::Task;
use crate::{Error, Settings, store};

/// Completes a task for its holder. A shuffle that reaches it at the same moment goes before
/// or after, never between (B-18): both hold the task's row.
pub(crate) async fn complete_task(
    service: &Handle,
    context: Context,
    member: Member,
    id: TaskId,
) -> Result<Task, Error> {
    let settings = service.resource::<Settings>()?;
    let mut tx = service.begin(context).await?;
    let Some(mut task) = store::load_for_update(&mut tx, id).await? else {
        // Whoever sees their own tasks only is not told what there is.
        return Err(match member.deals {
            true => Error::TaskUnknown,
            false => Error::NotTheirs,
        });
    };
    let now = tx.now();
    task.complete(member.id, now)?;
    store::update(&mut tx, &task).await?;
    records::publish(&mut tx, &settings, &task, Change::Updated)?;
    tx.publish(task.completed(now))?;
    tx.commit().await?;
    Ok(task)
}
