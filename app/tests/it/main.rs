//! The binary as people start it.

#[cfg(test)]
mod program;

mod configuring;
mod demo;
mod parts;
mod refusals;
mod serving;
