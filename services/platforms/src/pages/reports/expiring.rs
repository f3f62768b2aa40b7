//! Licences that come to their end.

use askama::Template;
use axum::extract::{OriginalUri, State};
use contracts::calendar::Day;
use tidings::{Fragment, Handle, Paging, Problem, Query, SignedIn};

use super::days::Days;
use crate::access::Member;
use crate::cost::legacy;
use crate::http::reports::ends::{self, Ends};
use crate::notices::in_words;
use crate::reports::span::SpanAsked;
use crate::store::list::Listed;
use crate::store::reports::Ending;

#[derive(Template)]
#[template(path = "report_expiring.html")]
struct Expiring {
    days: Days,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    number: i32,
    name: String,
    publisher: String,
    expires_on: Day,
    when: String,
    owner: Option<String>,
    renewal: &'static str,
    reference: String,
    cost: String,
}

impl Row {
    fn new(listed: Listed, today: Day) -> Self {
        let expires_on = Ends::of(Ending::Licence, &listed).day;
        let (platform, owner) = (listed.platform, listed.owner);
        Self {
            number: platform.number,
            name: platform.name,
            publisher: platform.publisher,
            expires_on,
            when: crate::notices::when(expires_on.since(today)),
            owner,
            renewal: in_words(platform.licence.renewal),
            reference: platform.licence.reference.unwrap_or_default(),
            cost: legacy(platform.cost),
        }
    }
}

/// GET `/platforms/reports/expiring`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    OriginalUri(uri): OriginalUri,
    Query(asked): Query<SpanAsked>,
    paging: Paging<Ends>,
) -> Result<Fragment, Problem> {
    Member::of(&who)?;
    let today = Day::of(service.now());
    let (span, days) = Days::read("/platforms/reports/expiring", &uri, &asked, today)?;
    let mut conn = service.read().await?;
    let (rows, next) = ends::part(&mut conn, Ending::Licence, span, &paging).await?;
    let status = days.status;
    let page = Expiring {
        days,
        rows: rows.into_iter().map(|row| Row::new(row, today)).collect(),
        next,
    };
    Ok(Fragment::try_new("Licences that end", page.render())?.status(status))
}
