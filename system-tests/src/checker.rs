//! Says what is wrong with the books of an installation that has come to rest.
//!
//! Rules are named by their ids: I-32 one active order a ticket, I-35 sold, complete and
//! paid go together, I-37 the provider's book and ours agree, I-39 released once a
//! cancellation, I-41 versions without gaps, I-42 replicas equal their source,
//! C-17 each order has a hold that ends as it does, C-30 one receipt for each completed order;
//! those of the task exchange are told in `exchange.rs`.

mod delivery;
mod exchange;
mod holds;
mod mails;
mod market;
mod money;
mod promises;
mod register;
mod replicas;
mod rest;
mod snapshot;

use std::collections::BTreeMap;
use std::fmt;

pub use exchange::{Day, Exchange, Movement, Payout, Shuffle, Task};
pub use register::{Change, Command, Platform, Register};
pub use rest::come_to_rest;
pub use snapshot::Snapshot;

use crate::{Books, Failure, History};

/// Services that keep books.
pub(crate) const SERVICES: [&str; 10] = [
    "auth",
    "tickets",
    "orders",
    "expiration",
    "payments",
    "notifications",
    "tasks",
    "accounting",
    "platforms",
    "commands",
];

/// What was found to be wrong, by rule.
#[derive(Debug, Default)]
pub struct Findings(BTreeMap<String, Vec<String>>);

/// Enough of one rule to see what kind of thing is wrong.
const SHOWN_PER_RULE: usize = 3;

impl Findings {
    fn add(&mut self, rule: &str, text: impl fmt::Display) {
        let found = self.0.entry(rule.to_owned()).or_default();
        found.push(text.to_string());
    }

    fn unless(&mut self, holds: bool, rule: &str, text: impl FnOnce() -> String) {
        if !holds {
            self.add(rule, text());
        }
    }

    /// Nothing wrong, or what is.
    ///
    /// # Errors
    /// With every rule that is broken, and the first places where it is.
    pub fn verdict(self) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut told = String::new();
        for (rule, found) in &self.0 {
            told.push_str(&format!("{rule} is broken {} times\n", found.len()));
            for text in found.iter().take(SHOWN_PER_RULE) {
                told.push_str(&format!("  {text}\n"));
            }
        }
        Err(told.into())
    }
}

/// Reads everything and checks everything, and gives back what was read.
///
/// # Errors
/// When the books cannot be read, or something is wrong.
pub async fn check(books: &Books, history: &History) -> Result<Snapshot, Failure> {
    let snapshot = Snapshot::read(books).await?;
    let mut findings = Findings::default();
    delivery::check(books, &snapshot, &mut findings).await?;
    market::check(&snapshot, &mut findings);
    holds::check(books, &snapshot, &mut findings).await?;
    money::check(&snapshot, &mut findings);
    exchange::check(books, &snapshot, &mut findings).await?;
    register::check(&snapshot, &mut findings);
    replicas::check(books, &mut findings).await?;
    mails::check(books, &snapshot, &mut findings).await?;
    promises::check(&snapshot, history, &mut findings);
    for fault in history.faults() {
        findings.add("no answer is our fault", fault);
    }
    findings.verdict()?;
    Ok(snapshot)
}
