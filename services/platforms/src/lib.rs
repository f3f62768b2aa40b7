//! Keeps every platform of the organisation: what it is, whose, what it costs, and where it
//! stands in its life.
//!
//! **Invariants:** no two platforms outside the archive have the same publisher and name
//! (A-10). What is relied on has an owner (A-11). Every write that changes something leaves
//! exactly one record of it (A-13), which nobody changes (A-14), and tells of it in the same
//! transaction. Only the actions write platforms.

mod access;
mod actions;
mod changes;
mod columns;
mod cost;
mod csv;
mod demo;
mod detectors;
mod edit;
mod error;
mod fields;
mod grpc;
mod handlers;
mod http;
mod import;
mod known;
mod line;
mod notices;
mod pages;
mod platform;
mod relation;
mod reports;
mod review;
mod store;
mod team;

use std::time::Duration;

use contracts::notifications::SendEmail;
use contracts::platforms::{ImportEvent, PlatformEvent, RegisterEvent};
use tidings::{Migration, Schedule, Service};

pub use demo::{DemoPeople, demo_platforms, enter_demo};
pub use error::Error;

const MIGRATIONS: &[Migration] = &[
    Migration::new(
        "0001_register",
        include_str!("../migrations/0001_register.sql"),
    ),
    Migration::new(
        "0001_changes",
        include_str!("../migrations/0001_changes.sqlite.sql"),
    )
    .postgres(include_str!("../migrations/0001_changes.postgres.sql")),
    Migration::new("0002_fields", include_str!("../migrations/0002_fields.sql")),
    Migration::new(
        "0003_relations",
        include_str!("../migrations/0003_relations.sql"),
    ),
    Migration::new(
        "0004_reviews",
        include_str!("../migrations/0004_reviews.sql"),
    ),
    Migration::new(
        "0005_imports",
        include_str!("../migrations/0005_imports.sql"),
    ),
    Migration::new(
        "0006_notices",
        include_str!("../migrations/0006_notices.sql"),
    ),
    Migration::new(
        "0007_shelf",
        include_str!("../migrations/0007_shelf.sqlite.sql"),
    )
    .postgres(include_str!("../migrations/0007_shelf.postgres.sql")),
    Migration::new(
        "0008_imports",
        include_str!("../migrations/0008_imports.sql"),
    ),
    Migration::new(
        "0009_looks",
        include_str!("../migrations/0009_looks.sqlite.sql"),
    )
    .postgres(include_str!("../migrations/0009_looks.postgres.sql")),
    Migration::new(
        "0010_search",
        include_str!("../migrations/0010_search.sqlite.sql"),
    )
    .postgres(include_str!("../migrations/0010_search.postgres.sql")),
];
/// The daily round has been since, whenever in the day that is.
const NOTICE_LATE: Duration = Duration::from_secs(26 * 3_600);

/// The whole service.
///
/// ```
/// use tidings::{Setup, Storage};
///
/// let setup = Setup::new(Storage::Memory).service(platforms::service());
/// # let _ = setup;
/// ```
#[must_use]
pub fn service() -> Service {
    let (api, document) = http::routes();
    let every_morning = Schedule::cron("expiring_licences", notices::EVERY_MORNING);
    Service::new("platforms")
        .migrations(MIGRATIONS)
        .publishes::<PlatformEvent>()
        .publishes::<RegisterEvent>()
        .publishes::<ImportEvent>()
        .sends::<SendEmail>()
        .subscribes("users", handlers::users)
        .operation(import::take_over)
        .outside_job(import::forget_files)
        .schedule(Schedule::cron("forget_import_files", "30 3 * * *"), |_| {
            import::ForgetFiles {}
        })
        .job(notices::tell)
        .job(notices::write_letters)
        .schedule(every_morning, notices::TellExpiring::at)
        .detects(
            "licence that nobody was told of",
            NOTICE_LATE,
            detectors::licences_not_told,
        )
        .job(actions::drop_values)
        .job(actions::fill_review)
        .http(api)
        .body_bytes_max("/api/platforms/import", import::BYTES_MAX)
        .body_bytes_max("/platforms/import", import::FORM_BYTES_MAX)
        .openapi(document)
        .http(pages::routes())
        .http(grpc::routes())
}
