//! Whether the process lives, can work, and what of it does not (E-03, X-36).

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::{self, join_all};
use serde::Serialize;
use tidings::{Calls, Elsewhere, Error, Fragment, Handle, Installation, Json, Problem};

use crate::Gateway;

const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// By whom processes are asked whether they live.
pub(crate) const CALLER: &str = "health";

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/status", get(status))
}

/// One service, and whether it answers: its database, or the process that it runs in.
#[derive(Serialize)]
struct ServiceStatus {
    service: &'static str,
    state: &'static str,
    /// It runs in another process.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    elsewhere: bool,
}

/// Another process, as far as anybody has said where it is.
pub(crate) struct Process {
    pub(crate) services: Vec<&'static str>,
    pub(crate) url: Option<String>,
}

impl Process {
    /// `auth, tickets do not answer at http://…`
    pub(crate) fn silence(&self) -> String {
        match &self.url {
            Some(url) => format!("{} at {url}", silence(&self.services)),
            None => format!("Nobody says where to find {}", self.services.join(", ")),
        }
    }
}

/// `auth does not answer`, `auth, tickets do not answer`.
pub(crate) fn silence(services: &[&'static str]) -> String {
    let does = match services.len() {
        1 => "does",
        _ => "do",
    };
    format!("{} {does} not answer", services.join(", "))
}

/// The services elsewhere that are asked for, together where they have one address.
pub(crate) fn processes(
    installation: &Installation,
    is_asked_for: impl Fn(&Elsewhere) -> bool,
) -> Vec<Process> {
    let mut all: Vec<Process> = Vec::new();
    for service in installation.elsewhere() {
        if !is_asked_for(&service) {
            continue;
        }
        match all.iter_mut().find(|one| one.url == service.url) {
            Some(same) => same.services.push(service.name),
            None => all.push(Process {
                services: vec![service.name],
                url: service.url,
            }),
        }
    }
    all
}

async fn alive() -> &'static str {
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
    let here = gateway.installation().handles().iter();
    let here = here.filter(|handle| handle.runs_here()).map(ask_here);
    let elsewhere = gateway.installation().elsewhere();
    let elsewhere = elsewhere
        .iter()
        .map(|service| ask_elsewhere(gateway, service.name));
    let (mut all, elsewhere) = future::join(join_all(here), join_all(elsewhere)).await;
    all.extend(elsewhere);
    all
}

async fn ask_here(handle: &Handle) -> ServiceStatus {
    let answer = tokio::time::timeout(ANSWER_LIMIT, ask(handle)).await;
    let is_up = matches!(answer, Ok(Ok(())));
    if !is_up {
        tracing::warn!(service = handle.name(), "the database does not answer");
    }
    ServiceStatus {
        service: handle.name(),
        state: if is_up { "up" } else { "down" },
        elsewhere: false,
    }
}

/// Processes that do not answer just now, each with its services.
pub(crate) async fn silent_processes(gateway: &Gateway) -> Vec<Process> {
    let all = processes(gateway.installation(), |_| true);
    // One for all that run there.
    let asked = all.iter().map(|process| async {
        match process.services.first() {
            Some(service) => ask_elsewhere(gateway, service).await.state == "up",
            None => true,
        }
    });
    let answers = join_all(asked).await;
    let all = all.into_iter().zip(answers);
    all.filter_map(|(process, is_up)| (!is_up).then_some(process))
        .collect()
}

/// Whether the process of a service lives. Nobody but that process asks its database.
async fn ask_elsewhere(gateway: &Gateway, service: &'static str) -> ServiceStatus {
    let how = Calls::default().tries(1).timeout(ANSWER_LIMIT);
    let state = match gateway.installation().client(CALLER, service, &how) {
        Ok(client) => match client.get("/healthz").send().await {
            Ok(_) => "up",
            Err(_) => "unreachable",
        },
        Err(_) => "unknown",
    };
    ServiceStatus {
        service,
        state,
        elsewhere: true,
    }
}

async fn ask(handle: &Handle) -> Result<(), Error> {
    let mut conn = handle.read().await?;
    conn.query_one::<(i64,)>("SELECT count(*) FROM tidings_heads", &[])
        .await?;
    Ok(())
}
