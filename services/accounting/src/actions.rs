//! What changes the books.

mod adjust;
mod ask_to_close;
mod pay_out;
mod post;
mod set_price;

pub(crate) use adjust::adjust_in_tx;
pub(crate) use ask_to_close::{ask_to_close, ask_to_close_in_tx};
pub(crate) use pay_out::{LINES_MAX, pay_out_in_tx};
pub(crate) use post::{Posting, post_all_in_tx};
pub(crate) use set_price::price_in_tx;
