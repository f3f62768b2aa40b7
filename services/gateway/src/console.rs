//! The operators' console: every stream, everyone who follows it, and what is stuck (SEC-34).

mod act;
mod callbacks;
mod calls;
mod decide;
mod job;
mod jobs;
mod list;
mod operation;
mod operations;
pub(crate) mod operator;
mod ops;
mod page;
mod text;
mod verdict;
mod view;
mod workflow;
mod workflows;

use axum::Router;
use axum::routing::{get, post};

use crate::Gateway;
use callbacks::{Callbacks, Redeliver};
use decide::{call, form};
use job::OneJob;
use jobs::Jobs;
use operation::OneOperation;
use operations::Operations;
use page::{changes, show};
use view::Console;
use workflow::OneRun;
use workflows::Workflows;

/// The pages of the console.
pub(crate) fn pages() -> Router<Gateway> {
    let event = "/console/dead/{service}/{subscription}/{event_id}";
    Router::new()
        .route("/console", get(show::<Console>))
        .route("/console/live", get(changes::<Console>))
        .route(&format!("{event}/retry"), post(act::retry_form))
        .route(&format!("{event}/discard"), post(act::discard_form))
        .merge(pages_of_jobs())
        .merge(pages_of_workflows())
        .merge(pages_of_operations())
}

/// The same for programs.
pub(crate) fn programs() -> Router<Gateway> {
    let event = "/ops/dead/{service}/{subscription}/{event_id}";
    let job = "/ops/jobs/{service}/{job_id}";
    Router::new()
        .route("/ops/streams", get(ops::streams))
        .route("/ops/subscriptions", get(ops::subscriptions))
        .route("/ops/alerts", get(ops::alerts))
        .route("/ops/dead", get(ops::dead))
        .route("/ops/calls", get(calls::list))
        .route(&format!("{event}/retry"), post(act::retry))
        .route(&format!("{event}/discard"), post(act::discard))
        .route("/ops/jobs", get(ops::jobs))
        .route("/ops/jobs/counts", get(ops::job_counts))
        .route("/ops/schedules", get(ops::schedules))
        .route(job, get(ops::job))
        .route(&format!("{job}/retry"), post(call::<job::Retry>))
        .route(&format!("{job}/cancel"), post(call::<job::Cancel>))
        .merge(programs_of_long_work())
}

fn programs_of_long_work() -> Router<Gateway> {
    let run = "/ops/workflows/{service}/{run_id}";
    let operation = "/ops/operations/{service}/{operation_id}";
    let callback = "/ops/callbacks/{service}/{callback_id}";
    Router::new()
        .route(&format!("{run}/steps/{{position}}"), post(verdict::decide))
        .route(&format!("{run}/abandon"), post(verdict::abandon))
        .route("/ops/workflows", get(ops::runs))
        .route("/ops/workflows/counts", get(ops::run_counts))
        .route(run, get(ops::run))
        .route(&format!("{run}/retry"), post(call::<workflow::Retry>))
        .route(&format!("{run}/cancel"), post(call::<workflow::Cancel>))
        .route("/ops/operations", get(ops::operations))
        .route(operation, get(ops::operation))
        .route(
            &format!("{operation}/cancel"),
            post(call::<operation::Cancel>),
        )
        .route("/ops/callbacks", get(ops::callbacks))
        .route(&format!("{callback}/redeliver"), post(call::<Redeliver>))
}

fn pages_of_jobs() -> Router<Gateway> {
    let job = "/console/jobs/{service}/{job_id}";
    Router::new()
        .route("/console/jobs", get(show::<Jobs>))
        .route("/console/jobs/live", get(changes::<Jobs>))
        .route(job, get(show::<OneJob>))
        .route(&format!("{job}/live"), get(changes::<OneJob>))
        .route(&format!("{job}/retry"), post(form::<job::Retry>))
        .route(&format!("{job}/cancel"), post(form::<job::Cancel>))
}

fn pages_of_workflows() -> Router<Gateway> {
    let run = "/console/workflows/{service}/{run_id}";
    Router::new()
        .route("/console/workflows", get(show::<Workflows>))
        .route("/console/workflows/live", get(changes::<Workflows>))
        .route(run, get(show::<OneRun>))
        .route(&format!("{run}/live"), get(changes::<OneRun>))
        .route(&format!("{run}/retry"), post(form::<workflow::Retry>))
        .route(&format!("{run}/cancel"), post(form::<workflow::Cancel>))
        .route(
            &format!("{run}/steps/{{position}}"),
            post(verdict::decide_form),
        )
        .route(&format!("{run}/abandon"), post(verdict::abandon_form))
}

fn pages_of_operations() -> Router<Gateway> {
    let operation = "/console/operations/{service}/{operation_id}";
    let callback = "/console/callbacks/{service}/{callback_id}";
    Router::new()
        .route("/console/operations", get(show::<Operations>))
        .route("/console/operations/live", get(changes::<Operations>))
        .route(operation, get(show::<OneOperation>))
        .route(&format!("{operation}/live"), get(changes::<OneOperation>))
        .route(
            &format!("{operation}/cancel"),
            post(form::<operation::Cancel>),
        )
        .route("/console/callbacks", get(show::<Callbacks>))
        .route("/console/callbacks/live", get(changes::<Callbacks>))
        .route(&format!("{callback}/redeliver"), post(form::<Redeliver>))
}
