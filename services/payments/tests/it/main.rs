//! What payments promises, shown in a world whose time the tests move.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod bad_input;
mod crashes;
mod detecting;
mod market;
mod moody;
mod orders;
mod pages;
mod paying;
mod property;
mod refunds;
mod repeating;
mod unanswered;
mod upgrade;
mod waiting;
