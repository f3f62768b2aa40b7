//! What can be done with orders, one file a use case.

mod cancel_order;
mod move_order;
mod place_order;

pub(crate) use cancel_order::cancel_order;
pub(crate) use move_order::{move_order_in_tx, note_in_tx};
pub(crate) use place_order::{Wish, place_order, place_order_in_tx};
