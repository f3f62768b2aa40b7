//! The pages of the books; they work without a script and follow changes with one.

mod account;
mod accounts;
mod adjust;
mod books;
mod day;
mod live;
mod payouts;
mod words;

use axum::Router;
use axum::routing::{get, post};
use tidings::Handle;

/// The routes.
pub(crate) fn routes() -> Router<Handle> {
    Router::new()
        .route("/exchange/account", get(account::mine))
        .route("/exchange/account/live", get(live::mine))
        .route("/exchange/books", get(books::show))
        .route("/exchange/books/live", get(live::books))
        .route("/exchange/books/accounts", get(accounts::show))
        .route("/exchange/books/accounts/{id}", get(account::somebodys))
        .route("/exchange/books/accounts/{id}/live", get(live::account))
        .route(
            "/exchange/books/accounts/{id}/adjustments",
            post(adjust::submit),
        )
        .route("/exchange/books/payouts", get(payouts::show))
        .route("/exchange/books/days/{date}", get(day::show))
        .route("/exchange/books/days/{date}/close", post(day::close))
}
