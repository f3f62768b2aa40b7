//! The books in a world with clocks that jump, events that come late, and crashes.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests"
)]

mod adjusting;
mod bad_input;
mod closing;
mod days;
mod demo;
mod detecting;
mod instances;
mod ledger;
mod live;
mod mails;
mod pages;
mod prices;
mod property;
mod rights;
mod stage;
mod statements;
