//! The tickets service as its neighbours see it: through its API, its pages and its events.

mod bad_input;
mod demo;
mod listings;
mod live;
mod market;
mod pages;
mod reservations;
mod stage;
