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
use crate::reports::span::{Span, SpanAsked, quarter_of};
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

/// A span at hand; short, so that all have room on a phone.
struct Tab {
    label: String,
    /// The same at length.
    title: &'static str,
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
    let (this, next) = (quarter("this"), quarter("next"));
    let named = |asked: &SpanAsked| Ok::<_, Problem>(quarter_of(asked.read(today)?.from));
    let tabs = [
        ("30 days".to_owned(), "The next 30 days", within("30d")),
        ("90 days".to_owned(), "The next 90 days", within("90d")),
        (named(&this)?, "This quarter", this),
        (named(&next)?, "Next quarter", next),
        ("Ended".to_owned(), "Ended in the last year", ended),
    ];
    let tab = |(label, title, asked): (_, _, SpanAsked)| {
        Ok(Tab {
            label,
            title,
            href: format!("/platforms/reports/expiring?{}", query(&asked)),
            is_current: asked.read(today)? == shown,
        })
    };
    tabs.into_iter().map(tab).collect()
}

/// What is said of the days, as it stands in an address; words and days need no escaping.
fn query(asked: &SpanAsked) -> String {
    let parts = [
        ("within", &asked.within),
        ("from", &asked.from),
        ("to", &asked.to),
        ("quarter", &asked.quarter),
    ];
    let said = parts.into_iter().filter_map(|(name, said)| {
        let said = said.as_ref()?;
        Some(format!("{name}={said}"))
    });
    said.collect::<Vec<_>>().join("&")
}
