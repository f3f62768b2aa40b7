//! The service as browsers, API clients and other services meet it.
//!
//! `cfg(test)` tells clippy that what has no `#[test]` of its own is test code too.

mod accounts;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod databases;
mod emails;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod forgotten;
#[cfg(test)]
mod hashing;
#[cfg(test)]
mod inviting;
#[cfg(test)]
mod inviting_many;
#[cfg(test)]
mod operators;
#[cfg(test)]
mod own;
mod pages;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod people;
#[cfg(test)]
mod post;
mod requests;
#[cfg(test)]
mod secrets;
mod sessions;
#[cfg(test)]
mod throttling;
mod timing;
#[cfg(test)]
mod tokens;
