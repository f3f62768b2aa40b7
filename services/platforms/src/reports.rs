//! What the register adds up and picks out for those who pay: pure.

pub(crate) mod costs;
pub(crate) mod span;
