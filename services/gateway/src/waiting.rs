//! The door of a process that lives and cannot work yet: its database is away.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tidings::Problem;

use crate::headers;
use crate::health::{ServiceStatus, alive};

/// Whoever is sent away comes back about when the next look has been taken.
const RETRY_AFTER_S: u32 = 2;

/// Answers for the services of these names until there is an installation: `/healthz` says that
/// the process lives, `/readyz` that none of them can work, and everything else is a problem
/// (503) that says when to try again.
pub fn waiting(services: &[&'static str]) -> Router {
    let services = services.to_vec();
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(async move || not_ready(&services)))
        .fallback(async || Problem::unavailable(RETRY_AFTER_S))
        .layer(from_fn(dressed))
}

fn not_ready(services: &[&'static str]) -> Response {
    let all = services.iter().copied().map(ServiceStatus::down);
    let all = Json(all.collect::<Vec<_>>());
    (StatusCode::SERVICE_UNAVAILABLE, all).into_response()
}

async fn dressed(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    headers::add(&path, response.headers_mut());
    response
}
