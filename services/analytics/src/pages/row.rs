//! A day with everything that is known of it, as the table and the charts show it.

use contracts::calendar::BillingDay;
use contracts::{dollars, signed_dollars};

use crate::store::{BestOfDay, Day, Finished};

/// A day of the table.
pub(super) struct Row {
    pub(super) date: BillingDay,
    pub(super) management_minor: i64,
    /// How many were in the red when it was closed; of today, how many are.
    pub(super) in_the_red: Option<u64>,
    /// Whether it can still change.
    pub(super) is_open: bool,
    pub(super) best: Option<Best>,
    is_quiet: bool,
}

/// The most expensive of some tasks.
pub(super) struct Best {
    pub(super) title: String,
    pub(super) jira_id: Option<String>,
    pub(super) reward_minor: i64,
}

impl From<&Finished> for Best {
    fn from(task: &Finished) -> Self {
        Self {
            title: task.called().to_owned(),
            jira_id: task.jira_id.clone(),
            reward_minor: task.reward_minor,
        }
    }
}

impl Best {
    pub(super) fn worth(&self) -> String {
        dollars(self.reward_minor)
    }
}

impl Row {
    /// A day; `now` is how many are in the red now, if it is today.
    pub(super) fn new(day: &Day, best: &BestOfDay, now: Option<u64>) -> Self {
        let at_close = day.at_close.map(|at_close| at_close.popugs_negative);
        Self {
            date: day.date,
            management_minor: day.management_minor(),
            in_the_red: at_close.or(now),
            is_open: at_close.is_none() && now.is_some(),
            best: best.task.as_ref().map(Best::from),
            is_quiet: day.fees_minor == 0
                && day.rewards_minor == 0
                && day.at_close.is_none()
                && best.task.is_none(),
        }
    }

    pub(super) fn earned(&self) -> String {
        signed_dollars(self.management_minor)
    }

    /// Whether nothing has happened on it that is counted here.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_quiet
    }
}
