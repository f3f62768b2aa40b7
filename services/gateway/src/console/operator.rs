//! Who may be here.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tidings::{Context, CorrelationId, Identity, Problem};

use crate::session::Viewer;

/// Somebody with the role `operator`; 401 for nobody, 403 for anybody else.
pub(crate) struct Operator {
    identity: Identity,
    correlation_id: String,
}

impl Operator {
    /// For the transactions that they begin.
    pub(crate) fn context(&self) -> Context {
        // Of the command line is asked nothing but the key that it has.
        let actor = match self.identity.user_id.is_nil() {
            true => "service:command-line".to_owned(),
            false => format!("user:{}", self.identity.user_id),
        };
        Context {
            actor,
            correlation_id: self.correlation_id.clone(),
            causation_id: None,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let viewer = parts.extensions.get::<Viewer>();
        let identity = viewer
            .and_then(Viewer::identity)
            .ok_or_else(Problem::not_signed_in)?;
        if !identity.has_role("operator") {
            return Err(Problem::forbidden("The console is for operators."));
        }
        let correlation = parts.extensions.get::<CorrelationId>();
        Ok(Self {
            identity: identity.clone(),
            correlation_id: correlation.map(|id| id.0.clone()).unwrap_or_default(),
        })
    }
}
