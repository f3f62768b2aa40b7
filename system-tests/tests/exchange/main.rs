//! Tasks, books and analytics together in one world; the test plays `auth`.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests"
)]

mod equal;
mod rebuilt;
mod seen;
mod stage;
mod versions;
