//! The gateway, around small services made for these tests.

mod api;
mod assets;
mod console;
mod door;
mod faces;
mod forgery;
mod headers;
mod limits;
mod services;
mod session;
