//! Sends e-mail for the other services, and shows what became of it.
//!
//! A service asks with the command [`SendEmail`](contracts::notifications::SendEmail); the message is stored and a job takes it to
//! the mail server. Without a mail server nothing leaves the machine: the messages are kept
//! to be read at `/console/mail`.
//!
//! What is promised, and what is not. A message that was asked for is never lost: it is a row
//! before the command is done, and the job goes on for five days while the server is away or
//! says that it cannot take it now. It is stored once, however often it is asked for. It is
//! *delivered at least once*: a connection that breaks after the text was sent and before the
//! server has answered leaves nobody knowing, and the message is sent again, with the same
//! `Message-ID`, by which mail programs may tell.
//!
//! A letter with a link ([`SendLink`](contracts::notifications::SendLink)) is stored without it.
//! The link is asked for from its sender at each try, goes to the mail server, and is forgotten;
//! only where there is no mail server it is kept, with the message, to be read.
//!
//! **Invariants:** a message that is queued has a job. A message that is not queued is left
//! alone until an operator sends it again.

mod actions;
mod alert_mail;
mod detectors;
mod error;
mod handlers;
mod jobs;
mod letter;
mod link;
mod mail_server;
mod message;
mod pages;
mod settings;
mod store;

use std::time::Duration;

use contracts::notifications::LetterEvent;
use tidings::{Migration, Projection, Schedule, Service};

pub use alert_mail::AlertMail;
pub(crate) use error::Error;
pub use settings::{BadSettings, Settings};

const MIGRATIONS: &[Migration] = &[
    Migration::new(
        "0001_messages",
        include_str!("../migrations/0001_messages.sql"),
    ),
    Migration::new("0003_links", include_str!("../migrations/0003_links.sql")),
    Migration::new("0004_queued", include_str!("../migrations/0004_queued.sql")),
];
const STAYS: Duration = Duration::from_secs(15 * 60);
/// So long messages are kept, and what has become of letters is told.
const KEEP: Duration = Duration::from_secs(90 * 86_400);
/// The replica of accounts by itself, for a rebuild; where the service runs it is there already.
const USERS: &[Migration] = &[Migration::new(
    "0002_users",
    include_str!("../migrations/0002_users.sql"),
)];

/// The whole service.
///
/// ```
/// use tidings::{Setup, Storage};
///
/// let setup = Setup::new(Storage::Memory)
///     .service(notifications::service(notifications::Settings::mailbox()));
/// # let _ = setup;
/// ```
#[must_use]
pub fn service(settings: Settings) -> Service {
    Service::new("notifications")
        .migrations(MIGRATIONS)
        .projection(Projection::new("users").tables(USERS).on(handlers::users))
        .publishes::<LetterEvent>()
        .keeps::<LetterEvent>(KEEP)
        .handles(handlers::send_email)
        .handles(handlers::send_link)
        .outside_job(jobs::deliver)
        .job(jobs::forget)
        .detects(
            "mail that does not leave",
            STAYS,
            detectors::mail_that_stays,
        )
        .schedule(Schedule::cron("forget", "30 3 * * *"), |_| jobs::Forget {})
        .http(pages::routes())
        .resource(settings)
}
