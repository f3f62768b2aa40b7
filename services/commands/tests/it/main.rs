//! The repository as support sees it; what `auth` and `platforms` say is played by the tests.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests"
)]

mod stage;

mod creating;
mod filling;
mod importing;
mod original;
mod usages;
