//! The API of the books.

mod accounts;
mod adjustments;
mod asked;
mod days;
mod payouts;
mod wire;

use axum::Router;
use tidings::Handle;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use asked::DayAsked;
pub(crate) use days::{DayFound, days_of, look_at};

/// The routes and the OpenAPI document of them.
pub(crate) fn routes() -> (Router<Handle>, serde_json::Value) {
    let (router, document) = OpenApiRouter::<Handle>::default()
        .routes(routes!(accounts::mine))
        .routes(routes!(accounts::my_log))
        .routes(routes!(accounts::my_csv))
        .routes(routes!(accounts::list))
        .routes(routes!(accounts::show))
        .routes(routes!(accounts::log))
        .routes(routes!(accounts::csv))
        .routes(routes!(adjustments::adjust))
        .routes(routes!(days::summary))
        .routes(routes!(days::day))
        .routes(routes!(days::close))
        .routes(routes!(days::check))
        .routes(routes!(payouts::list))
        .routes(routes!(payouts::csv))
        .split_for_parts();
    // A document of plain strings and maps: it always is JSON.
    (router, serde_json::to_value(document).unwrap_or_default())
}
