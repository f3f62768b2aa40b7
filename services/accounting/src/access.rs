//! Who may see what of the books (B-31).

use contracts::UserId;
use tidings::{Identity, Problem};

const ACCOUNTANT: &str = "accountant";
const ADMIN: &str = "admin";

/// Lets those in who have a part in the task exchange: nobody else has an account.
pub(crate) fn exchange(identity: &Identity) -> Result<(), Problem> {
    let roles = ["worker", "manager", ACCOUNTANT, ADMIN];
    match roles.iter().any(|role| identity.has_role(role)) {
        true => Ok(()),
        false => Err(Problem::forbidden("You have no part in the task exchange.")),
    }
}

/// Lets those in who may see everybody's accounts.
pub(crate) fn books(identity: &Identity) -> Result<(), Problem> {
    match identity.has_role(ACCOUNTANT) || may_close(identity) {
        true => Ok(()),
        false => Err(Problem::forbidden(
            "The books are for accountants and administrators.",
        )),
    }
}

/// Lets those in who may close a day.
pub(crate) fn close(identity: &Identity) -> Result<(), Problem> {
    match may_close(identity) {
        true => Ok(()),
        false => Err(Problem::forbidden("Only administrators close a day.")),
    }
}

/// Whether somebody may close a day.
pub(crate) fn may_close(identity: &Identity) -> bool {
    identity.has_role(ADMIN)
}

/// Lets those in who may set somebody's account right.
pub(crate) fn adjust(identity: &Identity, account_id: UserId) -> Result<(), Problem> {
    books(identity)?;
    match is_own(identity, account_id) {
        false => Ok(()),
        true => Err(Problem::forbidden("Nobody sets their own account right.")),
    }
}

/// Whether somebody may set an account right: whoever sees all books, and not their own.
pub(crate) fn may_adjust(identity: &Identity, account_id: UserId) -> bool {
    adjust(identity, account_id).is_ok()
}

fn is_own(identity: &Identity, account_id: UserId) -> bool {
    identity.user_id == account_id.uuid()
}

/// Lets somebody see an account: members of the exchange their own, and whoever may see all. Whether there
/// is such an account is asked afterwards, so that a refusal tells nothing of it.
pub(crate) fn account(identity: &Identity, account_id: UserId) -> Result<(), Problem> {
    match is_own(identity, account_id) {
        true => exchange(identity),
        false => books(identity),
    }
}
