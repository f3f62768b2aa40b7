//! What orders promise, shown in worlds whose other services are played by the test.

mod cancelling;
mod detecting;
mod expiring;
mod input;
mod live;
mod mails;
mod pages;
mod paying;
mod placing;
mod race;
mod reading;
mod repeating;
mod replica;
mod reserving;
mod stage;
mod versions;
