//! Who changed what in the register, when and why.

use askama::Template;
use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::routing::get;
use tidings::{Fragment, Handle, Paging, Problem, Query, SignedIn};

use super::difference::Told;
use super::team_names;
use crate::access::Member;
use crate::http::ChangesAsked;
use crate::store;

pub(super) fn routes() -> Router<Handle> {
    Router::new().route("/platforms/changes", get(show))
}

#[derive(Template)]
#[template(path = "changes.html")]
struct Changes {
    asked: ChangesAsked,
    rows: Vec<Told>,
    is_first_part: bool,
    next: Option<String>,
    /// What is asked for as it stands in addresses.
    query: String,
}

/// GET `/platforms/changes`
async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    OriginalUri(uri): OriginalUri,
    Query(asked): Query<ChangesAsked>,
    paging: Paging,
) -> Result<Fragment, Problem> {
    Member::of(&who)?;
    let query = uri.query().unwrap_or_default();
    page(&service, asked, query, &paging).await
}

async fn page(
    service: &Handle,
    asked: ChangesAsked,
    query: &str,
    paging: &Paging,
) -> Result<Fragment, Problem> {
    let wanted = asked.check()?;
    let mut conn = service.read().await?;
    let teams = team_names(&mut conn).await?;
    let rows = store::changes::list(&mut conn, &wanted, paging.after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |(change, _)| (change.at, change.id));
    let page = Changes {
        asked,
        rows: Told::all(&mut conn, rows, &teams).await?,
        is_first_part: paging.after.is_none(),
        next,
        query: super::register::without_place(query),
    };
    Fragment::try_new("Changes", page.render())
}
