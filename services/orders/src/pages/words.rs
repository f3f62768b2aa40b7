//! How pages say states and times.

use contracts::orders::CancelReason;
use tidings::Timestamp;

use crate::order::Status;

/// A state's own name for the badge's colour, and the words beside it.
pub(super) fn badge(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Created => ("created", "Reserving"),
        Status::AwaitingPayment => ("awaiting_payment", "Awaiting payment"),
        Status::Complete => ("complete", "Complete"),
        Status::Cancelled(CancelReason::Expired) => ("expired", "Expired"),
        Status::Cancelled(CancelReason::PaymentFailed) => ("failed", "Payment failed"),
        Status::Cancelled(CancelReason::User | CancelReason::Conflict) => {
            ("cancelled", "Cancelled")
        }
    }
}

/// A moment for programs and for people.
pub(super) struct Moment {
    pub(super) rfc3339: String,
    pub(super) words: String,
}

/// A moment down to the second.
pub(super) fn exact(time: Timestamp) -> Moment {
    moment(time, "%-d %B %Y, %H:%M:%S UTC")
}

/// A moment down to the minute.
pub(super) fn minute(time: Timestamp) -> Moment {
    moment(time, "%-d %B %Y, %H:%M UTC")
}

/// The time of day of a moment that is near.
pub(super) fn time_of_day(time: Timestamp) -> Moment {
    moment(time, "%H:%M UTC")
}

fn moment(time: Timestamp, format: &str) -> Moment {
    let words = match jiff::Timestamp::from_microsecond(time.as_micros()) {
        Ok(known) => known.strftime(format).to_string(),
        Err(_) => time.to_string(),
    };
    Moment {
        rfc3339: time.to_string(),
        words,
    }
}
