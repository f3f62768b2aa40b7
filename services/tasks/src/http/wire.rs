//! Tasks and shuffles as the API writes them.

use serde::Serialize;
use tidings::{Timestamp, Uuid};
use utoipa::ToSchema;

use crate::store::Assignment;
use crate::store::list::Listed;
use crate::store::prices::Price;
use crate::store::shuffles::Shuffle;
use crate::task::Task;

/// A task.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskBody {
    id: Uuid,
    /// Its number in the old tracker.
    #[schema(example = "POP-42")]
    jira_id: Option<String>,
    title: String,
    description: String,
    /// `open`, `completed`.
    status: &'static str,
    /// Whose it is now.
    assignee: PersonBody,
    /// Who wrote it down.
    created_by: Uuid,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
    /// What its holder has paid for it, in cents; null before it has its price.
    assign_fee_minor: Option<i64>,
    /// What whoever completes it gets, in cents; null before it has its price.
    reward_minor: Option<i64>,
    /// How often it has fallen to somebody.
    assignment_no: u64,
    /// Rises by one with every change.
    version: u64,
}

/// Somebody.
#[derive(Debug, Serialize, ToSchema)]
struct PersonBody {
    id: Uuid,
    /// Name or address; null before it was heard.
    name: Option<String>,
}

impl TaskBody {
    pub(super) fn of(task: Task, holder: Option<String>, price: Option<Price>) -> Self {
        Self {
            id: task.id.uuid(),
            jira_id: task.told.jira_id,
            title: task.told.title,
            description: task.told.description,
            status: task.status.as_str(),
            assignee: PersonBody {
                id: task.assignee_id.uuid(),
                name: holder,
            },
            created_by: task.created_by.uuid(),
            created_at: task.created_at,
            completed_at: task.completed_at,
            assign_fee_minor: price.map(|price| price.assign_fee_minor),
            reward_minor: price.map(|price| price.reward_minor),
            assignment_no: task.assignment_no,
            version: task.version,
        }
    }
}

impl From<Listed> for TaskBody {
    fn from(listed: Listed) -> Self {
        Self::of(listed.task, listed.holder, listed.price)
    }
}

/// One assignment of a task.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AssignmentBody {
    /// Which one it is, from 1.
    assignment_no: u64,
    assignee: PersonBody,
    previous_assignee_id: Option<Uuid>,
    /// `created`, `shuffle`.
    reason: &'static str,
    /// The shuffle that it was part of.
    shuffle_id: Option<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl From<(Assignment, Option<String>)> for AssignmentBody {
    fn from((assignment, name): (Assignment, Option<String>)) -> Self {
        Self {
            assignment_no: assignment.assignment_no,
            reason: assignment.reason().as_str(),
            assignee: PersonBody {
                id: assignment.assignee_id.uuid(),
                name,
            },
            previous_assignee_id: assignment.previous_assignee_id.map(contracts::UserId::uuid),
            shuffle_id: assignment.shuffle_id.map(contracts::ShuffleId::uuid),
            at: assignment.at,
        }
    }
}

/// A shuffle.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ShuffleBody {
    id: Uuid,
    /// `queued`, `running`, `completed`, `failed`, `cancelled`.
    status: String,
    /// How far it is, in percent.
    progress: u8,
    /// How many tasks were open when it began.
    total: u64,
    /// How many were dealt so far.
    reassigned: u64,
    /// How many were completed before they were reached, stayed, or could fall to nobody.
    skipped: u64,
    requested_by: Uuid,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl From<Shuffle> for ShuffleBody {
    fn from(shuffle: Shuffle) -> Self {
        Self {
            id: shuffle.id.uuid(),
            progress: shuffle.percent(),
            status: shuffle.status,
            total: shuffle.total,
            reassigned: shuffle.reassigned,
            skipped: shuffle.skipped,
            requested_by: shuffle.requested_by.uuid(),
            created_at: shuffle.created_at,
            started_at: shuffle.started_at,
            finished_at: shuffle.finished_at,
        }
    }
}
