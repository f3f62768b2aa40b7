//! Says what is wrong with the books of an installation that has come to rest.
//!
//! Rules are named by their ids: I-32 one active order a ticket, I-35 sold, complete and
//! paid go together, I-37 the provider's book and ours agree, I-39 released once a
//! cancellation, I-41 versions without gaps, I-42 replicas equal their source.

mod delivery;
mod market;
mod money;
mod promises;
mod replicas;
mod rest;
mod snapshot;

use std::fmt;

pub use rest::come_to_rest;
pub use snapshot::Snapshot;

use crate::{Books, Failure, History};

/// Services that keep books.
pub(crate) const SERVICES: [&str; 5] = ["auth", "tickets", "orders", "expiration", "payments"];

/// What was found to be wrong.
#[derive(Debug, Default)]
pub struct Findings(Vec<String>);

impl Findings {
    fn add(&mut self, rule: &str, text: impl fmt::Display) {
        self.0.push(format!("{rule}: {text}"));
    }

    fn unless(&mut self, holds: bool, rule: &str, text: impl FnOnce() -> String) {
        if !holds {
            self.add(rule, text());
        }
    }

    /// Nothing wrong, or what is.
    ///
    /// # Errors
    /// With everything that is wrong, up to a screenful.
    pub fn verdict(self) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let shown: Vec<&str> = self.0.iter().take(30).map(String::as_str).collect();
        Err(format!("{} findings:\n{}", self.0.len(), shown.join("\n")).into())
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
    money::check(&snapshot, &mut findings);
    replicas::check(books, &mut findings).await?;
    promises::check(&snapshot, history, &mut findings);
    for fault in history.faults() {
        findings.add("no answer is our fault", fault);
    }
    findings.verdict()?;
    Ok(snapshot)
}
