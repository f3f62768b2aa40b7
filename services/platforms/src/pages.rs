//! The pages of the register; they work without a script and follow changes with one.

mod imports;

use axum::Router;
use axum::routing::{get, post};
use tidings::Handle;

/// The routes of the pages.
pub(crate) fn routes() -> Router<Handle> {
    Router::new()
        .route("/platforms/import", get(imports::blank).post(imports::submit))
        .route("/platforms/import/{job}", get(imports::show))
        .route("/platforms/import/{job}/live", get(imports::follow_run))
        .route("/platforms/import/{job}/run", post(imports::in_earnest))
}
