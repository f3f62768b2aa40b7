//! The gateway, around small services made for these tests.

mod api;
#[cfg(test)]
mod assets;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod console;
#[cfg(test)]
mod door;
mod faces;
mod forgery;
mod headers;
mod limits;
mod problems;
#[cfg(test)]
mod services;
mod session;
mod traces;
