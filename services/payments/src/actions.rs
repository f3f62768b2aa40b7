//! The use cases.

mod pay;
mod refund;
mod settle;

pub(crate) use pay::{pay, pay_in_tx};
pub(crate) use refund::{owe_refund_in_tx, refunded_in_tx};
pub(crate) use settle::{completed_in_tx, failed_in_tx};
