//! The task: who has it, and what becomes of it.

use contracts::tasks::{AssignmentEvent, AssignmentReason, TaskRecord, TaskStatus};
use contracts::{ShuffleId, TaskId, UserId};
use tidings::Timestamp;

use crate::Error;
use crate::draft::Told;

/// A task. There is none without somebody who has it (B-10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) id: TaskId,
    pub(crate) told: Told,
    pub(crate) status: TaskStatus,
    pub(crate) assignee_id: UserId,
    pub(crate) created_by: UserId,
    pub(crate) created_at: Timestamp,
    pub(crate) completed_at: Option<Timestamp>,
    /// How often it has fallen to somebody.
    pub(crate) assignment_no: u64,
    pub(crate) assigned_at: Timestamp,
    /// Rises by one with every event of its record.
    pub(crate) version: u64,
}

impl Task {
    /// A new task, which falls to somebody at once.
    pub(crate) fn new(
        id: TaskId,
        told: Told,
        assignee_id: UserId,
        created_by: UserId,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            told,
            status: TaskStatus::Open,
            assignee_id,
            created_by,
            created_at: now,
            completed_at: None,
            assignment_no: 1,
            assigned_at: now,
            version: 1,
        }
    }

    /// Its holder has done it; nobody else can say so, and nobody says so twice (B-17).
    pub(crate) fn complete(&mut self, by: UserId, now: Timestamp) -> Result<(), Error> {
        if self.assignee_id != by {
            return Err(Error::NotTheAssignee);
        }
        if self.status == TaskStatus::Completed {
            return Err(Error::AlreadyCompleted);
        }
        self.status = TaskStatus::Completed;
        self.completed_at = Some(now);
        self.version += 1;
        Ok(())
    }

    /// It falls to somebody anew, perhaps to the same as before (B-15). Nothing goes back to
    /// who had it (B-16).
    pub(crate) fn deal(
        &mut self,
        to: UserId,
        shuffle_id: ShuffleId,
        now: Timestamp,
    ) -> AssignmentEvent {
        let previous = std::mem::replace(&mut self.assignee_id, to);
        self.assignment_no += 1;
        self.assigned_at = now;
        self.version += 1;
        self.assigned(Some(previous), Some(shuffle_id))
    }

    /// What is told of the last assignment.
    pub(crate) fn assigned(
        &self,
        previous_assignee_id: Option<UserId>,
        shuffle_id: Option<ShuffleId>,
    ) -> AssignmentEvent {
        AssignmentEvent::Assigned {
            task_id: self.id,
            assignee_id: self.assignee_id,
            previous_assignee_id,
            reason: match shuffle_id {
                None => AssignmentReason::Created,
                Some(_) => AssignmentReason::Shuffle,
            },
            shuffle_id,
            assignment_no: self.assignment_no,
            at: self.assigned_at,
        }
    }

    /// What is told of its completion.
    pub(crate) fn completed(&self, at: Timestamp) -> AssignmentEvent {
        AssignmentEvent::Completed {
            task_id: self.id,
            assignee_id: self.assignee_id,
            completed_at: at,
        }
    }

    /// The public record.
    pub(crate) fn record(&self) -> TaskRecord {
        TaskRecord {
            task_id: self.id,
            jira_id: self.told.jira_id.clone(),
            title: self.told.title.clone(),
            description: self.told.description.clone(),
            assignee_id: self.assignee_id,
            status: self.status,
            created_by: self.created_by,
            created_at: self.created_at,
            completed_at: self.completed_at,
            version: self.version,
        }
    }
}
