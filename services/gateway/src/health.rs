//! Whether the process lives, can work, and what of it does not (E-03, X-36).

pub(crate) mod elsewhere;

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::{self, join_all};
use serde::Serialize;
use tidings::{Error, Fragment, Handle, Json, Problem};

use crate::Gateway;
use elsewhere::{ask_process, processes};

const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// Whoever looks after others asks so: an answer that asked others in turn would never end.
const HERE: &str = "here";

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/status", get(status))
}

/// One service, and whether it answers: its database, or the process that it runs in.
#[derive(Serialize)]
pub(crate) struct ServiceStatus {
    service: &'static str,
    state: &'static str,
    /// It runs in another process.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    elsewhere: bool,
}

impl ServiceStatus {
    /// One of this process whose database does not answer.
    pub(crate) fn down(service: &'static str) -> Self {
        Self {
            service,
            state: "down",
            elsewhere: false,
        }
    }
}

pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// A process is ready when the databases of its own services answer. What it waits for
/// elsewhere is told, and no reason to take it out of use: of two processes that wait for each
/// other neither would ever be let in.
async fn ready(State(gateway): State<Gateway>) -> Response {
    let services = ask_all(&gateway).await;
    let mut here = services.iter().filter(|service| !service.elsewhere);
    let status = if here.all(|service| service.state == "up") {
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

async fn status(
    State(gateway): State<Gateway>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if query.as_deref() == Some(HERE) {
        return Ok(Json(ask_all_here(&gateway).await).into_response());
    }
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
    let elsewhere = processes(gateway.installation(), |_| true);
    let elsewhere = elsewhere
        .iter()
        .map(|process| ask_process(gateway, process));
    let (mut all, elsewhere) = future::join(ask_all_here(gateway), join_all(elsewhere)).await;
    all.extend(elsewhere.into_iter().flatten());
    all
}

async fn ask_all_here(gateway: &Gateway) -> Vec<ServiceStatus> {
    let here = gateway.installation().handles().iter();
    join_all(here.filter(|handle| handle.runs_here()).map(ask_here)).await
}

async fn ask_here(handle: &Handle) -> ServiceStatus {
    let answer = tokio::time::timeout(ANSWER_LIMIT, ask(handle)).await;
    let is_up = matches!(answer, Ok(Ok(())));
    if !is_up {
        // Whoever asks hears it, and the log was told by those who work.
        tracing::debug!(service = handle.name(), "the database does not answer");
        return ServiceStatus::down(handle.name());
    }
    ServiceStatus {
        service: handle.name(),
        state: "up",
        elsewhere: false,
    }
}

async fn ask(handle: &Handle) -> Result<(), Error> {
    let mut conn = handle.read().await?;
    conn.query_one::<(i64,)>("SELECT count(*) FROM tidings_heads", &[])
        .await?;
    Ok(())
}
