#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod account;
mod connection;
mod follow;
mod message;
mod names;
mod publish;
mod report;
mod settings;
mod start;
mod stream;
mod told;

pub use connection::Nats;
pub use report::{NatsKept, NatsReport, NatsStream};
pub use settings::NatsSettings;
