//! Movements of money: what is written into the ledger, and how it reads.

use contracts::accounting::TransactionKind;
use contracts::calendar::BillingDay;
use contracts::tasks::AssignmentReason;
use contracts::{ShuffleId, TaskId, TransactionId, UserId};
use tidings::{Error, FromRow, Row, Timestamp};

/// The account on the other side of every movement.
pub(crate) const MANAGEMENT: &str = "management";

/// A movement that is to be posted.
#[derive(Clone, Debug)]
pub(crate) struct Movement {
    /// What it comes from: nothing is posted twice from one source (B-20).
    pub(crate) source: String,
    pub(crate) account_id: UserId,
    pub(crate) amount_minor: i64,
    pub(crate) cause: Cause,
    /// Who did it: `user:<id>`, `service:<name>`.
    pub(crate) actor: String,
    /// When what it is for happened.
    pub(crate) at: Timestamp,
}

/// What a movement is for.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// A task has fallen to somebody.
    Assigned {
        task_id: TaskId,
        assignment_no: u64,
        reason: AssignmentReason,
        shuffle_id: Option<ShuffleId>,
    },
    /// Somebody has done a task.
    Completed { task_id: TaskId },
    /// A day was closed.
    Payout,
    /// Somebody has set the account right.
    Adjustment {
        /// Whether something was given to its owner, or taken.
        gives: bool,
        note: String,
    },
}

impl Cause {
    pub(crate) fn kind(&self) -> TransactionKind {
        match self {
            Cause::Assigned { .. } => TransactionKind::AssignFee,
            Cause::Completed { .. } => TransactionKind::TaskReward,
            Cause::Payout => TransactionKind::Payout,
            Cause::Adjustment { .. } => TransactionKind::Adjustment,
        }
    }

    pub(crate) fn task_id(&self) -> Option<TaskId> {
        match self {
            Cause::Assigned { task_id, .. } | Cause::Completed { task_id } => Some(*task_id),
            Cause::Payout | Cause::Adjustment { .. } => None,
        }
    }

    fn gives(&self) -> bool {
        match self {
            Cause::Assigned { .. } | Cause::Payout => false,
            Cause::Completed { .. } => true,
            Cause::Adjustment { gives, .. } => *gives,
        }
    }
}

impl Movement {
    /// What the person's account gains; management's loses the same.
    pub(crate) fn delta_minor(&self) -> i64 {
        match self.cause.gives() {
            true => self.amount_minor,
            false => -self.amount_minor,
        }
    }

    /// The account that loses and the one that gains.
    pub(crate) fn sides(&self) -> [String; 2] {
        let (person, management) = (self.account_id.to_string(), MANAGEMENT.to_owned());
        match self.delta_minor() < 0 {
            true => [person, management],
            false => [management, person],
        }
    }
}

/// A line of somebody's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: TransactionId,
    pub(crate) kind: TransactionKind,
    pub(crate) debit_minor: i64,
    pub(crate) credit_minor: i64,
    pub(crate) task: Option<Task>,
    pub(crate) why: Why,
    pub(crate) billing_day: BillingDay,
    pub(crate) at: Timestamp,
    pub(crate) late: bool,
}

/// The task that a line is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) id: TaskId,
    /// None until its record has come (B-22).
    pub(crate) title: Option<String>,
    pub(crate) jira_id: Option<String>,
}

/// What a line is explained by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Why {
    /// `created` or `shuffle`, of a fee.
    pub(crate) reason: Option<String>,
    pub(crate) shuffle_id: Option<ShuffleId>,
    /// Who did it, if it was a person of whom the books have heard.
    pub(crate) actor: Option<String>,
    /// What was written about it, of an adjustment.
    pub(crate) note: Option<String>,
}

impl Entry {
    pub(crate) fn delta_minor(&self) -> i64 {
        self.credit_minor - self.debit_minor
    }

    /// What has happened, for people.
    pub(crate) fn in_words(&self) -> String {
        let by = match &self.why.actor {
            Some(name) => format!(" by {name}"),
            None => String::new(),
        };
        match (self.kind, self.why.reason.as_deref()) {
            (TransactionKind::AssignFee, Some("shuffle")) => format!("Assigned in a shuffle{by}"),
            (TransactionKind::AssignFee, _) => format!("Assigned when it was created{by}"),
            (TransactionKind::TaskReward, _) => "Completed".to_owned(),
            (TransactionKind::Payout, _) => "Paid out at the end of the day".to_owned(),
            (TransactionKind::Adjustment, _) => {
                let note = self.why.note.as_deref().unwrap_or_default();
                format!("Set right{by}: {note}")
            }
        }
    }

    /// What the task is called, as far as it is known.
    pub(crate) fn title(&self) -> Option<String> {
        let task = self.task.as_ref()?;
        let title = task.title.clone();
        Some(title.unwrap_or_else(|| "A task whose title has not come yet".to_owned()))
    }

    pub(crate) fn jira_id(&self) -> Option<&str> {
        self.task.as_ref()?.jira_id.as_deref()
    }
}

impl FromRow for Entry {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let task_id: Option<TaskId> = row.get("task_id")?;
        let (title, jira_id) = (row.get("title")?, row.get("jira_id")?);
        let delta_minor: i64 = row.get("delta_minor")?;
        Ok(Self {
            id: row.get("id")?,
            kind: read_kind(row.get("kind")?)?,
            debit_minor: (-delta_minor).max(0),
            credit_minor: delta_minor.max(0),
            task: task_id.map(|id| Task { id, title, jira_id }),
            why: Why {
                reason: row.get("reason")?,
                shuffle_id: row.get("shuffle_id")?,
                actor: row.get("actor_name")?,
                note: row.get("note")?,
            },
            billing_day: row.get("billing_day")?,
            at: row.get("at")?,
            late: row.get("late")?,
        })
    }
}

fn read_kind(word: String) -> Result<TransactionKind, Error> {
    let all = [
        TransactionKind::AssignFee,
        TransactionKind::TaskReward,
        TransactionKind::Payout,
        TransactionKind::Adjustment,
    ];
    let found = all.into_iter().find(|kind| kind.as_str() == word);
    found.ok_or_else(|| Error::Decode {
        what: "column kind".to_owned(),
        reason: format!("{word} is no kind of movement"),
    })
}
