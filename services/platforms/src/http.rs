//! The API of the register.

mod fields;
pub(crate) mod imports;
mod relations;
mod reviews;
mod teams;

use axum::Router;
use tidings::Handle;
use utoipa_axum::router::OpenApiRouter;

/// The routes and the OpenAPI document of them.
pub(crate) fn routes() -> (Router<Handle>, serde_json::Value) {
    let (router, document) = OpenApiRouter::<Handle>::default()
        .merge(teams::routes())
        .merge(fields::routes())
        .merge(relations::routes())
        .merge(reviews::routes())
        .merge(imports::routes())
        .split_for_parts();
    // A document of plain strings and maps: it always is JSON.
    (router, serde_json::to_value(document).unwrap_or_default())
}
