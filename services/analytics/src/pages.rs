//! The page of the figures; it works without a script and follows changes with one.

mod analytics;
mod axis;
mod chart;
mod charts;
mod live;
mod picker;
mod row;

use axum::Router;
use axum::routing::get;
use tidings::Handle;

/// The routes.
pub(crate) fn routes() -> Router<Handle> {
    Router::new()
        .route("/exchange/analytics", get(analytics::show))
        .route("/exchange/analytics/live", get(live::figures))
}
