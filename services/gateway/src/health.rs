//! Whether the process lives, can work, and what of it does not (E-03, X-36).

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use tidings::{Error, Fragment, Handle, Json, Problem};

use crate::Gateway;

const ANSWER_LIMIT: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/status", get(status))
}

/// One service, and whether its database answers.
#[derive(Serialize)]
struct ServiceStatus {
    service: &'static str,
    state: &'static str,
}

async fn alive() -> &'static str {
    "alive\n"
}

async fn ready(State(gateway): State<Gateway>) -> Response {
    let services = ask_all(&gateway).await;
    let all_up = services.iter().all(|service| service.state == "up");
    let status = if all_up {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(services)).into_response()
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    services: Vec<ServiceStatus>,
    down: usize,
}

async fn status(State(gateway): State<Gateway>, headers: HeaderMap) -> Result<Response, Problem> {
    let services = ask_all(&gateway).await;
    let wants_page = headers
        .get(header::ACCEPT)
        .is_some_and(|accept| String::from_utf8_lossy(accept.as_bytes()).contains("text/html"));
    if !wants_page {
        return Ok(Json(services).into_response());
    }
    let down = services.iter().filter(|one| one.state != "up").count();
    let page = StatusPage { services, down };
    Ok(Fragment::try_new("Status", page.render())?.into_response())
}

async fn ask_all(gateway: &Gateway) -> Vec<ServiceStatus> {
    let mut all = Vec::new();
    for handle in gateway.installation().handles() {
        let answer = tokio::time::timeout(ANSWER_LIMIT, ask(handle)).await;
        let is_up = matches!(answer, Ok(Ok(())));
        if !is_up {
            tracing::warn!(service = handle.name(), "the database does not answer");
        }
        all.push(ServiceStatus {
            service: handle.name(),
            state: if is_up { "up" } else { "down" },
        });
    }
    all
}

async fn ask(handle: &Handle) -> Result<(), Error> {
    let mut conn = handle.read().await?;
    conn.query_one::<(i64,)>("SELECT count(*) FROM tidings_heads", &[])
        .await?;
    Ok(())
}
