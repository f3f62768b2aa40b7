//! Takes the money for an order, once.
//!
//! It decides whether an order can be paid now, asks the provider under a key that
//! never takes money twice, finds out what became of a charge that nobody answered
//! for, and gives back what was taken for an order that is off.
//!
//! **Invariant:** what was taken for an order less what went back is nothing or the
//! order's price (C-24), and the provider's book says the same as this service's.

mod actions;
mod detectors;
mod error;
mod handlers;
mod http;
mod order;
mod pages;
mod payment;
mod provider;
mod settings;
mod store;
mod upgrade;
mod workflows;

use std::time::Duration;

use contracts::payments::PaymentEvent;
use tidings::{Migration, Service};

pub use error::Error;
pub use order::Refusal;
pub use provider::{BoxFuture, Charge, LookUp, Outcome, PaymentProvider, Refund, Simulator};
pub use settings::Settings;
pub use workflows::{ARRIVES_WITHIN, CALL_LIMIT};

const MIGRATIONS: &[Migration] = &[
    Migration::new(
        "0001_payments",
        include_str!("../migrations/0001_payments.sql"),
    ),
    Migration::new(
        "0002_simulator",
        include_str!("../migrations/0002_simulator.sql"),
    ),
    Migration::new("0003_open", include_str!("../migrations/0003_open.sql")),
];
const LATE: Duration = Duration::from_secs(2 * 60);

/// The whole service.
///
/// ```
/// use tidings::{Setup, Storage};
///
/// let setup = Setup::new(Storage::Memory)
///     .service(payments::service(payments::Settings::default()));
/// # let _ = setup;
/// ```
#[must_use]
pub fn service(settings: Settings) -> Service {
    let (routes, document) = http::routes();
    Service::new("payments")
        .migrations(MIGRATIONS)
        .publishes::<PaymentEvent>()
        .subscribes("orders", handlers::orders)
        .detects(
            "payment taken, order not complete",
            LATE,
            detectors::taken_for_nothing,
        )
        .workflow(workflows::pay)
        .workflow(workflows::refund)
        .job(upgrade::Charge::take_up)
        .job(upgrade::Reconcile::take_up)
        .job(upgrade::Refund::take_up)
        .http(routes)
        .http(pages::routes())
        .openapi(document)
        .resource(settings.provider)
        .resource(http::AnswerWait(settings.answer_wait))
}
