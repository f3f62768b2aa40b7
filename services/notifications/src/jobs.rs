//! What is owed to messages: to be sent, and to be forgotten.

mod deliver;
mod forget;

pub(crate) use deliver::{Deliver, deliver};
pub(crate) use forget::{Forget, forget};
