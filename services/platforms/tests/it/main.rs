//! The register as its users see it; what `auth` says is played by the tests.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests"
)]

mod stage;

mod creating;
mod importing;
mod notices;
mod report_pages;
mod reports;
