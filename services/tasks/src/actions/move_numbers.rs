//! Takes the numbers of the old tracker out of the titles of rows of before (B.5).

use contracts::tasks::{TaskEvent, split_title};
use serde::{Deserialize, Serialize};
use tidings::{Enqueue, Handle, Job, Tx};

use crate::{Error, Records, Settings, store};

/// Rows of one transaction.
const SLICE: u32 = 100;

/// Moves the numbers of the rows behind one of them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MoveNumbers {
    /// The last row that was looked at.
    after: String,
}

impl Job for MoveNumbers {
    const KIND: &'static str = "move_numbers";
}

/// At every start that writes the second version: there is nothing to do where nothing is left.
pub(crate) async fn begin_move_numbers(service: Handle) -> Result<(), tidings::Error> {
    if service.resource::<Settings>()?.records == Records::First {
        return Ok(());
    }
    let mut tx = service.begin_own().await?;
    if !store::with_brackets(&mut tx, "", 1).await?.is_empty() {
        let after = String::new();
        let once = Enqueue::now().unique("");
        tx.enqueue_with(&MoveNumbers { after }, once).await?;
    }
    tx.commit().await
}

/// Each row gets its number and is told of anew, in the order of its changes like any other.
/// The next slice is a job of its own, so that the service goes on between.
pub(crate) async fn move_numbers(job: MoveNumbers, tx: &mut Tx) -> Result<(), Error> {
    let rows = store::with_brackets(tx, &job.after, SLICE).await?;
    let Some(last) = rows.last().map(|task| task.id) else {
        return Ok(());
    };
    for mut task in rows {
        let (jira_id, title) = split_title(&task.told.title);
        if jira_id.is_none() {
            // Other brackets belong to the title, and stay.
            continue;
        }
        (task.told.jira_id, task.told.title) = (jira_id, title);
        task.version += 1;
        store::update(tx, &task).await?;
        tx.publish(TaskEvent::Updated(task.record()))?;
    }
    let after = last.to_string();
    tx.enqueue(&MoveNumbers { after }).await?;
    Ok(())
}
