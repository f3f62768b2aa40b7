//! What makes the figures: one file a stream.

mod billing_days;
mod tasks;
mod transactions;
mod users;

pub(crate) use billing_days::billing_days;
pub(crate) use tasks::tasks;
pub(crate) use transactions::transactions;
pub(crate) use users::users;
