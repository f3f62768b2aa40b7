//! Written by `expiration`: whose time has run out.

use tidings::Stream;

use crate::OrderId;

/// What the timers say.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "expirations", key = "order_id", schemas)]
pub enum ExpirationEvent {
    /// The hold of an order has run out, if it is still held (C-11, C-26).
    #[event("expiration.completed")]
    Completed {
        /// The order.
        order_id: OrderId,
    },
}
