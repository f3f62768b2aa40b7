//! The operators' console: every stream, everyone who follows it, and what is stuck (SEC-34).

mod act;
mod alerts;
mod audit;
mod callbacks;
mod calls;
mod catalogue;
mod dead;
mod dead_event;
mod decide;
mod event;
mod events;
mod job;
mod jobs;
mod list;
mod map;
mod masked;
mod operation;
mod operations;
pub(crate) mod operator;
mod ops;
mod page;
mod projections;
mod retried;
mod settle;
mod subscriptions;
mod text;
mod trace;
mod verdict;
mod view;
mod workflow;
mod workflows;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::map_response_with_state;
use axum::response::Response;
use axum::routing::{get, post};

use crate::Gateway;
use alerts::Alerts;
use audit::Audit;
use callbacks::{Callbacks, Redeliver};
use catalogue::{Catalogue, OneVersion, newest, schemas};
use dead::Dead;
use dead_event::OneDead;
use decide::{call, form};
use event::OneEvent;
use events::Events;
use job::OneJob;
use jobs::Jobs;
use map::Map;
pub(crate) use map::Pulse;
use operation::OneOperation;
use operations::Operations;
use page::{changes, show};
use retried::Retried;
use settle::Standstill;
use subscriptions::Subscriptions;
use trace::Traced;
use view::Console;
use workflow::OneRun;
use workflows::Workflows;

/// The pages of the console.
pub(crate) fn pages() -> Router<Gateway> {
    let settle = "/settle/{service}/{subscription}/{stream}";
    Router::new()
        .route("/console", get(show::<Console>))
        .route("/console/live", get(changes::<Console>))
        .route("/console/audit", get(show::<Audit>))
        .route("/console/audit/live", get(changes::<Audit>))
        .route(&format!("/console{settle}"), get(show::<Standstill>))
        .route(&format!("/console{settle}"), post(settle::settle_form))
        .route(
            &format!("/console{settle}/live"),
            get(changes::<Standstill>),
        )
        .merge(pages_of_the_catalogue())
        .merge(pages_of_events())
        .merge(pages_of_repair())
        .route("/console/alerts", get(show::<Alerts>))
        .route("/console/alerts/live", get(changes::<Alerts>))
        .route(
            "/console/alerts/{service}/{alert_id}/acknowledge",
            post(alerts::acknowledge_form),
        )
        .merge(pages_of_jobs())
        .merge(pages_of_workflows())
        .merge(pages_of_operations())
}

/// Services of which the answers of `/ops` tell nothing.
const UNSEEN: HeaderName = HeaderName::from_static("tidings-unseen");

/// The same for programs. A list that leaves services out says which, as the pages do.
pub(crate) fn programs(gateway: &Gateway) -> Router<Gateway> {
    routes_for_programs().layer(map_response_with_state(gateway.clone(), tell_unseen))
}

async fn tell_unseen(State(gateway): State<Gateway>, mut response: Response) -> Response {
    if !response.status().is_success() {
        return response;
    }
    let unseen = page::unseen(gateway.installation()).into_iter();
    let mut unseen: Vec<&str> = unseen.flat_map(|process| process.services).collect();
    if let Some(Unread(services)) = response.extensions_mut().remove() {
        unseen.extend(services);
    }
    if let Ok(names) = HeaderValue::from_str(&unseen.join(", "))
        && !unseen.is_empty()
    {
        response.headers_mut().insert(UNSEEN, names);
    }
    response
}

/// Services of which an answer does not tell everything, because somebody did not answer.
#[derive(Clone)]
pub(crate) struct Unread(pub(crate) Vec<&'static str>);

fn routes_for_programs() -> Router<Gateway> {
    let settle = "/settle/{service}/{subscription}/{stream}";
    let job = "/jobs/{service}/{job_id}";
    Router::new()
        .route("/ops/streams", get(ops::streams))
        .route("/ops/subscriptions", get(ops::subscriptions))
        .route("/ops/instances", get(ops::instances))
        .route("/ops/alerts", get(ops::alerts))
        .route("/ops/events", get(events::list))
        .route("/ops/events/{event_id}", get(event::one))
        .route("/ops/trace/{id}", get(trace::one))
        .route("/ops/retried", get(retried::list))
        .route(
            "/ops/alerts/{service}/{alert_id}/acknowledge",
            post(alerts::acknowledge),
        )
        .route("/ops/audit", get(audit::list))
        .merge(programs_of_repair())
        .route("/ops/calls", get(calls::list))
        .route("/ops/projections", get(projections::list))
        .route(
            "/ops/projections/{service}/{name}/rebuild",
            post(projections::rebuild),
        )
        .route(&format!("/ops{settle}"), post(settle::settle))
        .route("/ops/jobs", get(ops::jobs))
        .route("/ops/jobs/counts", get(ops::job_counts))
        .route("/ops/schedules", get(ops::schedules))
        .route(&format!("/ops{job}"), get(ops::job))
        .route(&format!("/ops{job}/retry"), post(call::<job::Retry>))
        .route(&format!("/ops{job}/cancel"), post(call::<job::Cancel>))
        .route("/ops/schemas", get(schemas::list))
        .route("/ops/schemas/{event_type}/{version}", get(schemas::one))
        .merge(programs_of_long_work())
}

fn programs_of_long_work() -> Router<Gateway> {
    let run = "/workflows/{service}/{run_id}";
    let operation = "/operations/{service}/{operation_id}";
    let callback = "/callbacks/{service}/{callback_id}";
    Router::new()
        .route(
            &format!("/ops{run}/steps/{{position}}"),
            post(verdict::decide),
        )
        .route(&format!("/ops{run}/abandon"), post(verdict::abandon))
        .route("/ops/workflows", get(ops::runs))
        .route("/ops/workflows/counts", get(ops::run_counts))
        .route(&format!("/ops{run}"), get(ops::run))
        .route(&format!("/ops{run}/retry"), post(call::<workflow::Retry>))
        .route(&format!("/ops{run}/cancel"), post(call::<workflow::Cancel>))
        .route("/ops/operations", get(ops::operations))
        .route(&format!("/ops{operation}"), get(ops::operation))
        .route(
            &format!("/ops{operation}/cancel"),
            post(call::<operation::Cancel>),
        )
        .route("/ops/callbacks", get(ops::callbacks))
        .route(
            &format!("/ops{callback}/redeliver"),
            post(call::<Redeliver>),
        )
}

fn pages_of_the_catalogue() -> Router<Gateway> {
    Router::new()
        .route("/console/map", get(show::<Map>))
        .route("/console/map/live", get(changes::<Map>))
        .route("/console/catalogue", get(show::<Catalogue>))
        .route("/console/catalogue/live", get(changes::<Catalogue>))
        .route("/console/catalogue/{event_type}", get(newest))
        .route(
            "/console/catalogue/{event_type}/{version}",
            get(show::<OneVersion>),
        )
        .route(
            "/console/catalogue/{event_type}/{version}/live",
            get(changes::<OneVersion>),
        )
}

const EVENT: &str = "/dead/{service}/{subscription}/{event_id}";
const READER: &str = "/subscriptions/{service}/{subscription}";

fn pages_of_repair() -> Router<Gateway> {
    let (event, reader) = (EVENT, READER);
    Router::new()
        .route("/console/dead", get(show::<Dead>))
        .route("/console/dead/live", get(changes::<Dead>))
        .route("/console/dead/retry", post(act::retry_all_form))
        .route(&format!("/console{event}"), get(show::<OneDead>))
        .route(&format!("/console{event}/live"), get(changes::<OneDead>))
        .route(
            &format!("/console{event}/try"),
            post(dead_event::dry_run_form),
        )
        .route(
            &format!("/console{event}/edit"),
            post(dead_event::edit_form),
        )
        .route(&format!("/console{event}/retry"), post(act::retry_form))
        .route(&format!("/console{event}/discard"), post(act::discard_form))
        .route("/console/subscriptions", get(show::<Subscriptions>))
        .route("/console/subscriptions/live", get(changes::<Subscriptions>))
        .route(
            &format!("/console{reader}/pause"),
            post(subscriptions::pause_form),
        )
        .route(
            &format!("/console{reader}/resume"),
            post(subscriptions::resume_form),
        )
        .route(
            &format!("/console{reader}/rebuild"),
            post(subscriptions::rebuild_form),
        )
}

fn programs_of_repair() -> Router<Gateway> {
    let (event, reader) = (EVENT, READER);
    Router::new()
        .route("/ops/dead", get(dead::list))
        .route("/ops/dead/retry", post(act::retry_all))
        .route(&format!("/ops{event}"), get(dead::one))
        .route(&format!("/ops{event}/try"), post(act::dry_run))
        .route(&format!("/ops{event}/edit"), post(act::edit))
        .route(&format!("/ops{event}/retry"), post(act::retry))
        .route(&format!("/ops{event}/discard"), post(act::discard))
        .route(&format!("/ops{reader}/pause"), post(subscriptions::pause))
        .route(&format!("/ops{reader}/resume"), post(subscriptions::resume))
        .route(
            &format!("/ops{reader}/rebuild"),
            post(subscriptions::rebuild),
        )
}

fn pages_of_events() -> Router<Gateway> {
    Router::new()
        .route("/console/events", get(events::page))
        .route("/console/events/live", get(changes::<Events>))
        .route("/console/events/{event_id}", get(show::<OneEvent>))
        .route("/console/events/{event_id}/live", get(changes::<OneEvent>))
        .route("/console/retried", get(show::<Retried>))
        .route("/console/retried/live", get(changes::<Retried>))
        .route("/console/trace/{id}", get(show::<Traced>))
        .route("/console/trace/{id}/live", get(changes::<Traced>))
}

fn pages_of_jobs() -> Router<Gateway> {
    let job = "/jobs/{service}/{job_id}";
    Router::new()
        .route("/console/jobs", get(show::<Jobs>))
        .route("/console/jobs/live", get(changes::<Jobs>))
        .route(&format!("/console{job}"), get(show::<OneJob>))
        .route(&format!("/console{job}/live"), get(changes::<OneJob>))
        .route(&format!("/console{job}/retry"), post(form::<job::Retry>))
        .route(&format!("/console{job}/cancel"), post(form::<job::Cancel>))
}

fn pages_of_workflows() -> Router<Gateway> {
    let run = "/workflows/{service}/{run_id}";
    Router::new()
        .route("/console/workflows", get(show::<Workflows>))
        .route("/console/workflows/live", get(changes::<Workflows>))
        .route(&format!("/console{run}"), get(show::<OneRun>))
        .route(&format!("/console{run}/live"), get(changes::<OneRun>))
        .route(
            &format!("/console{run}/retry"),
            post(form::<workflow::Retry>),
        )
        .route(
            &format!("/console{run}/cancel"),
            post(form::<workflow::Cancel>),
        )
        .route(
            &format!("/console{run}/steps/{{position}}"),
            post(verdict::decide_form),
        )
        .route(
            &format!("/console{run}/abandon"),
            post(verdict::abandon_form),
        )
}

fn pages_of_operations() -> Router<Gateway> {
    let operation = "/operations/{service}/{operation_id}";
    let callback = "/callbacks/{service}/{callback_id}";
    Router::new()
        .route("/console/operations", get(show::<Operations>))
        .route("/console/operations/live", get(changes::<Operations>))
        .route(&format!("/console{operation}"), get(show::<OneOperation>))
        .route(
            &format!("/console{operation}/live"),
            get(changes::<OneOperation>),
        )
        .route(
            &format!("/console{operation}/cancel"),
            post(form::<operation::Cancel>),
        )
        .route("/console/callbacks", get(show::<Callbacks>))
        .route("/console/callbacks/live", get(changes::<Callbacks>))
        .route(
            &format!("/console{callback}/redeliver"),
            post(form::<Redeliver>),
        )
}
