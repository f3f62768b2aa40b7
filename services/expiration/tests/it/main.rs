//! What expiration promises. The test plays `orders`.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod restart;
mod stage;
mod timers;
mod upgrade;
