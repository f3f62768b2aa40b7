//! The binary as people start it.

#[cfg(test)]
mod postgres;
#[cfg(test)]
mod program;

mod demo;
mod doctoring;
mod moving;
mod refusals;
mod serving;
