//! All platforms at once, by gRPC as the original gave them; with health and reflection.
//!
//! It is for those who start without a history: whoever wants to hear of changes follows the
//! stream `platforms`. Members of the register may ask, and the other services.

mod health;

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use contracts::grpc::grpc_platform_server::{GrpcPlatform, GrpcPlatformServer};
use contracts::grpc::{DESCRIPTOR, GetAllRequest, GrpcPlatformModel, PROTO, PlatformResponse};
use tidings::{CallingService, Handle, SignedIn};
use tonic::{Code, Status};
use tower::ServiceExt;

use crate::access::Member;
use crate::store;

/// Platforms of one look at the database.
const SLICE: u32 = 1_000;

/// The routes of gRPC, and the contract as text.
pub(crate) fn routes() -> Router<Handle> {
    Router::new()
        .route("/protos/platforms.proto", get(proto))
        .route("/GrpcPlatform/{method}", post(platforms))
        .route("/grpc.health.v1.Health/{method}", post(health::health))
        .route(
            "/grpc.reflection.v1.ServerReflection/{method}",
            post(reflection),
        )
        .route(
            "/grpc.reflection.v1alpha.ServerReflection/{method}",
            post(first_reflection),
        )
}

/// Anybody may know what can be asked.
async fn proto() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (kind, PROTO)
}

async fn platforms(
    State(service): State<Handle>,
    who: Option<SignedIn>,
    calling: Option<CallingService>,
    request: Request,
) -> Response {
    let may_read = match (&who, &calling) {
        (_, Some(_)) => Ok(()),
        (Some(SignedIn(identity)), None) => Member::of(identity)
            .map(|_| ())
            .map_err(|_| Status::permission_denied("you have no part in the register")),
        (None, None) => Err(Status::unauthenticated("sign in, and send the token")),
    };
    answer(
        GrpcPlatformServer::new(Catalog { service, may_read }),
        request,
    )
    .await
}

/// The catalog for one call.
struct Catalog {
    service: Handle,
    /// Whether whoever calls may.
    may_read: Result<(), Status>,
}

#[tonic::async_trait]
impl GrpcPlatform for Catalog {
    async fn get_all_platforms(
        &self,
        _: tonic::Request<GetAllRequest>,
    ) -> Result<tonic::Response<PlatformResponse>, Status> {
        self.may_read.clone()?;
        let platform = all(&self.service).await.map_err(|error| {
            tracing::warn!(error = %tidings::chain(&error), "the platforms could not be read");
            Status::unavailable("the platforms cannot be read now")
        })?;
        Ok(tonic::Response::new(PlatformResponse { platform }))
    }
}

async fn all(service: &Handle) -> Result<Vec<GrpcPlatformModel>, tidings::Error> {
    let mut conn = service.read().await?;
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let slice = store::catalog(&mut conn, after, SLICE).await?;
        let Some(last) = slice.last() else {
            return Ok(all);
        };
        after = last.number;
        all.extend(slice.into_iter().map(|platform| GrpcPlatformModel {
            platform_id: platform.number,
            name: platform.name,
            publisher: platform.publisher,
            id: platform.id.to_string(),
            lifecycle: platform.lifecycle.to_string(),
            version: platform.version,
        }));
    }
}

async fn reflection(request: Request) -> Response {
    match described().build_v1() {
        Ok(server) => answer(server, request).await,
        Err(error) => undescribed(&error),
    }
}

/// As programs ask that were made before reflection was finished.
async fn first_reflection(request: Request) -> Response {
    match described().build_v1alpha() {
        Ok(server) => answer(server, request).await,
        Err(error) => undescribed(&error),
    }
}

fn described() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTOR)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

fn undescribed(error: &tonic_reflection::server::Error) -> Response {
    tracing::error!(%error, "the contract cannot be told by reflection");
    Status::new(Code::Internal, "the contract cannot be told").into_http::<Body>()
}

/// Lets a server of gRPC answer one request.
async fn answer<S, B>(server: S, request: Request) -> Response
where
    S: tower::Service<Request, Response = axum::http::Response<B>, Error = Infallible>,
    axum::http::Response<B>: IntoResponse,
{
    match server.oneshot(request).await {
        Ok(response) => response.into_response(),
        Err(never) => match never {},
    }
}
