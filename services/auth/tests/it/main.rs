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
mod hashing;
#[cfg(test)]
mod operators;
mod pages;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod people;
mod requests;
mod sessions;
#[cfg(test)]
mod throttling;
mod timing;
#[cfg(test)]
mod tokens;
