//! Who may do what, asked of the real binary at every route that it has.

mod company;
mod declared;
mod headers;
mod market;
mod office;
mod person;
mod reading;
mod routes;
mod rows;
mod rules;
mod theirs;

/// The program as people get it.
const BINARY: &str = env!("CARGO_BIN_EXE_tidings-under-test");
