//! What the console shows, for programs.

use axum::Extension;
use axum::extract::State;
use serde::Serialize;
use tidings::callback::{Attempt, CallbackRow};
use tidings::lag::{self, InstanceStatus, StreamStatus, SubscriptionStatus};
use tidings::operation::OperationRow;
use tidings::workflow::{RunCount, StepRow, WorkflowRow};
use tidings::{Handle, JobCount, JobRow, Json, List, Paging, Path, Problem, Query, ScheduleRow};

use super::decide::{Thing, find_service, not_there};
use super::jobs;
use super::list::{Filter, Found, Of, Older, unread_once};
use super::operator::Operator;
use super::view::is_of;
use super::{Unread, alerts, callbacks, masked, operation, operations, workflow, workflows};
use crate::Gateway;

/// What could be read, with the services of which something could not.
type Partly<T> = Result<(Extension<Unread>, Json<Vec<T>>), Problem>;
type PartlyList<T> = Result<(Extension<Unread>, List<T>), Problem>;

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

/// What each service answers, with those that did not.
async fn of_each<T, F>(gateway: &Gateway, ask: impl Fn(Handle) -> F) -> Partly<Of<T>>
where
    F: Future<Output = Result<Vec<T>, tidings::Error>>,
{
    let mut found = Found::default();
    for handle in gateway.installation().handles() {
        found.add(handle, ask(handle.clone()).await);
    }
    Ok((unread_once(found.silent), Json(found.items)))
}

/// Who reads how many slots, of services whose slots are shared.
pub(crate) async fn instances(
    _: Operator,
    State(gateway): State<Gateway>,
) -> Result<Json<Vec<InstanceStatus>>, Problem> {
    Ok(Json(lag::instances(gateway.installation()).await?))
}

/// The open ones where no state is asked for, also those that somebody has taken on.
pub(crate) async fn alerts(
    _: Operator,
    State(gateway): State<Gateway>,
    Query(filter): Query<Filter>,
    paging: Paging,
) -> PartlyList<Of<alerts::Shown>> {
    let found = alerts::find(&gateway, &filter, &paging).await?;
    Ok(found.partly(&paging))
}

/// Dead ones where no state is chosen: those that wait for a person.
pub(crate) async fn jobs(
    _: Operator,
    State(gateway): State<Gateway>,
    Query(filter): Query<Filter>,
    paging: Paging<Older>,
) -> PartlyList<Of<JobRow>> {
    let filter = filter.state_or("dead");
    let found = jobs::find(&gateway, &filter, &paging).await?;
    Ok(found.partly(&paging))
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
    let item = masked::job(gateway.installation().mask(), item);
    let service = handle.name();
    Ok(Json(Of { service, item }))
}

pub(crate) async fn job_counts(
    _: Operator,
    State(gateway): State<Gateway>,
) -> Partly<Of<JobCount>> {
    of_each(&gateway, |service| async move {
        tidings::jobs::counts(&service).await
    })
    .await
}

pub(crate) async fn schedules(
    _: Operator,
    State(gateway): State<Gateway>,
) -> Partly<Of<ScheduleRow>> {
    of_each(&gateway, |service| async move {
        tidings::jobs::schedules(&service).await
    })
    .await
}

pub(crate) async fn runs(
    _: Operator,
    State(gateway): State<Gateway>,
    Query(filter): Query<Filter>,
    paging: Paging<Older>,
) -> PartlyList<Of<WorkflowRow>> {
    let found = workflows::find(&gateway, &filter, &paging).await?;
    Ok(found.partly(&paging))
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
    let found = workflow::read(&handle, id, gateway.installation().mask()).await?;
    let (run, steps) = found.ok_or_else(not_there)?;
    let service = handle.name();
    let item = Run { run, steps };
    Ok(Json(Of { service, item }))
}

pub(crate) async fn run_counts(
    _: Operator,
    State(gateway): State<Gateway>,
) -> Partly<Of<RunCount>> {
    of_each(&gateway, |service| async move {
        tidings::workflow::counts(&service).await
    })
    .await
}

pub(crate) async fn operations(
    _: Operator,
    State(gateway): State<Gateway>,
    Query(filter): Query<Filter>,
    paging: Paging,
) -> PartlyList<Of<OperationRow>> {
    let found = operations::find(&gateway, &filter, &paging).await?;
    Ok(found.partly(&paging))
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
    let found = operation::read(&handle, id, gateway.installation().mask()).await?;
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
) -> PartlyList<Of<CallbackRow>> {
    let found = callbacks::find(&gateway, &filter, &paging).await?;
    Ok(found.partly(&paging))
}
