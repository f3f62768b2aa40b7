//! Who may do what: by the roles of the task exchange (B-14, B-31).

use contracts::{TaskId, UserId};
use tidings::{Conn, Identity};

use crate::task::Task;
use crate::{Error, store};

/// Tasks fall to them.
const DEALT_TO: [&str; 2] = ["worker", "accountant"];
/// They deal the tasks, and none falls to them.
const DEALERS: [&str; 2] = ["manager", "admin"];

/// Somebody of the company: whoever has a role in the exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) id: UserId,
    /// Whether they see everybody's tasks, and deal them.
    pub(crate) deals: bool,
}

impl Member {
    /// # Errors
    /// For somebody who has an account and no part in the exchange.
    pub(crate) fn of(identity: &Identity) -> Result<Self, Error> {
        let has = |role: &str| identity.has_role(role);
        let deals = DEALERS.into_iter().any(has);
        if !deals && !DEALT_TO.into_iter().any(has) {
            return Err(Error::NotAMember);
        }
        Ok(Self {
            id: identity.user_id.into(),
            deals,
        })
    }

    /// # Errors
    /// For whoever does not deal.
    pub(crate) fn must_deal(self) -> Result<Self, Error> {
        match self.deals {
            true => Ok(self),
            false => Err(Error::NotADealer),
        }
    }

    fn may_read(self, task: &Task) -> bool {
        self.deals || task.assignee_id == self.id || task.created_by == self.id
    }

    /// Loads a task to show it. A worker is not told whether a task that is none of theirs
    /// is there (B-31).
    pub(crate) async fn task(self, conn: &mut Conn, id: TaskId) -> Result<Task, Error> {
        match store::load(conn, id).await? {
            Some(task) if self.may_read(&task) => Ok(task),
            None if self.deals => Err(Error::TaskUnknown),
            _ => Err(Error::NotTheirs),
        }
    }
}
