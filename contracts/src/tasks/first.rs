//! The first version of the records of tasks, for a writer that is rolled out (B.5).

use serde::{Deserialize, Serialize};
use tidings::schemars::JsonSchema;
use tidings::{Stream, Timestamp};

use super::{TaskRecord, TaskStatus, join_title};
use crate::{TaskId, UserId};

/// The public record of a task, with its number in the title: `[POP-42] Mend the gate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct FirstTaskRecord {
    /// The task.
    pub task_id: TaskId,
    /// What is to be done, in a line, behind its number.
    pub title: String,
    /// What is to be done, at length.
    pub description: String,
    /// Whose it is now.
    pub assignee_id: UserId,
    /// Where it stands.
    pub status: TaskStatus,
    /// Who wrote it down.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it was done, if it is.
    pub completed_at: Option<Timestamp>,
    /// Rises by one with every event of it on this stream, from 1.
    pub version: u64,
}

impl From<TaskRecord> for FirstTaskRecord {
    fn from(record: TaskRecord) -> Self {
        Self {
            task_id: record.task_id,
            title: join_title(record.jira_id.as_deref(), &record.title),
            description: record.description,
            assignee_id: record.assignee_id,
            status: record.status,
            created_by: record.created_by,
            created_at: record.created_at,
            completed_at: record.completed_at,
            version: record.version,
        }
    }
}

/// The stream `tasks` as it was first written. Nobody reads it as this: readers know
/// [`TaskEvent`](super::TaskEvent), which makes the second version of it.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "tasks", key = "task_id", state, schemas)]
pub enum FirstTaskEvent {
    /// Somebody has written it down.
    #[event("task.created")]
    Created(FirstTaskRecord),
    /// Its holder or its standing has changed.
    #[event("task.updated")]
    Updated(FirstTaskRecord),
}
