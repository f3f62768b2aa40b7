//! Keeps every platform of the organisation: what it is, whose, what it costs, and where it
//! stands in its life.

use contracts::platforms::{ImportEvent, PlatformEvent, RegisterEvent};
use tidings::Service;

/// The whole service.
#[must_use]
pub fn service() -> Service {
    Service::new("platforms")
        .publishes::<PlatformEvent>()
        .publishes::<RegisterEvent>()
        .publishes::<ImportEvent>()
}
