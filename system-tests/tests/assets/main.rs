//! The register of platforms and the repository of commands, as people and programs meet them.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests"
)]

mod called;
mod first_sync;
mod following;
mod office;
mod secrets;
mod together;

use std::io::Write;

/// The program as people get it, with the named crash points in it.
const BINARY: &str = env!("CARGO_BIN_EXE_tidings-under-test");

/// The register and the repository have a process each.
const PARTS: [&str; 3] = ["auth,notifications,gateway", "platforms", "commands"];
const GATEWAY: usize = 0;
const REGISTER: usize = 1;
const REPOSITORY: usize = 2;

/// Says what a run has shown, past the test runner, which keeps a passing test's output.
fn tell(evidence: &str) {
    // Without a terminal there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "evidence: {evidence}");
}

/// The seed of this run, from `TIDINGS_SEED` or drawn; told, so that a run can be tried again.
fn seed() -> u64 {
    let given = std::env::var("TIDINGS_SEED").ok();
    let seed = given
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(rand::random);
    println!("TIDINGS_SEED={seed}");
    seed
}
