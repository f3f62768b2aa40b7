//! Requests that another site makes a browser send (SEC-19, SEC-21).
//!
//! A browser says where a request comes from (`Sec-Fetch-Site`, `Origin`); an unsafe method
//! must come from our own pages. A program that sends neither header passes as long as it
//! shows no session cookie: nobody can forge what he has no cookie for.

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tidings::Problem;
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::session;

/// Refuses unsafe requests from other origins.
pub(crate) fn layer() -> CsrfLayer<fn(ProtectionError) -> Response> {
    CsrfLayer::new().with_rejection_response(refused as fn(ProtectionError) -> Response)
}

fn refused(error: ProtectionError) -> Response {
    tracing::warn!(%error, "a request from another site was refused");
    let text = "The request was sent from another site.";
    Problem::new(StatusCode::FORBIDDEN, "cross_origin", text).into_response()
}

/// Refuses an unsafe request that shows a session cookie and does not say where it comes from.
pub(crate) async fn refuse_bare_cookies(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    // An empty value says nothing, and the layer above passes it as if it were not there.
    let says_origin = ["sec-fetch-site", "origin"]
        .iter()
        .any(|name| headers.get(*name).is_some_and(|value| !value.is_empty()));
    if is_safe || says_origin || session::cookies(headers).is_empty() {
        return next.run(request).await;
    }
    let text = "A request with a session cookie must say where it comes from: send Origin, or \
        an access token instead of the cookie.";
    Problem::new(StatusCode::FORBIDDEN, "origin_missing", text).into_response()
}
