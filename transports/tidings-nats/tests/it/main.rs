//! The bus on real NATS servers, which each test starts and ends for itself.
//!
//! `cargo xtask test` brings nats-server and PostgreSQL; without them these tests fail rather
//! than leave out what they are for.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests"
)]

mod server;
mod story;
mod words;

mod away;
mod carried;
mod conformance;
mod damaged;
mod limits;
mod lost;
mod pythons;
mod rights;
mod settings;
