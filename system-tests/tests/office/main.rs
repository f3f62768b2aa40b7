//! The task exchange over the whole installation: dealt, done, charged, paid and written to,
//! whatever dies meanwhile.

mod absent;
mod away;
mod dealing;
mod ground;
mod letters;

use std::io::Write;

/// The program as people get it, with the named crash points in it.
const BINARY: &str = env!("CARGO_BIN_EXE_tidings-under-test");

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
