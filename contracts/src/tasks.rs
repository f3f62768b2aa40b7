//! Written by `tasks`: what is to be done, who it fell to, and what became of it.
//!
//! Three streams. `tasks` holds the record of every task for those who keep a replica;
//! `assignments` tells what happened to it, for those who count; `shuffles` tells of the
//! dealing of all open tasks. They are not ordered among each other: an assignment can come
//! before the record of its task (B-22).

mod first;
mod title;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidings::schemars::JsonSchema;
use tidings::{Stream, Timestamp};

use crate::{ShuffleId, TaskId, UserId};

pub use first::{FirstTaskEvent, FirstTaskRecord};
pub use title::{is_jira_id, join_title, split_title};

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// It is to be done.
    Open,
    /// It is done, for ever (B-17).
    Completed,
}

impl TaskStatus {
    /// The word on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            TaskStatus::Open => "open",
            TaskStatus::Completed => "completed",
        }
    }
}

/// The public record of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct TaskRecord {
    /// The task.
    pub task_id: TaskId,
    /// Its number in the old tracker: `POP-42`.
    pub jira_id: Option<String>,
    /// What is to be done, in a line.
    pub title: String,
    /// What is to be done, at length; empty when the title says all.
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

/// What becomes of the records of tasks; each event holds the whole record.
///
/// Version 2 has `jira_id`. In version 1 it stood in the title: `[POP-42] Mend the gate`.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "tasks", key = "task_id", state, schemas)]
pub enum TaskEvent {
    /// Somebody has written it down.
    #[event("task.created", version = 2, upcast(1 = number_out_of_title))]
    Created(TaskRecord),
    /// Its holder or its standing has changed.
    #[event("task.updated", version = 2, upcast(1 = number_out_of_title))]
    Updated(TaskRecord),
}

/// What version 1 said, as version 2.
fn number_out_of_title(mut record: Value) -> Result<Value, String> {
    let title = record["title"].as_str().ok_or("title is missing")?;
    let (jira_id, title) = split_title(title);
    record["jira_id"] = jira_id.into();
    record["title"] = title.into();
    Ok(record)
}

/// Why a task fell to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
#[serde(rename_all = "snake_case")]
pub enum AssignmentReason {
    /// It was new.
    Created,
    /// All open tasks were dealt anew.
    Shuffle,
}

impl AssignmentReason {
    /// The word on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            AssignmentReason::Created => "created",
            AssignmentReason::Shuffle => "shuffle",
        }
    }
}

/// What happens to tasks. The `at` of an event decides which day it counts for (B-34), not
/// the moment at which somebody hears of it.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "assignments", key = "task_id", schemas)]
pub enum AssignmentEvent {
    /// It is new: whoever sets prices may set one.
    #[event("task.added")]
    Added {
        /// The task.
        task_id: TaskId,
        /// Who wrote it down.
        created_by: UserId,
        /// When.
        at: Timestamp,
    },
    /// It has fallen to somebody, who may be the one who had it before (B-15).
    #[event("task.assigned")]
    Assigned {
        /// The task.
        task_id: TaskId,
        /// Whose it is now.
        assignee_id: UserId,
        /// Whose it was; none when it was new.
        previous_assignee_id: Option<UserId>,
        /// Why.
        reason: AssignmentReason,
        /// The dealing that it was part of, if it was.
        shuffle_id: Option<ShuffleId>,
        /// Which assignment of this task it is, from 1.
        assignment_no: u64,
        /// When.
        at: Timestamp,
    },
    /// Its holder has done it.
    #[event("task.completed")]
    Completed {
        /// The task.
        task_id: TaskId,
        /// Who has done it.
        assignee_id: UserId,
        /// When.
        completed_at: Timestamp,
    },
}

/// What becomes of dealings.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "shuffles", key = "shuffle_id", schemas)]
pub enum ShuffleEvent {
    /// Every task that was open when it was reached has been dealt (B-15).
    #[event("tasks.shuffled")]
    Shuffled {
        /// The dealing.
        shuffle_id: ShuffleId,
        /// How many tasks were open when it began.
        total: u64,
        /// How many were dealt.
        reassigned: u64,
        /// How many were done before they were reached (B-18), or could fall to nobody (B-12).
        skipped: u64,
        /// Who asked for it.
        requested_by: UserId,
    },
}

#[cfg(test)]
mod tests {
    use tidings::Uuid;

    use super::*;

    fn record(jira_id: Option<&str>, title: &str) -> TaskRecord {
        TaskRecord {
            task_id: Uuid::nil().into(),
            jira_id: jira_id.map(str::to_owned),
            title: title.to_owned(),
            description: "At length".to_owned(),
            assignee_id: Uuid::nil().into(),
            status: TaskStatus::Open,
            created_by: Uuid::nil().into(),
            created_at: Timestamp::from_micros(0),
            completed_at: None,
            version: 3,
        }
    }

    /// B-01: what was written as version 1 is read as if it had been written as version 2.
    #[test]
    fn b_01_a_record_of_version_1_reads_like_the_same_of_version_2() {
        for (jira_id, title) in [(Some("POP-42"), "Mend the gate"), (None, "Mend the gate")] {
            let new = TaskEvent::Updated(record(jira_id, title));
            let old = FirstTaskEvent::Updated(record(jira_id, title).into());
            let data = old.encode().expect("a record is JSON");
            assert_eq!(
                TaskEvent::decode("task.updated", 1, &data),
                Ok(Some(new.clone()))
            );
            assert!(!data.contains("jira_id"), "{data}");
            let data = new.encode().expect("a record is JSON");
            assert_eq!(TaskEvent::decode("task.updated", 2, &data), Ok(Some(new)));
        }
    }
}
