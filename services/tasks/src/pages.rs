//! The pages of tasks; they work without a script and follow changes with one.

mod live;
mod mine;
mod new_task;
mod row;
mod task_page;
mod team;

use axum::Router;
use axum::routing::{get, post};
use tidings::Handle;

/// The routes of the pages.
pub(crate) fn routes() -> Router<Handle> {
    Router::new()
        .route("/exchange/tasks", get(mine::show).post(new_task::submit))
        .route("/exchange/tasks/live", get(live::mine))
        .route("/exchange/tasks/new", get(new_task::blank))
        .route("/exchange/tasks/{id}", get(task_page::show))
        .route("/exchange/tasks/{id}/live", get(live::task))
        .route("/exchange/tasks/{id}/complete", post(task_page::complete))
        .route("/exchange/team", get(team::show))
        .route("/exchange/team/live", get(live::team))
        .route("/exchange/shuffle", post(team::shuffle))
}
