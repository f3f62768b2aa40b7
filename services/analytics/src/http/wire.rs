//! The figures as the API writes them.

use serde::Serialize;
use tidings::{Timestamp, Uuid};
use utoipa::ToSchema;

use crate::store::{Finished, InTheRed};

pub(super) const USD: &str = "usd";

/// A task that somebody has done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskBody {
    task_id: Uuid,
    /// None until the task's record has come.
    title: Option<String>,
    /// Its number in the old tracker.
    jira_id: Option<String>,
    /// What it brought whoever did it.
    reward_minor: i64,
    #[schema(value_type = String, format = DateTime)]
    completed_at: Timestamp,
}

impl From<Finished> for TaskBody {
    fn from(task: Finished) -> Self {
        Self {
            task_id: task.task_id.uuid(),
            title: task.title,
            jira_id: task.jira_id,
            reward_minor: task.reward_minor,
            completed_at: task.completed_at,
        }
    }
}

/// Somebody who owes something.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PopugBody {
    account_id: Uuid,
    /// Their name, or the e-mail address if they have not said one.
    name: String,
    /// Less than zero.
    balance_minor: i64,
}

impl From<InTheRed> for PopugBody {
    fn from(one: InTheRed) -> Self {
        Self {
            account_id: one.account_id.uuid(),
            name: one.called(),
            balance_minor: one.balance_minor,
        }
    }
}
