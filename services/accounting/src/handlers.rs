//! What the books learn of, one file a stream.

mod assignments;
mod mails;
mod tasks;
mod users;

pub(crate) use assignments::assignments;
pub(crate) use mails::mailed;
pub(crate) use tasks::tasks;
pub(crate) use users::users;
