//! What operators do.

mod resend;

pub(crate) use resend::resend;
