//! Projections: which there are, and building one anew while the server runs.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use tidings::projection::{self, Rebuild, RebuildError, RebuildStatus};
use tidings::{Json, Path, Problem};

use super::decide::runs_elsewhere;
use super::operator::Operator;
use crate::Gateway;

#[derive(Serialize)]
pub(super) struct ProjectionRow {
    service: &'static str,
    name: &'static str,
    streams: Vec<&'static str>,
    /// The last rebuild in this process.
    rebuild: Option<RebuildStatus>,
}

pub(super) async fn list(_: Operator, State(gateway): State<Gateway>) -> Json<Vec<ProjectionRow>> {
    let all = projection::list(gateway.installation()).into_iter();
    let rows = all.map(|one| ProjectionRow {
        service: one.service.name(),
        name: one.name,
        streams: one.streams,
        rebuild: one.rebuild,
    });
    Json(rows.collect())
}

/// Answers at once; the list tells how far it is. A stop of the server breaks it off, which
/// leaves the live one in use.
pub(super) async fn rebuild(
    operator: Operator,
    State(gateway): State<Gateway>,
    Path(place): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    build(&operator, &gateway, &place, None)?;
    Ok(StatusCode::ACCEPTED)
}

/// Begins, and lets it go on by itself.
pub(super) fn build(
    operator: &Operator,
    gateway: &Gateway,
    (service, name): &(String, String),
    why: Option<&str>,
) -> Result<(), Problem> {
    let what = Rebuild::of(name).in_service(service).by(operator.context());
    let what = why.into_iter().fold(what, Rebuild::because);
    let (service, name) = (service.clone(), name.clone());
    let installation = Arc::clone(&gateway.0.installation);
    let building = projection::begin(installation, what).map_err(|error| match error {
        RebuildError::UnderWay => {
            Problem::conflict("rebuild_under_way", "It is being built anew already.")
        }
        _ => Problem::not_found(match runs_elsewhere(gateway, &service) {
            true => "This service runs in another process: ask that one.",
            false => "There is no such projection here.",
        }),
    })?;
    tokio::spawn(async move {
        if let Err(error) = building.await {
            let error = tidings::chain(&error);
            tracing::error!(service, name, error, "a projection was not built anew");
        }
    });
    Ok(())
}
