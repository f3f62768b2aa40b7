//! Written by `auth`: the public record of every account.

use serde::{Deserialize, Serialize};
use tidings::Stream;

use crate::UserId;

/// The public record of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The account.
    pub user_id: UserId,
    /// Its e-mail address, as it was typed.
    pub email: String,
    /// The full name of its owner; empty when nobody has said it.
    #[serde(default)]
    pub name: String,
    /// What it may do beyond buying and selling: `operator`, `reader`, `publisher`, and in the
    /// task exchange `worker`, `manager`, `accountant`, `admin`.
    pub roles: Vec<String>,
    /// Whether it has been shut.
    pub disabled: bool,
    /// Rises by one with every change, from 1.
    pub version: u64,
}

/// What to call somebody whose name and address may not be known yet (B-24).
#[must_use]
pub fn called(name: &str, email: &str, id: UserId) -> String {
    match [name, email].into_iter().find(|text| !text.is_empty()) {
        Some(text) => text.to_owned(),
        None => format!("Somebody new ({id})"),
    }
}

/// What becomes of accounts; each event holds the whole public record.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "users", key = "user_id", state)]
pub enum UserEvent {
    /// Somebody has signed up.
    #[event("user.created")]
    Created(User),
    /// Name, roles, address or standing of an account have changed.
    #[event("user.updated")]
    Updated(User),
}
