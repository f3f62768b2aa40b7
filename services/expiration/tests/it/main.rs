//! What expiration promises. The test plays `orders`.

mod restart;
mod stage;
mod timers;
mod upgrade;
