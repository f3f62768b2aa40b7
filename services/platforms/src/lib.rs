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
mod edit;
mod error;
mod fields;
mod grpc;
mod handlers;
mod http;
mod known;
mod line;
mod pages;
mod platform;
mod relation;
mod review;
mod store;
mod team;

use contracts::platforms::{ImportEvent, PlatformEvent, RegisterEvent};
use tidings::{Migration, Service};

pub use error::Error;

const MIGRATIONS: &[Migration] = &[
    Migration::new(
        "0001_register",
        include_str!("../migrations/0001_register.sql"),
    ),
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
        "0007_shelf",
        include_str!("../migrations/0007_shelf.sqlite.sql"),
    )
    .postgres(include_str!("../migrations/0007_shelf.postgres.sql")),
];

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
    Service::new("platforms")
        .migrations(MIGRATIONS)
        .publishes::<PlatformEvent>()
        .publishes::<RegisterEvent>()
        .publishes::<ImportEvent>()
        .subscribes("users", handlers::users)
        .job(actions::drop_values)
        .job(actions::fill_review)
        .http(api)
        .http(pages::routes())
        .openapi(document)
        .http(grpc::routes())
}
