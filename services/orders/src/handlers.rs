//! What the other services tell, one file a stream.

mod expirations;
mod payments;
mod tickets;

pub(crate) use expirations::expirations;
pub(crate) use payments::payments;
pub(crate) use tickets::tickets;
