//! Whether the register can answer, as gRPC asks: whether its database does.

use std::pin::Pin;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use contracts::grpc::grpc_platform_server::SERVICE_NAME;
use futures_util::{Stream, stream};
use tidings::Handle;
use tonic::Status;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::answer;
use crate::store;

/// How often somebody who watches is told of a change at the latest.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Anybody may ask, without a token, as orchestrators do.
pub(super) async fn health(State(service): State<Handle>, request: Request) -> Response {
    answer(HealthServer::new(Pulse(service)), request).await
}

struct Pulse(Handle);

#[tonic::async_trait]
impl Health for Pulse {
    async fn check(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<HealthCheckResponse>, Status> {
        match is_ours(&request) {
            true => Ok(tonic::Response::new(told(look(&self.0).await))),
            false => Err(Status::not_found("there is no such service")),
        }
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn watch(
        &self,
        request: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<Self::WatchStream>, Status> {
        let is_ours = is_ours(&request);
        let changes = stream::unfold(
            (self.0.clone(), None),
            move |(service, told_before)| async move {
                let status = match is_ours {
                    true => next(&service, told_before).await,
                    // A service that is not here may come; of ours none does before a restart.
                    false if told_before.is_some() => std::future::pending().await,
                    false => ServingStatus::ServiceUnknown,
                };
                Some((Ok(told(status)), (service, Some(status))))
            },
        );
        Ok(tonic::Response::new(Box::pin(changes)))
    }
}

/// The status when it is another than the one before.
async fn next(service: &Handle, before: Option<ServingStatus>) -> ServingStatus {
    loop {
        let status = look(service).await;
        if Some(status) != before {
            return status;
        }
        service.clock().sleep(LOOK_EVERY).await;
    }
}

async fn look(service: &Handle) -> ServingStatus {
    let read = async { store::catalog(&mut service.read().await?, 0, 1).await };
    match read.await {
        Ok(_) => ServingStatus::Serving,
        Err(_) => ServingStatus::NotServing,
    }
}

/// The empty name is the whole server.
fn is_ours(request: &tonic::Request<HealthCheckRequest>) -> bool {
    ["", SERVICE_NAME].contains(&request.get_ref().service.as_str())
}

fn told(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}
