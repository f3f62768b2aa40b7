//! What nobody has looked at.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use contracts::calendar::Day;
use contracts::platforms::{Criticality, Lifecycle};
use tidings::{Fragment, Handle, Paging, Problem, Query, SignedIn, Timestamp};

use crate::access::Member;
use crate::http::reports::unreviewed::{Numbered, SinceAsked};
use crate::store::list::Listed;
use crate::store::reports;

#[derive(Template)]
#[template(path = "report_unreviewed.html")]
struct Unreviewed {
    since: Day,
    /// What stands in the field, as it was typed.
    typed: String,
    rows: Vec<Row>,
    next: Option<String>,
    refused: Option<String>,
}

struct Row {
    number: i32,
    name: String,
    publisher: String,
    owner: Option<String>,
    lifecycle: Lifecycle,
    criticality: Criticality,
    reviewed_at: Option<Timestamp>,
}

impl From<Listed> for Row {
    fn from(listed: Listed) -> Self {
        let (platform, owner) = (listed.platform, listed.owner);
        Self {
            number: platform.number,
            name: platform.name,
            publisher: platform.publisher,
            owner,
            lifecycle: platform.lifecycle,
            criticality: platform.criticality,
            reviewed_at: platform.last_reviewed_at,
        }
    }
}

/// GET `/platforms/reports/unreviewed`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(asked): Query<SinceAsked>,
    paging: Paging<Numbered>,
) -> Result<Fragment, Problem> {
    Member::of(&who)?;
    let today = Day::of(service.now());
    let (since, refused) = match asked.read(today) {
        Ok(since) => (since, None),
        Err(problem) => (SinceAsked::default().read(today)?, Some(problem)),
    };
    let after = paging.after.as_ref().map_or(0, |place| place.0);
    let mut conn = service.read().await?;
    let rows = reports::unreviewed(&mut conn, since, after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, |row| Numbered(row.platform.number));
    let status = refused.as_ref().map_or(StatusCode::OK, Problem::status);
    let page = Unreviewed {
        since,
        typed: match &refused {
            Some(_) => asked.since.unwrap_or_default(),
            None => since.to_string(),
        },
        rows: rows.into_iter().map(Row::from).collect(),
        next,
        refused: refused.map(|problem| problem.message().to_owned()),
    };
    Ok(Fragment::try_new("Not reviewed", page.render())?.status(status))
}
