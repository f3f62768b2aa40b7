//! The pages of what is for sale.

mod datetime_field;
mod live;
mod market;
mod mine;
mod sell;
mod ticket;

use axum::Router;
use axum::routing::{get, post};
use tidings::Handle;

/// The routes.
pub(crate) fn routes() -> Router<Handle> {
    Router::new()
        .route("/", get(market::show))
        .route("/sell", get(sell::blank).post(sell::submit))
        .route("/my/listings", get(mine::show))
        .route("/my/listings/live", get(live::mine))
        .route("/tickets/live", get(live::market))
        .route("/tickets/{id}", get(ticket::show))
        .route("/tickets/{id}/live", get(live::ticket))
        .route("/tickets/{id}/edit", get(sell::filled).post(sell::save))
        .route("/tickets/{id}/withdraw", post(ticket::withdraw))
}
