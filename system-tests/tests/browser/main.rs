//! What people see: the real binary in a real browser, page by page.
//!
//! Every page that a story comes through is looked over: it does not scroll sideways on a
//! phone or a desktop, it breaks no rule of its content security policy, and its console
//! says nothing (`page.rs`).

mod browser;
mod driver;
mod everywhere;
mod exchange;
mod finding;
mod map;
mod office;
mod page;
mod patience;
mod people;
mod refusals;
mod register;
mod repair;
mod repository;
mod sale;
mod stage;
mod without_scripts;
