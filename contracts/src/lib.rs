//! Every stream and command of the installation as a documented type, and what several services
//! must mean the same by: names, days, amounts.
//!
//! One module a stream, named after the entity in the plural; one module for the commands to
//! a service, named after it. Who writes it, or carries it out, is in the module's first line.

pub mod accounting;
pub mod calendar;
pub mod commands;
pub mod expirations;
pub mod notifications;
pub mod orders;
pub mod payments;
pub mod platforms;
pub mod tasks;
pub mod tickets;
pub mod users;

/// What is asked for by gRPC; the text of the contract is `contracts/proto/platforms.proto`.
#[cfg(feature = "grpc")]
pub mod grpc;

mod all;
mod ids;
mod money;
mod words;

pub use all::all;
pub use ids::{
    CommandId, ImportId, OrderId, PaymentId, PayoutId, PlatformId, ShuffleId, TaskId, TeamId,
    TicketId, TransactionId, UsageId, UserId,
};
pub use money::{Currency, Money, PRICE_MINOR_MAX, dollars, signed_dollars};
