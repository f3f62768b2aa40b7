//! What the owner of an operation asks and says over HTTP.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;

use super::Accepted;
use super::table::{self, OperationFilter, OperationProblem, OperationRow};
use crate::callback::{self, Attempt, CallbackRow};
use crate::{
    Error, Handle, Identity, Json, List, Paging, Path, Problem, Query, RequestContext, Seen,
    SignedIn, Timestamp, Uuid, follow, job,
};

/// The longest that anybody is told to wait before asking again.
const RETRY_AFTER_S_MAX: u64 = 60;
const STATES: [&str; 5] = ["queued", "running", "succeeded", "failed", "cancelled"];

pub(super) fn of(service: &str) -> Router<Handle> {
    let at = |rest: &str| format!("/api/operations/{service}{rest}");
    Router::new()
        .route(&at(""), get(list))
        .route(&at("/secret"), post(secret))
        .route(&at("/{id}"), get(show))
        .route(&at("/{id}/cancel"), post(cancel))
        .route(&at("/{id}/live"), get(live))
        .route(&at("/{id}/callback"), get(log))
        .route(&at("/{id}/callback/redeliver"), post(redeliver))
}

/// An operation as its owner sees it.
#[derive(Serialize)]
struct View {
    job_id: Uuid,
    job_type: String,
    status: String,
    progress: u8,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cancelling: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<JsonValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<OperationProblem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ref: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    links: Links,
}

/// Where one can go on from here.
#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    own: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback: Option<String>,
}

impl View {
    fn of(row: OperationRow, service: &Handle) -> Result<Self, Error> {
        let own = row.path(service.name());
        let below = |rest: &str| format!("{own}/{rest}");
        let is_open = !row.is_finished();
        let links = Links {
            cancel: is_open.then(|| below("cancel")),
            // Seen is what this answer shows, so that no change in between is missed.
            live: is_open.then(|| below(&format!("live?seen={}", row.revision))),
            callback: row.callback_url.is_some().then(|| below("callback")),
            own,
        };
        let result = row.result.map(|text| serde_json::from_str(&text));
        Ok(Self {
            job_id: row.id,
            job_type: row.kind,
            status: row.state,
            progress: row.progress,
            cancelling: row.cancelling,
            result: result.transpose().map_err(|error| Error::Decode {
                what: "column result".to_owned(),
                reason: error.to_string(),
            })?,
            problem: row.problem,
            client_ref: row.client_ref,
            created_at: row.created_at,
            updated_at: row.updated_at,
            finished_at: row.finished_at,
            links,
        })
    }
}

/// What is somebody else's is not there.
async fn own(service: &Handle, id: Uuid, who: &Identity) -> Result<OperationRow, Problem> {
    let row = table::find(&mut service.read().await?, id).await?;
    row.filter(|row| row.owner == who.user_id)
        .ok_or_else(no_operation)
}

fn no_operation() -> Problem {
    Problem::not_found("There is no such operation of yours.")
}

fn no_callback() -> Problem {
    Problem::not_found("There is no callback: none was asked for, or the operation goes on.")
}

#[derive(Deserialize)]
struct Asked {
    state: Option<String>,
    kind: Option<String>,
}

async fn list(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<List<View>, Problem> {
    if let Some(state) = &asked.state
        && !STATES.contains(&state.as_str())
    {
        let text = format!("state must be one of {}.", STATES.join(", "));
        return Err(Problem::field("bad_state", "state", text));
    }
    let filter = OperationFilter {
        owner: Some(who.user_id),
        state: asked.state,
        kind: asked.kind,
    };
    let rows = super::list(&service, &filter, paging.after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| (row.created_at, row.id));
    let items = rows.into_iter().map(|row| View::of(row, &service));
    Ok(List {
        items: items.collect::<Result<_, _>>()?,
        next,
    })
}

async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let row = own(&service, id, &who).await?;
    let wait = (!row.is_finished()).then(|| retry_after_s(&row, service.now()));
    let mut response = Json(View::of(row, &service)?).into_response();
    if let Some(seconds) = wait {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// What takes long may be asked for seldom.
fn retry_after_s(row: &OperationRow, now: Timestamp) -> u64 {
    (now.since(row.created_at).as_secs() / 4).clamp(1, RETRY_AFTER_S_MAX)
}

async fn cancel(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<Accepted, Problem> {
    own(&service, id, &who).await?;
    let mut tx = service.begin(context).await?;
    let asked = job::cancel(&mut tx, id).await?;
    let row = table::find(&mut tx, id).await?.ok_or_else(no_operation)?;
    if !asked || matches!(row.state.as_str(), "succeeded" | "failed") {
        let text = "The operation has ended already.";
        return Err(Problem::conflict("operation_finished", text));
    }
    tx.commit().await?;
    Ok(Accepted {
        id,
        service: service.name(),
        status: row.state,
    })
}

async fn live(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    own(&service, id, &who).await?;
    Ok(follow(&service, seen, move |service| async move {
        let row = table::find(&mut service.read().await?, id).await?;
        Ok::<_, Error>(row.map_or(0, |row| row.revision))
    }))
}

/// The delivery log, for the owner alone: an address may hold a secret of theirs.
#[derive(Serialize)]
struct Log {
    webhook_id: Uuid,
    url: String,
    #[serde(flatten)]
    callback: CallbackRow,
    attempts: Vec<Attempt>,
}

async fn log(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<Log>, Problem> {
    own(&service, id, &who).await?;
    let callback = callback::of_operation(&service, id).await?;
    let callback = callback.ok_or_else(no_callback)?;
    Ok(Json(Log {
        webhook_id: callback.id,
        url: callback.url.clone(),
        attempts: callback::attempts(&service, callback.id).await?,
        callback,
    }))
}

async fn redeliver(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    if !who.has_role("operator") {
        own(&service, id, &who).await?;
    }
    let mut tx = service.begin(context).await?;
    let found = callback::find_of(&mut tx, id).await?;
    let found = found.ok_or_else(no_callback)?;
    let now = tx.now();
    if let Some(wait) = callback::too_soon(&mut tx, found.id, now).await? {
        let text = "It has just been tried. Please wait a moment.";
        let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(1);
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_soon", text);
        return Err(problem.retry_after(seconds));
    }
    callback::redeliver(&mut tx, found.id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn secret(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
) -> Result<Response, Problem> {
    let mut tx = service.begin(context).await?;
    let secret = callback::rotate(&mut tx, who.user_id).await?;
    tx.commit().await?;
    let mut response = Json(secret).into_response();
    // It is shown once, and kept by nobody on the way.
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
