//! How pages say where an order stands.

use contracts::orders::CancelReason;

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
