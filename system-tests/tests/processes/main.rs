//! One installation in several processes of the real binary.

mod broker;
mod fleet;
mod ground;
mod kill_nine;
mod market;
mod moving;
mod partition;
mod rebuilding;
mod rights;
mod rolling;
mod starting;
mod tracing;

use std::io::Write;

/// The program as people get it, with the named crash points in it.
const BINARY: &str = env!("CARGO_BIN_EXE_tidings-under-test");

/// The processes of the stories of one part that is missing.
const PARTS: [&str; 3] = [
    "auth,tickets,tasks,platforms,commands",
    "orders,expiration,payments,notifications,accounting,analytics",
    "gateway",
];
const MARKET: usize = 0;
const SALES: usize = 1;
const GATEWAY: usize = 2;

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
