//! A task as lists show it.

use contracts::tasks::TaskStatus;
use contracts::{Currency, Money, TaskId};
use tidings::Timestamp;

use crate::Labels;
use crate::access::Member;
use crate::store::list::Listed;
use crate::store::prices::Price;

/// One line of a list of tasks.
pub(super) struct Line {
    pub(super) id: TaskId,
    pub(super) jira_id: Option<String>,
    pub(super) title: String,
    pub(super) status: &'static str,
    pub(super) label: String,
    pub(super) holder: String,
    /// Whether a task may fall to its holder.
    pub(super) is_misplaced: bool,
    /// When it fell to its holder.
    pub(super) since: Timestamp,
    pub(super) completed_at: Option<Timestamp>,
    pub(super) fee: Option<String>,
    pub(super) reward: Option<String>,
    pub(super) may_complete: bool,
}

impl Line {
    pub(super) fn of(listed: Listed, member: Member, labels: &Labels) -> Self {
        let task = listed.task;
        let is_open = task.status == TaskStatus::Open;
        Self {
            id: task.id,
            status: task.status.as_str(),
            label: labels.of(task.status).to_owned(),
            holder: listed.holder.unwrap_or_else(unknown),
            is_misplaced: is_open && !listed.eligible,
            since: task.assigned_at,
            completed_at: task.completed_at,
            fee: listed.price.map(fee),
            reward: listed.price.map(reward),
            may_complete: is_open && task.assignee_id == member.id,
            jira_id: task.told.jira_id,
            title: task.told.title,
        }
    }
}

/// What somebody is called of whom nothing was heard yet.
pub(super) fn unknown() -> String {
    "somebody new".to_owned()
}

fn dollars(minor: i64) -> String {
    let currency = Currency::Usd;
    Money { minor, currency }.to_string()
}

/// What it costs to get it, as people write it.
pub(super) fn fee(price: Price) -> String {
    dollars(-price.assign_fee_minor)
}

/// What doing it brings, as people write it.
pub(super) fn reward(price: Price) -> String {
    format!("+{}", dollars(price.reward_minor))
}
