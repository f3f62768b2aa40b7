//! The API of the register.

mod fields;
mod relations;
mod reviews;
mod teams;

use axum::Router;
use tidings::Handle;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes and the OpenAPI document of them.
pub(crate) fn routes() -> (Router<Handle>, serde_json::Value) {
    let (router, document) = OpenApiRouter::<Handle>::default()
        .routes(routes!(teams::create, teams::list))
        .routes(routes!(teams::edit, teams::delete))
        .routes(routes!(fields::list))
        .routes(routes!(fields::show, fields::put, fields::delete))
        .routes(routes!(relations::show, relations::put))
        .routes(routes!(reviews::open, reviews::list))
        .routes(routes!(reviews::show))
        .routes(routes!(reviews::items))
        .routes(routes!(reviews::find))
        .routes(routes!(reviews::close))
        .split_for_parts();
    // A document of plain strings and maps: it always is JSON.
    (router, serde_json::to_value(document).unwrap_or_default())
}
