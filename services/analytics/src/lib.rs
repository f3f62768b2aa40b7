//! Counts what the task exchange has come to: what management earned, who is in the red, and
//! which finished task was worth most.
//!
//! It decides nothing and tells nobody anything. All it has is the [projection](Projection)
//! `figures`, which is made of events alone: built anew of them it is what it was (B-33), and a
//! new installation of it begins at the beginning of all streams.
//!
//! **Invariants:** what management earned on a day is what `accounting` says, because both go
//! by the `billing_day` of the same movements (B-25). When a task was completed is a fact of
//! its event; to which day that belongs is asked of the calendar when somebody reads (B-34).

mod access;
mod handlers;
mod http;
mod pages;
mod period;
mod store;

use contracts::calendar::Calendar;
use tidings::{Migration, Projection, Service};

const FIGURES: &[Migration] = &[Migration::new(
    "0001_figures",
    include_str!("../migrations/0001_figures.sql"),
)];

/// The whole service; the calendar is that of `accounting`.
///
/// ```
/// use contracts::calendar::Calendar;
/// use tidings::{Setup, Storage};
///
/// let setup = Setup::new(Storage::Memory).service(analytics::service(Calendar::utc()));
/// # let _ = setup;
/// ```
#[must_use]
pub fn service(calendar: Calendar) -> Service {
    let (api, document) = http::routes();
    let figures = Projection::new("figures")
        .tables(FIGURES)
        .on(handlers::users)
        .on(handlers::tasks)
        .on(handlers::transactions)
        .on(handlers::billing_days);
    Service::new("analytics")
        .projection(figures)
        .http(api)
        .http(pages::routes())
        .openapi(document)
        .resource(calendar)
}
