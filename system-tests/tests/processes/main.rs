//! One installation in several processes of the real binary.

mod market;
mod starting;

/// The program as people get it, with the named crash points in it.
const BINARY: &str = env!("CARGO_BIN_EXE_tidings-under-test");

/// The processes of these stories.
const PARTS: [&str; 3] = [
    "auth,tickets",
    "orders,expiration,payments,notifications",
    "gateway",
];
const MARKET: usize = 0;
const SALES: usize = 1;
const GATEWAY: usize = 2;
