//! `World`: any set of services in one process, with a clock that the test moves,
//! and with seeded misbehaviour. A [`Database`] of a test's own, and [stories](on_both!) that
//! are told on each kind of them. And the [suite](mod@conformance) that every transport must pass,
//! and a [way to a server](Proxy) that can be cut.

#![warn(missing_docs)]

mod bad_transport;
pub mod conformance;
mod database;
mod live;
mod misbehaviour;
mod pace;
mod proxy;
mod seeds;
mod world;

pub use database::Database;
pub use live::Live;
pub use misbehaviour::Misbehaviour;
pub use pace::Pace;
pub use proxy::Proxy;
pub use seeds::under_seeds;
pub use world::{Answer, World};
