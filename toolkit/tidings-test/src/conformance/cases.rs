//! The cases, each a promise that can be broken.

mod disturbance;
mod history;
mod messages;
mod order;
mod receivers;
mod volume;

pub use disturbance::*;
pub use history::*;
pub use messages::*;
pub use order::*;
pub use receivers::*;
pub use volume::*;
