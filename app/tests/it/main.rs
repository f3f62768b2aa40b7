//! The binary as people start it.

mod program;

mod demo;
mod refusals;
mod serving;
