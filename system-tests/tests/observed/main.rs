//! What a flow leaves behind itself: one correlation id in every line, and one trace.

#[cfg(test)]
mod bought;
#[cfg(test)]
mod collector;
#[cfg(test)]
mod lines;
#[cfg(test)]
mod numbers;
#[cfg(test)]
mod tree;

/// The program as people get it, with the named crash points in it.
const BINARY: &str = env!("CARGO_BIN_EXE_tidings-under-test");

/// The processes of the stories with more than one.
const PARTS: [&str; 2] = [
    "orders,expiration,payments,notifications,accounting,analytics,gateway",
    "auth,tickets,tasks,platforms,commands",
];
