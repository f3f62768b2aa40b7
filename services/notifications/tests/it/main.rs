//! Mail in worlds without other services, and to a mail server that the tests make.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod server;
mod stage;

mod alerting;
mod asking;
mod keeping;
mod links;
mod mailing;
mod misbehaving;
mod pages;
