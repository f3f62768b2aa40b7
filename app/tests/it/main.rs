//! The binary as people start it.

#[cfg(test)]
mod program;

mod demo;
mod refusals;
mod serving;
