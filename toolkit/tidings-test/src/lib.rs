//! `World`: any set of services in one process, with a clock that the test moves,
//! and with seeded misbehaviour. And the [suite](mod@conformance) that every transport must pass,
//! and a [way to a server](Proxy) that can be cut.

#![warn(missing_docs)]

mod bad_transport;
pub mod conformance;
mod ground;
mod live;
mod misbehaviour;
mod pace;
mod proxy;
mod world;

pub use ground::postgres;
pub use live::Live;
pub use misbehaviour::Misbehaviour;
pub use pace::Pace;
pub use proxy::Proxy;
pub use world::{Answer, World};
