//! `World`: any set of services in one process, with a clock that the test moves,
//! and with seeded misbehaviour.

#![warn(missing_docs)]

mod bad_transport;
mod misbehaviour;
mod world;

pub use misbehaviour::Misbehaviour;
pub use world::{Answer, World};
