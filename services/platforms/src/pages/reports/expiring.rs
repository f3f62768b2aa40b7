//! Licences that come to their end: some spans at hand, others by their days.

use askama::Template;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use contracts::calendar::Day;
use tidings::{Fragment, Handle, PageRefusal, Paging, Problem, Query, SignedIn};

use crate::cost::legacy;
use crate::http::reports::expiring::Ends;
use crate::notices::in_words;
use crate::pages::member;
use crate::reports::span::{Span, SpanAsked};
use crate::store::list::Listed;
use crate::store::reports;

/// So long ago a licence may have ended and is still at hand.
const ENDED_DAYS: i64 = 365;

#[derive(Template)]
#[template(path = "report_expiring.html")]
struct Expiring {
    /// Which ones, for people.
    days: String,
    tabs: Vec<Tab>,
    /// Whether none of the tabs is the one.
    is_other: bool,
    typed: (String, String),
    rows: Vec<Row>,
    next: Option<String>,
    /// What the table for spreadsheets is asked for.
    query: String,
    refused: Option<String>,
}

/// A span at hand.
struct Tab {
    label: &'static str,
    href: String,
    is_current: bool,
}

struct Row {
    slug: String,
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
        let expires_on = Ends::of(&listed).day;
        let (platform, owner) = (listed.platform, listed.owner);
        Self {
            slug: platform.slug,
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
    who: Option<SignedIn>,
    OriginalUri(uri): OriginalUri,
    Query(asked): Query<SpanAsked>,
    paging: Paging<Ends>,
) -> Result<Fragment, PageRefusal> {
    member(who, "/platforms/reports/expiring")?;
    let today = Day::of(service.now());
    let (span, refused) = match asked.read(today) {
        Ok(span) => (span, None),
        Err(problem) => (SpanAsked::default().read(today)?, Some(problem)),
    };
    let after = paging.after.map(Ends::pair);
    let mut conn = service.read().await?;
    let rows = reports::expiring(&mut conn, span, after, paging.fetch()).await?;
    let (rows, next) = paging.cut(rows, Ends::of);
    let tabs = tabs(today, span)?;
    let status = refused.as_ref().map_or(StatusCode::OK, Problem::status);
    let page = Expiring {
        days: span.from.to_in_words(span.to),
        is_other: refused.is_some() || !tabs.iter().any(|tab| tab.is_current),
        tabs,
        typed: typed(&asked, span, refused.is_some()),
        rows: rows.into_iter().map(|row| Row::new(row, today)).collect(),
        next,
        query: match (uri.query(), &refused) {
            (Some(query), None) => format!("?{query}"),
            _ => String::new(),
        },
        refused: refused.map(|problem| problem.message().to_owned()),
    };
    Ok(Fragment::try_new("Licences that end", page.render())?.status(status))
}

/// The days in the form: as they were typed where they were wrong.
fn typed(asked: &SpanAsked, span: Span, is_wrong: bool) -> (String, String) {
    match is_wrong {
        true => (
            asked.from.clone().unwrap_or_default(),
            asked.to.clone().unwrap_or_default(),
        ),
        false => (span.from.to_string(), span.to.to_string()),
    }
}

fn tabs(today: Day, shown: Span) -> Result<Vec<Tab>, Problem> {
    let within = |days: &str| SpanAsked {
        within: Some(days.to_owned()),
        ..SpanAsked::default()
    };
    let quarter = |which: &str| SpanAsked {
        quarter: Some(which.to_owned()),
        ..SpanAsked::default()
    };
    let (from, to) = (today.minus(ENDED_DAYS), today.previous());
    let ended = SpanAsked {
        from: Some(from.to_string()),
        to: Some(to.to_string()),
        ..SpanAsked::default()
    };
    let tabs = [
        ("30 days", "?within=30d".to_owned(), within("30d")),
        ("90 days", "?within=90d".to_owned(), within("90d")),
        ("This quarter", "?quarter=this".to_owned(), quarter("this")),
        ("Next quarter", "?quarter=next".to_owned(), quarter("next")),
        ("Ended", format!("?from={from}&to={to}"), ended),
    ];
    let tab = |(label, query, asked): (_, String, SpanAsked)| {
        Ok(Tab {
            label,
            href: format!("/platforms/reports/expiring{query}"),
            is_current: asked.read(today)? == shown,
        })
    };
    tabs.into_iter().map(tab).collect()
}
