//! Who may see the figures (B-31).

use tidings::{Identity, Problem};

const ADMIN: &str = "admin";
/// The role of those to whom tasks fall.
pub(crate) const WORKER: &str = "worker";

/// Lets administrators in. Whether there is anything to see is asked afterwards, so that a
/// refusal tells nothing of it.
pub(crate) fn figures(identity: &Identity) -> Result<(), Problem> {
    match identity.has_role(ADMIN) {
        true => Ok(()),
        false => Err(Problem::forbidden("Analytics are for administrators.")),
    }
}
