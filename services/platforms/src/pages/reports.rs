//! The pages of reports.

mod chart;
mod costs;
mod days;
mod eol;
mod expiring;
mod unowned;
mod unreviewed;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use contracts::calendar::Day;
use tidings::{Fragment, Handle, Problem, SignedIn};

use crate::access::Member;
use crate::http::reports::lacking;
use crate::reports::span::SpanAsked;
use crate::store::list;
use crate::store::reports::{Ending, count_ending};

/// The routes.
pub(super) fn routes() -> Router<Handle> {
    Router::new()
        .route("/platforms/reports", get(show))
        .route("/platforms/reports/costs", get(costs::show))
        .route("/platforms/reports/expiring", get(expiring::show))
        .route("/platforms/reports/eol", get(eol::show))
        .route("/platforms/reports/unowned", get(unowned::show))
        .route("/platforms/reports/unreviewed", get(unreviewed::show))
}

#[derive(Template)]
#[template(path = "reports.html")]
struct Reports {
    may_see_costs: bool,
    /// Of how many the licence ends soon, and the support.
    licences: u64,
    support: u64,
    unowned: i64,
}

/// GET `/platforms/reports`
async fn show(State(service): State<Handle>, SignedIn(who): SignedIn) -> Result<Fragment, Problem> {
    let member = Member::of(&who)?;
    let today = Day::of(service.now());
    let soon = SpanAsked::default().read(today)?;
    let mut conn = service.read().await?;
    let narrowed = lacking::unowned(list::Narrowed::default());
    let page = Reports {
        may_see_costs: member.may_edit_costs(),
        licences: count_ending(&mut conn, Ending::Licence, soon).await?,
        support: count_ending(&mut conn, Ending::Support, soon).await?,
        unowned: list::count(&mut conn, &narrowed).await?,
    };
    Fragment::try_new("Reports", page.render())
}
