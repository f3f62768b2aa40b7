//! Whole stories against the real binary and real servers.
//!
//! - [`Site`]: one installation, whose process is started, killed and started again.
//! - [`Parts`]: one installation in several processes.
//! - [`Nats`] and [`Postgres`]: servers that a test may kill.
//! - [`Client`] and [`Account`]: a browser's or a program's side of the sockets.
//! - [`History`]: what every client asked for and was told.
//! - [`Crowd`]: sellers and buyers, managers and workers, keepers who never rest.
//! - [`Office`]: people of the task exchange, and what they do.
//! - [`MailServer`]: a mail server that goes away and comes back.
//! - [`Books`] and [`checker`]: the databases read behind the system's back.
//!
//! The checker shares no code with what it checks: it opens the files or the server
//! itself, and knows the rules of the market and of delivery from their description.

mod account;
mod books;
pub mod checker;
mod client;
mod crowd;
mod database;
mod history;
mod mail_server;
mod nats;
mod office;
mod parts;
mod postgres;
mod site;

pub use account::Account;
pub use books::{Books, Line};
pub use client::{Answer, Client, NoAnswer, loopback};
pub use crowd::{Crowd, Size};
pub use database::Database;
pub use history::{History, Operation, Outcome, Record, Tally};
pub use mail_server::{Letter, MailServer};
pub use nats::Nats;
pub use office::{Office, complete_task, create_task, shuffle};
pub use parts::Parts;
pub use postgres::Postgres;
pub use site::{Server, Site, is_killed};

use std::time::Duration;

/// What a step of a test gives when it could not be done.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Waits in the real world: the binary under test runs on the machine's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "a process of its own has no clock that a test could move"
)]
pub async fn pause(span: Duration) {
    tokio::time::sleep(span).await;
}
