//! Tells when an order's hold has run out.
//!
//! Each order has a hold: a run of a workflow, begun when it is ordered, which waits for the
//! order to be completed or cancelled and says so when its time comes first. A run is rows,
//! so it outlives the process:
//!
//! - After an outage of 20 minutes every hold that ran out meanwhile is told at the return;
//!   nobody's hold goes on for ever. No payment slips in before that, because `payments`
//!   compares the time itself and does not wait for this service.
//! - A start gives a run whose job is lost another one; a run that cannot go on is stuck, with an
//!   alert, until a person retries it (C-17).
//! - A lost database is rebuilt by reading the stream `orders` from its beginning. That may
//!   tell of old holds again, which is harmless: `orders` ignores an expiration of an order
//!   that is over (C-11, C-26).
//!
//! **Invariant:** a hold is said to have run out once, and never after it was told that its
//! order is over.

mod handlers;
mod hold;
mod store;
mod upgrade;

use contracts::expirations::ExpirationEvent;
use tidings::{Migration, Service};

const MIGRATIONS: &[Migration] = &[
    Migration::new("0001_timers", include_str!("../migrations/0001_timers.sql")),
    Migration::new("0002_holds", include_str!("../migrations/0002_holds.sql")),
];

/// The whole service.
#[must_use]
pub fn service() -> Service {
    Service::new("expiration")
        .migrations(MIGRATIONS)
        .publishes::<ExpirationEvent>()
        .subscribes("orders", handlers::orders)
        .workflow(hold::hold)
        .on_start(upgrade::timers_become_holds)
}
