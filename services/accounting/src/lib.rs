//! Keeps the books: what tasks cost and bring, who is owed what, the end of each day.
//!
//! A task is priced when it appears, its fee is taken when it falls to somebody and its reward
//! given when it is done; at the end of a day whoever has earned something is paid.
//!
//! **Invariants:** the ledger only grows, and each of its rows is a movement between a
//! person's account and management's, so all balances together are nothing at every moment
//! (`store/audit.rs` adds it up anew). An event is posted once (B-20). A closed day never
//! changes (B-27), and nobody is paid twice for it (B-26).

mod access;
mod actions;
mod adjustment;
mod csv;
mod demo;
mod detectors;
mod error;
mod handlers;
mod http;
mod jobs;
mod ledger;
mod mails;
mod pages;
mod price;
mod settings;
mod statement;
mod store;
mod workflows;

use std::time::Duration;

use contracts::accounting::{BillingDayEvent, PayoutEvent, PriceEvent, TransactionEvent};
use tidings::{Migration, Missed, Schedule, Service};

pub use demo::close_demo_days;
pub use settings::Settings;

const MIGRATIONS: &[Migration] = &[
    Migration::new(
        "0001_accounting",
        include_str!("../migrations/0001_accounting.sql"),
    ),
    Migration::new(
        "0002_append_only",
        include_str!("../migrations/0002_append_only.sqlite.sql"),
    )
    .postgres(include_str!("../migrations/0002_append_only.postgres.sql")),
    Migration::new(
        "0003_adjustments",
        include_str!("../migrations/0003_adjustments.sql"),
    ),
    Migration::new("0004_listed", include_str!("../migrations/0004_listed.sql")),
    Migration::new(
        "0005_unmailed",
        include_str!("../migrations/0005_unmailed.sql"),
    ),
];
const LETTER_LATE: Duration = Duration::from_secs(15 * 60);

/// The whole service.
///
/// ```
/// use tidings::{Setup, Storage};
///
/// let setup = Setup::new(Storage::Memory)
///     .service(accounting::service(accounting::Settings::default()));
/// # let _ = setup;
/// ```
#[must_use]
pub fn service(settings: Settings) -> Service {
    let (api, document) = http::routes();
    let nightly = Schedule::cron("close_day", jobs::NIGHTLY)
        .zone(settings.calendar.zone())
        .missed(Missed::Once);
    Service::new("accounting")
        .migrations(MIGRATIONS)
        .publishes::<PriceEvent>()
        .publishes::<TransactionEvent>()
        .publishes::<BillingDayEvent>()
        .publishes::<PayoutEvent>()
        .on_reply(handlers::mailed)
        .detects(
            "payout without e-mail",
            LETTER_LATE,
            detectors::payouts_without_letter,
        )
        .subscribes("users", handlers::users)
        .subscribes_batch("tasks", handlers::tasks)
        .subscribes_batch("assignments", handlers::assignments)
        .workflow(workflows::close_day)
        .job(jobs::close_yesterday)
        .schedule(nightly, jobs::CloseYesterday::at)
        .http(api)
        .http(pages::routes())
        .openapi(document)
        .resource(settings.calendar)
        .resource(settings.prices)
}
