//! The repository as support sees it; what `auth` and `platforms` say is played by the tests.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests"
)]

mod stage;

mod archived;
mod crashes;
mod creating;
mod demo;
mod editing;
mod files;
mod filling;
mod hostile;
mod importing;
mod nothing_runs;
mod original;
mod pages;
mod races;
mod replica;
mod revisions;
mod roles;
mod scale;
mod searching;
mod usages;
