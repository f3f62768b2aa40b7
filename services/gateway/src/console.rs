//! The operators' console: every stream, everyone who follows it, and what is stuck (SEC-34).

mod act;
mod calls;
mod live;
pub(crate) mod operator;
mod ops;
mod view;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use serde::Deserialize;
use tidings::{Fragment, Problem, Query};

use crate::Gateway;
use operator::Operator;

pub(crate) fn routes() -> Router<Gateway> {
    let event = "/dead/{service}/{subscription}/{event_id}";
    let job = "/jobs/{service}/{job_id}/retry";
    Router::new()
        .route("/console", get(console))
        .route("/console/live", get(live::changes))
        .route(&format!("/console{event}/retry"), post(act::retry_form))
        .route(&format!("/console{event}/discard"), post(act::discard_form))
        .route(&format!("/console{job}"), post(act::retry_job_form))
        .route("/ops/streams", get(ops::streams))
        .route("/ops/subscriptions", get(ops::subscriptions))
        .route("/ops/alerts", get(ops::alerts))
        .route("/ops/dead", get(ops::dead))
        .route("/ops/jobs", get(ops::jobs))
        .route("/ops/calls", get(calls::list))
        .route(&format!("/ops{event}/retry"), post(act::retry))
        .route(&format!("/ops{event}/discard"), post(act::discard))
        .route(&format!("/ops{job}"), post(act::retry_job))
}

#[derive(Deserialize)]
struct Asked {
    done: Option<String>,
}

async fn console(
    _: Operator,
    State(gateway): State<Gateway>,
    Query(Asked { done }): Query<Asked>,
) -> Result<Fragment, Problem> {
    let mut console = view::Console::load(gateway.installation()).await;
    let live = format!("/console/live?seen={}", console.revision());
    console.tell(done.as_deref());
    Ok(Fragment::try_new("Console", console.render())?.live(live))
}
