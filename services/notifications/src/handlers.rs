//! What is heard, and what is asked for.

mod send_email;
mod users;

pub(crate) use send_email::{send_email, send_link};
pub(crate) use users::users;
