//! Every stream of the installation as a documented type, and nothing else.
//!
//! One module a stream, named after the entity in the plural. The service that
//! writes it is named in the module's first line.

pub mod expirations;
pub mod orders;
pub mod payments;
pub mod tickets;
pub mod users;

mod ids;
mod money;

pub use ids::{OrderId, PaymentId, TicketId, UserId};
pub use money::{Currency, Money, PRICE_MINOR_MAX};
