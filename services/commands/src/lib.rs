//! Keeps the command lines that solve the problems of platforms, and fills them in without
//! mistakes.

use contracts::commands::{CommandEvent, UsageEvent};
use tidings::Service;

/// The whole service.
#[must_use]
pub fn service() -> Service {
    Service::new("commands")
        .publishes::<CommandEvent>()
        .publishes::<UsageEvent>()
}
