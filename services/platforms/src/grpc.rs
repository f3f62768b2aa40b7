//! All platforms at once, by gRPC as the original gave them; with health and reflection.
//!
//! It is for those who start without history: whoever wants to hear of changes follows the
//! stream `platforms`. Read by members of the register and by the other services.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post_service};
use contracts::grpc::grpc_platform_server::{GrpcPlatform, GrpcPlatformServer};
use contracts::grpc::{DESCRIPTOR, GetAllRequest, GrpcPlatformModel, PROTO, PlatformResponse};
use tidings::{CallingService, Handle, Problem, SignedIn, chain};
use tonic::{Code, Status};
use tower::ServiceExt;

use crate::access::Member;
use crate::{Error, store};

/// Platforms of one look at the database.
const SLICE: u32 = 1_000;

/// The routes of gRPC, and the contract as text.
///
/// # Errors
/// When the contract that was compiled into the program cannot be told by reflection.
pub(crate) fn routes() -> Router<Handle> {
    let router = Router::new()
        .route("/protos/platforms.proto", get(proto))
        .route("/GrpcPlatform/{method}", axum::routing::post(call))
        .route("/grpc.health.v1.Health/{method}", post_service(health()));
    reflections(router)
}

/// Anybody may know what can be asked.
async fn proto() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (kind, PROTO)
}
