//! What the page says about the order in words.

use contracts::orders::CancelReason;

use super::View;
use crate::order::{PAYMENT_ATTEMPTS_MAX, Status};
use crate::store::{PAYMENT_FAILED, PAYMENT_REFUNDED, PAYMENT_TOO_LATE};

/// A box with a message.
pub(super) struct Notice {
    /// What follows `notice` in the class.
    pub(super) class: &'static str,
    pub(super) role: &'static str,
    pub(super) strong: &'static str,
    pub(super) text: String,
}

impl Notice {
    fn plain(strong: &'static str, text: impl Into<String>) -> Self {
        Self {
            class: "",
            role: "status",
            strong,
            text: text.into(),
        }
    }

    fn success(strong: &'static str, text: impl Into<String>) -> Self {
        Self {
            class: " notice-success",
            ..Self::plain(strong, text)
        }
    }

    fn error(strong: &'static str, text: impl Into<String>) -> Self {
        Self {
            class: " notice-error",
            role: "alert",
            ..Self::plain(strong, text)
        }
    }
}

/// The messages for whoever reads the page.
pub(super) fn of(view: &View<'_>) -> Vec<Notice> {
    if !view.is_buyer {
        let strong = if view.is_seller {
            "An order for your ticket."
        } else {
            "Somebody else's order."
        };
        return vec![Notice::plain(
            strong,
            "Only its buyer can pay or cancel it.",
        )];
    }
    let problem = view.told.problem.and_then(problem);
    problem.into_iter().chain(standing(view)).collect()
}

fn standing(view: &View<'_>) -> Option<Notice> {
    match view.order.status {
        Status::Created => Some(Notice::plain(
            "Reserving the ticket.",
            "We are making sure that nobody else has it. This takes a moment.",
        )),
        Status::AwaitingPayment if view.is_paying() => Some(Notice::plain(
            "Your payment is on its way.",
            "The bank's answer appears here as soon as it comes. There is no need to pay again.",
        )),
        Status::AwaitingPayment if view.is_payable() => declined(view),
        Status::AwaitingPayment => Some(Notice::plain(
            "Time is up.",
            "The ticket is going back on sale. A payment that still arrives goes back by itself.",
        )),
        Status::Complete => Some(Notice::success(
            "Paid.",
            "The ticket is yours. This order stays in My orders as your proof.",
        )),
        Status::Cancelled(reason) => Some(cancelled(view, reason)),
    }
}

fn declined(view: &View<'_>) -> Option<Notice> {
    let is_declined = |what: &str| what == PAYMENT_FAILED;
    let last = view.history.last()?;
    if !is_declined(&last.what) {
        return None;
    }
    let tries = view.history.iter().filter(|entry| is_declined(&entry.what));
    let left = (PAYMENT_ATTEMPTS_MAX as usize).saturating_sub(tries.count());
    let why = match last.note.as_deref() {
        Some("insufficient_funds") => "There is not enough money on it. ",
        _ => "",
    };
    let text = match left {
        1 => format!("{why}Nothing was charged. You have one more try."),
        _ => format!("{why}Nothing was charged. Try another card."),
    };
    Some(Notice::error("The card was declined.", text))
}

fn cancelled(view: &View<'_>, reason: CancelReason) -> Notice {
    let until = view.order.expires_at.time_of_day();
    let (strong, text) = match reason {
        CancelReason::User => (
            "You have cancelled this order.",
            "The ticket is back on sale.".to_owned(),
        ),
        CancelReason::Expired => (
            "The time to pay has run out.",
            format!("The order was not paid by {until}, so the ticket is back on sale."),
        ),
        CancelReason::PaymentFailed => (
            "The card was declined too often.",
            "The ticket is back on sale.".to_owned(),
        ),
        CancelReason::Conflict => (
            "Somebody else was faster.",
            "The ticket could not be reserved for you.".to_owned(),
        ),
    };
    Notice::plain(strong, format!("{text} {}", money(view)))
}

/// What became of the money of a cancelled order. A slow bank may still send some, so it
/// is not said that none was charged.
fn money(view: &View<'_>) -> &'static str {
    let has = |what: &str| view.history.iter().any(|entry| entry.what == what);
    if has(PAYMENT_REFUNDED) {
        "Your payment came too late and has gone back to your card."
    } else if has(PAYMENT_TOO_LATE) {
        "Your payment came too late and is on its way back to your card."
    } else {
        "You pay nothing: a payment that still arrives goes back by itself."
    }
}

fn problem(code: &str) -> Option<Notice> {
    let text = "It is paid and complete already.";
    (code == "order_complete").then(|| Notice::error("The order was not cancelled.", text))
}
