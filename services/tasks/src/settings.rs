//! What can be set from outside.

use contracts::tasks::TaskStatus;

/// What a shuffle does with somebody whose task falls to them again (B-15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameAssignee {
    /// It is an assignment like any other, and is charged like any other.
    #[default]
    Charge,
    /// They keep it, and nothing has happened.
    Skip,
    /// They are not among those who are drawn from.
    Exclude,
}

/// Which version of the records of tasks is written (B.5).
///
/// Readers know both. A roll-out goes like this: every reader gets a build that knows version
/// 2; then the writer is started with [`Records::Second`], takes the numbers out of the titles
/// of its old rows, and tells of each of them anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Records {
    /// The number of the old tracker stands in the title: `[POP-42] Mend the gate`.
    First,
    /// It is a field of its own, and titles have no brackets.
    #[default]
    Second,
}

/// How the states of tasks are called on the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// What is to be done.
    pub open: String,
    /// What is done.
    pub completed: String,
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            open: "Open".to_owned(),
            completed: "Completed".to_owned(),
        }
    }
}

impl Labels {
    pub(crate) fn of(&self, status: TaskStatus) -> &str {
        match status {
            TaskStatus::Open => &self.open,
            TaskStatus::Completed => &self.completed,
        }
    }
}

/// How the service is run.
///
/// ```
/// use tasks::{Labels, SameAssignee, Settings};
///
/// let settings = Settings {
///     labels: Labels {
///         open: "Bird in a cage".to_owned(),
///         completed: "Millet in a bowl".to_owned(),
///     },
///     same_assignee: SameAssignee::Skip,
///     ..Settings::default()
/// };
/// # let _ = settings;
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    /// Draws the same each time, for tests; without it nobody can foresee a draw.
    pub seed: Option<u64>,
    /// What a shuffle does with somebody whose task falls to them again.
    pub same_assignee: SameAssignee,
    /// Which version of the records is written.
    pub records: Records,
    /// How the states are called.
    pub labels: Labels,
    /// How many tasks a shuffle deals in one transaction.
    pub dealt_at_once: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: None,
            same_assignee: SameAssignee::default(),
            records: Records::default(),
            labels: Labels::default(),
            dealt_at_once: 50,
        }
    }
}
