//! The pages of the register; they work without a script.

mod reports;

use axum::Router;
use tidings::Handle;

/// The routes.
pub(crate) fn routes() -> Router<Handle> {
    Router::new().merge(reports::routes())
}
