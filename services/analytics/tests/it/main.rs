//! The figures in a world where the test plays `auth`, `tasks` and `accounting`.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests"
)]

mod bad_input;
mod days;
mod later;
mod live;
mod most_expensive;
mod pages;
mod rebuilding;
mod red;
mod rights;
mod stage;
