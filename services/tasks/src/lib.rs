//! Deals tasks: each falls to somebody by lot, is done once, or is dealt anew with all others.
//!
//! Anybody of the company writes down what is to be done. It falls at once to somebody with
//! the role `worker` or `accountant` who is neither manager nor admin and whose account is
//! open. Managers and admins may have all open tasks dealt anew ([`Settings::same_assignee`] says what that means
//! for somebody who draws their own). What it costs and brings is for `accounting` to say, who
//! hears of each assignment and completion.
//!
//! **Invariants:** every task has exactly one holder at every moment (B-10). Nobody assigns a
//! task to anybody (B-13): only creating one and shuffles assign, and both draw (B-11). A
//! completed task never changes (B-17). Each change of a task's record is one event in the
//! stream `tasks`; each assignment and each completion is one in `assignments`.

mod access;
mod actions;
mod demo;
mod detectors;
mod draft;
mod draw;
mod error;
mod handlers;
mod http;
mod pages;
mod records;
mod settings;
mod shuffle;
mod store;
mod task;

use std::time::Duration;

use contracts::tasks::{AssignmentEvent, ShuffleEvent, TaskEvent};
use tidings::{Migration, Service};

pub use demo::work_demo;
pub use error::Error;
pub use settings::{Labels, Records, SameAssignee, Settings};

const MIGRATIONS: &[Migration] = &[
    Migration::new("0001_tasks", include_str!("../migrations/0001_tasks.sql")),
    Migration::new(
        "0002_jira_id",
        include_str!("../migrations/0002_jira_id.sql"),
    ),
    Migration::new(
        "0003_accountants",
        include_str!("../migrations/0003_accountants.sql"),
    ),
];
const PRICE_LATE: Duration = Duration::from_secs(2 * 60);

/// The whole service.
///
/// ```
/// use tidings::{Setup, Storage};
///
/// let setup = Setup::new(Storage::Memory).service(tasks::service(tasks::Settings::default()));
/// # let _ = setup;
/// ```
#[must_use]
pub fn service(settings: Settings) -> Service {
    let (api, document) = http::routes();
    Service::new("tasks")
        .migrations(MIGRATIONS)
        .publishes::<TaskEvent>()
        .publishes::<AssignmentEvent>()
        .publishes::<ShuffleEvent>()
        .subscribes("users", handlers::users)
        .subscribes("prices", handlers::prices)
        .detects(
            "task without a price",
            PRICE_LATE,
            detectors::tasks_without_price,
        )
        .operation(shuffle::shuffle)
        .job(actions::move_numbers)
        .on_start(actions::begin_move_numbers)
        .http(api)
        .http(pages::routes())
        .openapi(document)
        .resource(draw::Lot::new(settings.seed))
        .resource(settings)
}
