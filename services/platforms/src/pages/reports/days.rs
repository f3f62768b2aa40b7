//! The days that a report is of: some spans at hand, others by their days.

use axum::http::{StatusCode, Uri};
use contracts::calendar::Day;
use tidings::Problem;

use crate::pages::register::without_place;
use crate::reports::span::{Span, SpanAsked, quarter_of};

/// So long ago something may have ended and is still at hand.
const ENDED_DAYS: i64 = 365;

/// Which days a report is of, and how to ask for others.
pub(super) struct Days {
    /// The address of the report.
    pub(super) page: &'static str,
    pub(super) in_words: String,
    pub(super) tabs: Vec<Tab>,
    /// Whether none of the tabs is the one.
    pub(super) is_other: bool,
    pub(super) typed: (String, String),
    /// What the table for spreadsheets is asked for.
    pub(super) query: String,
    pub(super) refused: Option<String>,
    pub(super) status: StatusCode,
}

/// A span at hand; short, so that all have room on a phone.
pub(super) struct Tab {
    pub(super) label: String,
    /// The same at length.
    pub(super) title: &'static str,
    pub(super) href: String,
    pub(super) is_current: bool,
}

impl Days {
    /// What was asked for; what was typed wrongly is told above what is shown without it.
    pub(super) fn read(
        page: &'static str,
        uri: &Uri,
        asked: &SpanAsked,
        today: Day,
    ) -> Result<(Span, Self), Problem> {
        let (span, refused) = match asked.read(today) {
            Ok(span) => (span, None),
            Err(problem) => (SpanAsked::default().read(today)?, Some(problem)),
        };
        let tabs = tabs(page, today, span)?;
        let days = Self {
            page,
            in_words: span.from.to_in_words(span.to),
            is_other: refused.is_some() || !tabs.iter().any(|tab| tab.is_current),
            tabs,
            typed: typed(asked, span, refused.is_some()),
            query: match (uri.query(), &refused) {
                (Some(query), None) => format!("?{}", without_place(query)),
                _ => String::new(),
            },
            status: refused.as_ref().map_or(StatusCode::OK, Problem::status),
            refused: refused.map(|problem| problem.message().to_owned()),
        };
        Ok((span, days))
    }
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

fn tabs(page: &str, today: Day, shown: Span) -> Result<Vec<Tab>, Problem> {
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
            href: format!("{page}?{}", query(&asked)),
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
