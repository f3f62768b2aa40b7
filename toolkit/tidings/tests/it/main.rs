//! The store, the numbers, subscriptions and jobs, on real databases.
//!
//! Every test gets a database of its own. Those on PostgreSQL need a server;
//! `cargo xtask test` starts one, and without it they fail rather than leave out
//! what they are for.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests"
)]

mod bed;

mod alerts;
mod callbacks;
#[cfg(test)]
mod catalog;
mod clients;
mod commands;
mod feeds;
mod finds;
mod flight;
mod group_commit;
mod history;
mod idempotency;
mod instances;
mod jobs;
mod migrations;
mod moves;
mod numbers;
mod operations;
mod outcomes;
mod parked;
mod processes;
mod projections;
mod properties;
mod publishers;
mod settings;
mod store;
mod subscriptions;
mod together;
mod unreadable;
mod upcasts;
mod workflows;
