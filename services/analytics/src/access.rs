//! Who may see the figures (B-31).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tidings::{Handle, Identity, Problem, SignedIn};

const ADMIN: &str = "admin";

/// Lets administrators in. Whether there is anything to see is asked afterwards, so that a
/// refusal tells nothing of it.
pub(crate) fn figures(identity: &Identity) -> Result<(), Problem> {
    match identity.has_role(ADMIN) {
        true => Ok(()),
        false => Err(Problem::forbidden("Analytics are for administrators.")),
    }
}

/// Whoever asks is an administrator. It comes before what reads the rest of the request.
pub(crate) struct Admin;

impl FromRequestParts<Handle> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Handle) -> Result<Self, Problem> {
        let SignedIn(identity) = SignedIn::from_request_parts(parts, service).await?;
        figures(&identity)?;
        Ok(Self)
    }
}
