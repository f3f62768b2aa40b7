//! Who may see what of the books (B-31).

use contracts::UserId;
use tidings::{Identity, Problem};

/// The role of those to whom tasks fall.
pub(crate) const WORKER: &str = "worker";
const ACCOUNTANT: &str = "accountant";
const ADMIN: &str = "admin";

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

/// Lets somebody see an account: everybody their own, and whoever may see all. Whether there
/// is such an account is asked afterwards, so that a refusal tells nothing of it.
pub(crate) fn account(identity: &Identity, account_id: UserId) -> Result<(), Problem> {
    match identity.user_id == account_id.uuid() {
        true => Ok(()),
        false => books(identity),
    }
}
