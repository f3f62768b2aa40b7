//! Platforms that their makers stop to look after.

use askama::Template;
use axum::extract::{OriginalUri, State};
use contracts::calendar::Day;
use contracts::platforms::{Criticality, Lifecycle};
use tidings::{Fragment, Handle, Paging, Problem, Query, SignedIn};

use super::days::Days;
use crate::access::Member;
use crate::http::reports::ends::{self, Ends};
use crate::reports::span::SpanAsked;
use crate::store::list::Listed;
use crate::store::reports::Ending;

#[derive(Template)]
#[template(path = "report_eol.html")]
struct Eol {
    days: Days,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    number: i32,
    name: String,
    publisher: String,
    version_label: String,
    eol_on: Day,
    when: String,
    owner: Option<String>,
    lifecycle: Lifecycle,
    criticality: Criticality,
}

impl Row {
    fn new(listed: Listed, today: Day) -> Self {
        let eol_on = Ends::of(Ending::Support, &listed).day;
        let (platform, owner) = (listed.platform, listed.owner);
        Self {
            number: platform.number,
            name: platform.name,
            publisher: platform.publisher,
            version_label: platform.version_label,
            eol_on,
            when: crate::notices::when(eol_on.since(today)),
            owner,
            lifecycle: platform.lifecycle,
            criticality: platform.criticality,
        }
    }
}

/// GET `/platforms/reports/eol`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    OriginalUri(uri): OriginalUri,
    Query(asked): Query<SpanAsked>,
    paging: Paging<Ends>,
) -> Result<Fragment, Problem> {
    Member::of(&who)?;
    let today = Day::of(service.now());
    let (span, days) = Days::read("/platforms/reports/eol", &uri, &asked, today)?;
    let mut conn = service.read().await?;
    let (rows, next) = ends::part(&mut conn, Ending::Support, span, &paging).await?;
    let status = days.status;
    let page = Eol {
        days,
        rows: rows.into_iter().map(|row| Row::new(row, today)).collect(),
        next,
    };
    Ok(Fragment::try_new("Support ends", page.render())?.status(status))
}
