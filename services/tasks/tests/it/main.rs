//! Tasks as the exchange sees them; what `auth` and `accounting` say is played by the tests.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests"
)]

mod stage;

mod completing;
mod crashes;
mod creating;
mod demo;
mod detecting;
mod live;
mod pages;
mod races;
mod reading;
mod rolling_out;
mod shuffling;
