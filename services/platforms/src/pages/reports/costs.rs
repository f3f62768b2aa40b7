//! What platforms cost: bars, and the same as a table.

use askama::Template;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use contracts::platforms::Lifecycle;
use contracts::{Currency, Money};
use tidings::{Fragment, Handle, Problem, Query, SignedIn};

use super::chart::{self, Chart, called, in_words as currency_in_words};
use crate::access::Member;
use crate::http::Asked;
use crate::http::reports::costs::{CostsAsked, CostsMeant, add_up_costs};
use crate::reports::costs::{GroupBy, MONTHS_USUAL, Normalise, Row, Sums, Total};
use crate::store::list::Narrowed;

/// Of more groups than these, the cheapest of a currency are one line.
const GROUPS_MOST: usize = 200;

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

    /// What all of some groups cost that have no line of their own.
    fn others(rows: &[&Row], currency: Currency) -> Self {
        let minor = rows.iter().map(|row| row.amount_minor);
        let minor = minor.fold(0, i64::saturating_add);
        Self {
            name: format!("{} others", rows.len()),
            amount: Money { minor, currency }.to_string(),
            platforms: rows.iter().map(|row| row.platforms).sum(),
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
    SignedIn(who): SignedIn,
    OriginalUri(uri): OriginalUri,
    Query(asked): Query<CostsAsked>,
    Query(list): Query<Asked>,
    Query(said): Query<Vec<(String, String)>>,
) -> Result<Fragment, Problem> {
    Member::of(&who)?.must_see_costs()?;
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

/// A line for each group, as far as anybody reads; what they come to is the total.
fn lines(sums: &Sums, by: GroupBy) -> Vec<Line> {
    let mut lines = Vec::new();
    for Total { currency, .. } in &sums.totals {
        let rows = sums.rows.iter().filter(|row| row.currency == *currency);
        let rows: Vec<&Row> = rows.collect();
        let (shown, rest) = rows.split_at(rows.len().min(GROUPS_MOST));
        lines.extend(shown.iter().map(|row| Line::row(row, by)));
        if !rest.is_empty() {
            lines.push(Line::others(rest, *currency));
        }
    }
    lines
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
        rows: lines(sums, by),
        totals: sums.totals.iter().map(Line::total).collect(),
        free: sums.platforms_free,
        left_out: sums.platforms_left_out,
        kept: Vec::new(),
        query,
        refused: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_19_what_has_no_line_of_its_own_is_in_one_so_that_all_lines_are_the_total() {
        let row = |place: i64, currency| Row {
            group: Some(format!("Group {place}")),
            owner_team_id: None,
            currency,
            amount_minor: 1_000 - place,
            platforms: 2,
        };
        let many = (0..203).map(|place| row(place, Currency::Eur));
        let rows: Vec<Row> = many.chain([row(0, Currency::Usd)]).collect();
        let total = |currency| Total {
            currency,
            amount_minor: 0,
            platforms: 0,
        };
        let sums = Sums {
            rows,
            totals: vec![total(Currency::Eur), total(Currency::Usd)],
            platforms_free: 0,
            platforms_left_out: 0,
        };
        let lines = lines(&sums, GroupBy::Publisher);
        let told = |line: &Line| (line.name.clone(), line.amount.clone(), line.platforms);
        let last: Vec<_> = lines.iter().skip(199).map(told).collect();
        let expected = [
            ("Group 199", "€8.01", 2),
            ("3 others", "€23.97", 6),
            ("Group 0", "$10.00", 2),
        ];
        let expected =
            expected.map(|(name, amount, many)| (name.to_owned(), amount.to_owned(), many));
        assert_eq!(last, expected);
    }
}
