//! What the console shows, for programs.

use axum::extract::State;
use serde::Serialize;
use tidings::lag::{self, StreamStatus, SubscriptionStatus};
use tidings::{DeadEvent, JobRow, Json, Problem, alert, dead};

use super::operator::Operator;
use crate::Gateway;

const ROWS_MAX: u32 = 500;

/// One item, and the service that it belongs to.
#[derive(Serialize)]
pub(crate) struct Of<T> {
    service: &'static str,
    #[serde(flatten)]
    item: T,
}

type Answer<T> = Result<Json<Vec<T>>, Problem>;

pub(crate) async fn streams(_: Operator, State(gateway): State<Gateway>) -> Answer<StreamStatus> {
    Ok(Json(lag::streams(gateway.installation()).await?))
}

pub(crate) async fn subscriptions(
    _: Operator,
    State(gateway): State<Gateway>,
) -> Answer<SubscriptionStatus> {
    Ok(Json(lag::subscriptions(gateway.installation()).await?))
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

pub(crate) async fn jobs(_: Operator, State(gateway): State<Gateway>) -> Answer<Of<JobRow>> {
    let mut all = Vec::new();
    for handle in gateway.installation().handles() {
        let service = handle.name();
        let found = dead::jobs(handle, ROWS_MAX).await?.into_iter();
        all.extend(found.map(|item| Of { service, item }));
    }
    Ok(Json(all))
}
