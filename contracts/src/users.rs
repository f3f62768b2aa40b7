//! Written by `auth`: the public record of every account.

use serde::{Deserialize, Serialize};
use tidings::Stream;
use tidings::schemars::JsonSchema;

use crate::UserId;

/// The public record of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct User {
    /// The account.
    pub user_id: UserId,
    /// Its e-mail address, as it was typed.
    #[schemars(extend("x-sensitive" = true))]
    pub email: String,
    /// The full name of its owner; empty when nobody has said it.
    #[serde(default)]
    pub name: String,
    /// What it may do beyond buying and selling: `operator`, `reader`, `publisher`; in the task
    /// exchange `worker`, `manager`, `accountant`; in the register of platforms and the repository
    /// of commands `infrastructure`, `support`, `engineering`, and `accountant` too; everywhere
    /// `admin`.
    pub roles: Vec<String>,
    /// Whether it has been shut.
    pub disabled: bool,
    /// Rises by one with every change, from 1.
    pub version: u64,
}

impl User {
    /// Whether tasks fall to somebody with these roles (B-10): they have a role in the task
    /// exchange, and it is neither manager nor admin. Who only buys tickets has none. To an
    /// account that is shut none falls, whatever its roles.
    #[must_use]
    pub fn is_dealt_to(&self) -> bool {
        let has = |role: &str| self.roles.iter().any(|own| own == role);
        ["worker", "accountant"].into_iter().any(has) && !["manager", "admin"].into_iter().any(has)
    }
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
#[stream(name = "users", key = "user_id", state, schemas)]
pub enum UserEvent {
    /// Somebody has signed up.
    #[event("user.created")]
    Created(User),
    /// Name, roles, address or standing of an account have changed.
    #[event("user.updated")]
    Updated(User),
}
