//! Sells a ticket once: holds it, waits for the payment, lets go after the hold.
//!
//! An order is created here, confirmed or rejected by `tickets`, paid at `payments`, and
//! ended by `expiration` when its time is up; `order.rs` has the table of what leads where.
//!
//! **Invariants:** a ticket has at most one active order (C-20). A final order never
//! moves again. Every version of an order is one event in the stream `orders` (C-27).

mod access;
mod actions;
mod detectors;
mod error;
mod handlers;
mod http;
mod mails;
mod order;
mod pages;
mod store;

use std::time::Duration;

use contracts::notifications::SendEmail;
use contracts::orders::OrderEvent;
use tidings::{Migration, Service};

pub(crate) use error::Error;

const MIGRATIONS: &[Migration] = &[
    Migration::new("0001_orders", include_str!("../migrations/0001_orders.sql")),
    Migration::new("0002_open", include_str!("../migrations/0002_open.sql")),
];
const LATE: Duration = Duration::from_secs(2 * 60);

/// What can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a ticket is held for its buyer to pay: `hold_seconds`, 900 (C-16).
    pub hold: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hold: Duration::from_secs(900),
        }
    }
}

/// The whole service.
#[must_use]
pub fn service(settings: Settings) -> Service {
    let (api, document) = http::routes();
    Service::new("orders")
        .migrations(MIGRATIONS)
        .publishes::<OrderEvent>()
        .sends::<SendEmail>()
        .subscribes("tickets", handlers::tickets)
        .subscribes("payments", handlers::payments)
        .subscribes("expirations", handlers::expirations)
        .detects("order past its hold", LATE, detectors::past_their_hold)
        .http(api)
        .http(pages::routes())
        .openapi(document)
        .resource(settings)
}
