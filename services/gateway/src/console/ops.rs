//! What the console shows, for programs.

use axum::Extension;
use axum::extract::State;
use serde::Serialize;
use tidings::callback::{Attempt, CallbackRow};
use tidings::lag::{self, InstanceStatus, StreamStatus, SubscriptionStatus};
use tidings::operation::OperationRow;
use tidings::workflow::{RunCount, StepRow, WorkflowRow};
use tidings::{
    DeadEvent, JobCount, JobRow, Json, List, Paging, Path, Problem, Query, ScheduleRow, alert, dead,
};

use super::decide::{Thing, find_service, not_there};
use super::jobs;
use super::list::{Filter, Of, Older};
use super::operator::Operator;
use super::view::is_of;
use super::{Unread, callbacks, operation, operations, workflow, workflows};
use crate::Gateway;

const ROWS_MAX: u32 = 500;

type Answer<T> = Result<Json<Vec<T>>, Problem>;

/// What could be read, with the services of which something could not.
type Partly<T> = Result<(Extension<Unread>, Json<Vec<T>>), Problem>;

pub(crate) async fn streams(_: Operator, State(gateway): State<Gateway>) -> Partly<StreamStatus> {
    let installation = gateway.installation();
    let found = lag::streams(installation).await?;
    let unread = installation.streams().filter(|(_, stream)| {
        let mut found = found.iter();
        !found.any(|one| one.stream == stream.name)
    });
    let unread = unread.map(|(service, _)| service.name()).collect();
    Ok((unread_once(unread), Json(found)))
}

pub(crate) async fn subscriptions(
    _: Operator,
    State(gateway): State<Gateway>,
) -> Partly<SubscriptionStatus> {
    let installation = gateway.installation();
    let found = lag::subscriptions(installation).await?;
    let unread = installation.subscriptions().iter();
    let unread = unread.filter(|one| !found.iter().any(|row| is_of(row, one)));
    let unread = unread.map(|one| one.service.name()).collect();
    Ok((unread_once(unread), Json(found)))
}

fn unread_once(mut services: Vec<&'static str>) -> Extension<Unread> {
    services.sort_unstable();
    services.dedup();
    Extension(Unread(services))
}

/// Who reads how many slots, of services whose slots are shared.
pub(crate) async fn instances(
    _: Operator,
    State(gateway): State<Gateway>,
) -> Answer<InstanceStatus> {
    Ok(Json(lag::instances(gateway.installation()).await?))
}

pub(crate) async fn alerts(
    _: Operator,
    State(gateway): State<Gateway>,
) -> Answer<Of<alert::Alert>> {
    let mut all = Vec::new();
    for handle in gateway.installation().handles() {
        let service = handle.name();
        let found = alert::open(handle).await?.into_iter();
        all.extend(found.map(|item| Of { service, item }));
    }
    Ok(Json(all))
}

pub(crate) async fn dead(_: Operator, State(gateway): State<Gateway>) -> Answer<Of<DeadEvent>> {
    let mut all = Vec::new();
    for handle in gateway.installation().handles() {
        let service = handle.name();
        let found = dead::events(handle, ROWS_MAX).await?.into_iter();
        all.extend(found.map(|item| Of { service, item }));
    }
    Ok(Json(all))
}

/// Dead ones where no state is chosen: those that wait for a person.
pub(crate) async fn jobs(
    _: Operator,
    State(gateway): State<Gateway>,
    Query(filter): Query<Filter>,
    paging: Paging<Older>,
) -> Result<List<Of<JobRow>>, Problem> {
    let filter = filter.state_or("dead");
    let found = jobs::find(&gateway, &filter, &paging).await?;
    found.complete(&paging)
}

pub(crate) async fn job(
    _: Operator,
    State(gateway): State<Gateway>,
    Path((service, id)): Path<Thing>,
) -> Result<Json<Of<JobRow>>, Problem> {
    let handle = find_service(&gateway, &service)?;
    let item = tidings::jobs::get(&handle, id)
        .await?
        .ok_or_else(not_there)?;
    let service = handle.name();
    Ok(Json(Of { service, item }))
}

pub(crate) async fn job_counts(
    _: Operator,
    State(gateway): State<Gateway>,
) -> Answer<Of<JobCount>> {
    let mut all = Vec::new();
    for handle in gateway.installation().handles() {
        let service = handle.name();
        let found = tidings::jobs::counts(handle).await?.into_iter();
        all.extend(found.map(|item| Of { service, item }));
    }
    Ok(Json(all))
}

pub(crate) async fn schedules(
    _: Operator,
    State(gateway): State<Gateway>,
) -> Answer<Of<ScheduleRow>> {
    let mut all = Vec::new();
    for handle in gateway.installation().handles() {
        let service = handle.name();
        let found = tidings::jobs::schedules(handle).await?.into_iter();
        all.extend(found.map(|item| Of { service, item }));
    }
    Ok(Json(all))
}

pub(crate) async fn runs(
    _: Operator,
    State(gateway): State<Gateway>,
    Query(filter): Query<Filter>,
    paging: Paging<Older>,
) -> Result<List<Of<WorkflowRow>>, Problem> {
    let found = workflows::find(&gateway, &filter, &paging).await?;
    found.complete(&paging)
}

/// A run with its steps.
#[derive(Serialize)]
pub(crate) struct Run {
    #[serde(flatten)]
    run: WorkflowRow,
    steps: Vec<StepRow>,
}

pub(crate) async fn run(
    _: Operator,
    State(gateway): State<Gateway>,
    Path((service, id)): Path<Thing>,
) -> Result<Json<Of<Run>>, Problem> {
    let handle = find_service(&gateway, &service)?;
    let found = workflow::read(&handle, id).await?;
    let (run, steps) = found.ok_or_else(not_there)?;
    let service = handle.name();
    let item = Run { run, steps };
    Ok(Json(Of { service, item }))
}

pub(crate) async fn run_counts(
    _: Operator,
    State(gateway): State<Gateway>,
) -> Answer<Of<RunCount>> {
    let mut all = Vec::new();
    for handle in gateway.installation().handles() {
        let service = handle.name();
        let found = tidings::workflow::counts(handle).await?.into_iter();
        all.extend(found.map(|item| Of { service, item }));
    }
    Ok(Json(all))
}

pub(crate) async fn operations(
    _: Operator,
    State(gateway): State<Gateway>,
    Query(filter): Query<Filter>,
    paging: Paging,
) -> Result<List<Of<OperationRow>>, Problem> {
    let found = operations::find(&gateway, &filter, &paging).await?;
    found.complete(&paging)
}

/// An operation with what has become of its callback.
#[derive(Serialize)]
pub(crate) struct Operation {
    #[serde(flatten)]
    operation: OperationRow,
    callback: Option<CallbackRow>,
    attempts: Vec<Attempt>,
}

pub(crate) async fn operation(
    _: Operator,
    State(gateway): State<Gateway>,
    Path((service, id)): Path<Thing>,
) -> Result<Json<Of<Operation>>, Problem> {
    let handle = find_service(&gateway, &service)?;
    let found = operation::read(&handle, id).await?;
    let (operation, callback, attempts) = found.ok_or_else(not_there)?;
    let service = handle.name();
    let item = Operation {
        operation,
        callback,
        attempts,
    };
    Ok(Json(Of { service, item }))
}

pub(crate) async fn callbacks(
    _: Operator,
    State(gateway): State<Gateway>,
    Query(filter): Query<Filter>,
    paging: Paging,
) -> Result<List<Of<CallbackRow>>, Problem> {
    let found = callbacks::find(&gateway, &filter, &paging).await?;
    found.complete(&paging)
}
