//! Which service sent a request, as far as it can show it.

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{Problem, forwarded};
use crate::client::{CALLER_HEADER, SERVICE_TOKEN_HEADER};
use crate::handle::Handle;

/// The code of the problem with a token that is not good, as it is below.
pub(crate) const TOKEN_REFUSED: &str = "service_token";

/// The service that calls, shown by its token or known because it is in this process; 401
/// for anybody else. `Option<CallingService>` is nobody for a person's own request; a wrong
/// token is 401 there, too.
///
/// ```
/// use tidings::CallingService;
///
/// async fn stock(CallingService(name): CallingService) -> String {
///     format!("{name} may ask")
/// }
/// # let _ = stock;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallingService(pub String);

impl<S: Send + Sync> FromRequestParts<S> for CallingService {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let known = parts.extensions.get::<Self>().cloned();
        known.ok_or_else(|| refusal("This is for services of the same installation."))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for CallingService {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

/// Finds out which service calls, before anybody asks. A token that is not good is refused,
/// and a name without a token is taken off: from the network anybody can write it.
pub(crate) async fn recognize(
    State(service): State<Handle>,
    mut request: Request,
    next: Next,
) -> Response {
    let token = request.headers_mut().remove(SERVICE_TOKEN_HEADER);
    // What was put there by a caller in this process did not come over the network.
    if request.extensions().get::<CallingService>().is_some() {
        return next.run(request).await;
    }
    request.headers_mut().remove(CALLER_HEADER);
    if let Some(token) = token {
        let Some(caller) = caller(&service, &token) else {
            tracing::warn!(service = service.name(), "a service's token was refused");
            let text = "The service token is not good here.";
            let problem = Problem::new(StatusCode::UNAUTHORIZED, "service_token", text);
            return problem.into_response();
        };
        // What is passed on for somebody else is not the service's own request: with its name
        // anybody could ask for what only services may.
        if forwarded::is_forwarded(request.headers()) {
            forwarded::believe(&mut request);
            return forwarded::write(next.run(request).await);
        }
        if let Ok(name) = HeaderValue::from_str(&caller) {
            request.headers_mut().insert(CALLER_HEADER, name);
        }
        request.extensions_mut().insert(CallingService(caller));
    }
    next.run(request).await
}

fn caller(service: &Handle, token: &HeaderValue) -> Option<String> {
    let tokens = service.service_tokens()?;
    tokens.verify(token.to_str().ok()?, service.name(), service.now())
}

fn refusal(text: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "services_only", text)
}
