//! How pages say where something stands.

use crate::store::Mail;

/// A day's state: the word for the badge's colour, and the word for people.
pub(super) fn day(status: &str) -> (&'static str, &'static str) {
    match status {
        "closed" => ("complete", "Closed"),
        "closing" => ("waiting", "Being closed"),
        _ => ("created", "Open"),
    }
}

/// What has become of an e-mail.
pub(super) fn mail(mail: Mail) -> (&'static str, &'static str) {
    match mail {
        Mail::Asked => ("created", "On its way"),
        Mail::Taken => ("complete", "Handed over"),
        Mail::Refused => ("failed", "Refused"),
        Mail::Unanswered => ("waiting", "No answer yet"),
    }
}
