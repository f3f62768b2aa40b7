//! The books in a world with clocks that jump, events that come late, and crashes.

mod bad_input;
mod closing;
mod days;
mod demo;
mod instances;
mod ledger;
mod live;
mod mails;
mod pages;
mod prices;
mod property;
mod rights;
mod stage;
mod statements;
