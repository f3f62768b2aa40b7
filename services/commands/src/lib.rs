//! Keeps the command lines that solve the problems of platforms, and fills them in without
//! mistakes.
//!
//! Support and infrastructure write down how a problem is solved, once; engineering drafts.
//! Each command belongs to a platform of the register, of which a replica is kept here. It is a
//! template with parameters ([`contracts::commands::Param`]), and every version of it stays.
//!
//! A story:
//!
//! 1. The register tells of `Kubernetes`, number 1, and the replica has it.
//! 2. An engineer posts `{"howTo": "Restart a stuck pod", "commandLine": "kubectl delete pod
//!    {{pod}}", "params": [{"name": "pod"}]}` to `/api/c/platforms/1/commands`: a draft, its
//!    revision 1. Without the parameter it would be 422, and so would a second parameter be
//!    that the line does not use.
//! 3. Support patches `/api/c/commands/1` with `{"status": "published"}` and the `ETag` as
//!    `If-Match`: revision 2. Who still has revision 1 before them gets 412.
//! 4. Somebody makes it worse. Support posts to `/api/c/commands/1/revert/2`, and revision 4
//!    says what revision 2 said; revision 3 stays to be read.
//! 5. The register archives the platform. The command is shown with a warning, and changing it
//!    is 409.
//!
//! **Invariants:** every place of a template has a parameter, and every parameter a place
//! (A-23). Each change of a command is one event in the stream `commands` and one revision;
//! revisions are never changed (A-28). Commands of an archived platform can be read and not
//! changed (A-15). Nothing is ever executed here (A-29).

mod access;
mod actions;
mod command;
mod demo;
mod edit;
mod error;
mod first_sync;
mod formats;
mod handlers;
mod http;
mod import;
mod pages;
mod param;
mod render;
mod search;
mod settings;
mod store;
mod template;
mod text;

use contracts::commands::{CommandEvent, UsageEvent};
use tidings::{Migration, Service};

pub use demo::{DemoPeople, enter_demo, is_unused};
pub use error::Error;
pub use settings::Settings;

const MIGRATIONS: &[Migration] = &[
    Migration::new(
        "0001_commands",
        include_str!("../migrations/0001_commands.sql"),
    ),
    Migration::new(
        "0001_revisions",
        include_str!("../migrations/0001_revisions.sqlite.sql"),
    )
    .postgres(include_str!("../migrations/0001_revisions.postgres.sql")),
    Migration::new("0002_usages", include_str!("../migrations/0002_usages.sql")),
    Migration::new(
        "0003_search",
        include_str!("../migrations/0003_search.sqlite.sql"),
    )
    .postgres(include_str!("../migrations/0003_search.postgres.sql")),
    Migration::new(
        "0004_imports",
        include_str!("../migrations/0004_imports.sql"),
    ),
    Migration::new(
        "0005_usages_of_all",
        include_str!("../migrations/0005_usages_of_all.sql"),
    ),
];

/// The whole service.
///
/// ```
/// use tidings::{Setup, Storage};
///
/// let setup = Setup::new(Storage::Memory)
///     .service(commands::service(commands::Settings::default()));
/// # let _ = setup;
/// ```
#[must_use]
pub fn service(settings: Settings) -> Service {
    let (api, document) = http::routes();
    Service::new("commands")
        .migrations(MIGRATIONS)
        .publishes::<CommandEvent>()
        .publishes::<UsageEvent>()
        .subscribes("users", handlers::users)
        .subscribes("platforms", handlers::platforms)
        .calls("platforms", first_sync::patience())
        .on_start(first_sync::begin)
        .outside_job(first_sync::first_sync)
        .operation(import::import)
        .http(api)
        .body_bytes_max("/api/c/import", http::exchange::BYTES_MAX)
        .http(pages::routes())
        .openapi(document)
        .resource(settings)
}
