//! The register as its users see it; what `auth` says is played by the tests.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests"
)]

mod stage;

mod bad_input;
mod changes;
mod crashes;
mod creating;
mod demo;
mod editing;
mod fields;
mod importing;
mod notices;
mod parts_pages;
mod platform_pages;
mod races;
mod reading;
mod register_pages;
mod relations;
mod report_pages;
mod reports;
mod reviews;
mod rights;
mod teams;
