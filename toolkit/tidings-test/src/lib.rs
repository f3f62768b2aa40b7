//! `World`: any set of services in one process, with a clock that the test moves.

mod world;

pub use world::{Answer, World};
