//! What platforms cost: bars, and the same as a table.

use askama::Template;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use contracts::platforms::Lifecycle;
use tidings::{Fragment, Handle, PageRefusal, Problem, Query, SignedIn};

use super::chart::{self, Chart, called, in_words as currency_in_words};
use crate::http::Asked;
use crate::http::reports::costs::{CostsAsked, CostsMeant, add_up_costs};
use crate::pages::{here, member};
use crate::reports::costs::{GroupBy, MONTHS_USUAL, Normalise, Row, Sums, Total};
use crate::store::list::Narrowed;

#[derive(Template)]
#[template(path = "report_costs.html")]
struct Costs {
    by: GroupBy,
    normalise: Normalise,
    /// The first column of the table.
    heading: String,
    groups: &'static [GroupBy],
    periods: &'static [Normalise],
    lifecycles: &'static [Lifecycle],
    is_amortised: bool,
    months: String,
    /// The one that was asked for; empty for all in use.
    lifecycle: &'static str,
    rows: Vec<Line>,
    totals: Vec<Line>,
    /// How many platforms cost nothing.
    free: u64,
    /// The one-time costs of how many are in no row.
    left_out: u64,
    charts: Vec<Chart>,
    /// What else narrows the report: it stays when the form is sent.
    kept: Vec<(String, String)>,
    /// What the table for spreadsheets is asked for.
    query: String,
    refused: Option<String>,
}

/// A line of the table.
struct Line {
    name: String,
    amount: String,
    platforms: u64,
}

impl Line {
    fn row(row: &Row, by: GroupBy) -> Self {
        Self {
            name: called(row.group.as_deref(), by),
            amount: row.money().to_string(),
            platforms: row.platforms,
        }
    }

    fn total(total: &Total) -> Self {
        Self {
            name: format!("All in {}", currency_in_words(total.currency)),
            amount: total.money().to_string(),
            platforms: total.platforms,
        }
    }
}

/// GET `/platforms/reports/costs`
pub(super) async fn show(
    State(service): State<Handle>,
    who: Option<SignedIn>,
    OriginalUri(uri): OriginalUri,
    Query(asked): Query<CostsAsked>,
    Query(list): Query<Asked>,
    Query(said): Query<Vec<(String, String)>>,
) -> Result<Fragment, PageRefusal> {
    member(who, here(&uri))?.must_see_costs()?;
    let mut conn = service.read().await?;
    let read = (asked.read(), list.check(&mut conn).await);
    let (meant, narrowed, refused) = match read {
        (Ok(meant), Ok(narrowed)) => (meant, narrowed, None),
        // What was typed wrongly is told above what is shown without it.
        (Err(problem), _) | (_, Err(problem)) => (
            CostsAsked::default().read()?,
            Narrowed::default(),
            Some(problem),
        ),
    };
    let sums = add_up_costs(&mut conn, &narrowed, meant).await?;
    let query = match (uri.query(), &refused) {
        (Some(query), None) => format!("?{query}"),
        _ => String::new(),
    };
    let status = refused.as_ref().map_or(StatusCode::OK, Problem::status);
    let page = page(meant, &narrowed, &sums, query);
    let page = Costs {
        months: asked.months.unwrap_or(page.months),
        kept: kept(said),
        refused: refused.map(|problem| problem.message().to_owned()),
        ..page
    };
    Ok(Fragment::try_new("Costs", page.render())?.status(status))
}

/// What is in the address and not in the form.
fn kept(mut said: Vec<(String, String)>) -> Vec<(String, String)> {
    const FORM: [&str; 5] = ["group_by", "normalise", "one_time", "months", "lifecycle"];
    said.retain(|(name, text)| !FORM.contains(&name.as_str()) && !text.is_empty());
    said
}

fn page(meant: CostsMeant, narrowed: &Narrowed, sums: &Sums, query: String) -> Costs {
    let CostsMeant { by, terms } = meant;
    let mut heading = by.in_words().to_owned();
    if let Some(first) = heading.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Costs {
        by,
        normalise: terms.normalise,
        heading,
        groups: GroupBy::ALL,
        periods: Normalise::ALL,
        lifecycles: Lifecycle::ALL,
        is_amortised: terms.months.is_some(),
        months: terms.months.unwrap_or(MONTHS_USUAL).to_string(),
        lifecycle: narrowed.lifecycle.first().map_or("", |one| one.as_str()),
        charts: chart::all(sums, by, terms.normalise),
        rows: sums.rows.iter().map(|row| Line::row(row, by)).collect(),
        totals: sums.totals.iter().map(Line::total).collect(),
        free: sums.platforms_free,
        left_out: sums.platforms_left_out,
        kept: Vec::new(),
        query,
        refused: None,
    }
}
