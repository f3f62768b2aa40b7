//! Tells when an order's hold has run out.
//!
//! Each order has a timer: armed when it is ordered, disarmed when it is completed or
//! cancelled, fired when its time comes first. A timer is a row and its waiting is a
//! job, so both outlive the process:
//!
//! - After an outage of 20 minutes every timer that fell due meanwhile fires at the
//!   return; nobody's hold goes on for ever. No payment slips in before that, because
//!   `payments` compares the time itself and does not wait for this service.
//! - A start gives every armed timer without a waiting job a new one (C-17).
//! - A lost database is rebuilt by reading the stream `orders` from its beginning. That
//!   fires old timers again, which is harmless: `orders` ignores an expiration of an
//!   order that is over (C-11, C-26).
//!
//! **Invariant:** a timer fires once, and never after it was disarmed.

mod handlers;
mod jobs;
mod store;

use contracts::expirations::ExpirationEvent;
use tidings::{Migration, Service};

const MIGRATIONS: &[Migration] = &[Migration::new(
    "0001_timers",
    include_str!("../migrations/0001_timers.sql"),
)];

/// The whole service.
#[must_use]
pub fn service() -> Service {
    Service::new("expiration")
        .migrations(MIGRATIONS)
        .publishes::<ExpirationEvent>()
        .subscribes("orders", handlers::orders)
        .job(jobs::expire_order)
        .on_start(jobs::wind_up)
}
