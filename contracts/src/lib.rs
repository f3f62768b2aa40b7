//! Every stream and command of the installation as a documented type, and nothing else.
//!
//! One module a stream, named after the entity in the plural; one module for the commands to
//! a service, named after it. Who writes it, or carries it out, is in the module's first line.

pub mod accounting;
pub mod expirations;
pub mod notifications;
pub mod orders;
pub mod payments;
pub mod tasks;
pub mod tickets;
pub mod users;

mod ids;
mod money;

pub use ids::{OrderId, PaymentId, PayoutId, ShuffleId, TaskId, TicketId, TransactionId, UserId};
pub use money::{Currency, Money, PRICE_MINOR_MAX};

#[cfg(test)]
mod names;
