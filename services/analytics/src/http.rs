//! The API of the figures.

mod asked;
mod days;
mod most_expensive;
mod today;
mod wire;

use axum::Router;
use tidings::Handle;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and the OpenAPI document of them.
pub(crate) fn routes() -> (Router<Handle>, serde_json::Value) {
    let (router, document) = OpenApiRouter::<Handle>::default()
        .routes(routes!(today::show))
        .routes(routes!(most_expensive::show))
        .routes(routes!(days::show))
        .split_for_parts();
    // A document of plain strings and maps: it always is JSON.
    (router, serde_json::to_value(document).unwrap_or_default())
}
