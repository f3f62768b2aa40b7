//! The figures at a glance: today, who is in the red, and days with charts.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use contracts::UserId;
use contracts::calendar::{BillingDay, Calendar, RangeAsked};
use contracts::{dollars, signed_dollars};
use tidings::{Conn, Error, Fragment, Handle, Problem, Query, SignedIn};

use super::chart::Chart;
use super::charts;
use super::live::seen;
use super::picker::Picker;
use super::row::{Best, Row};
use crate::access;
use crate::period::PeriodAsked;
use crate::store::{self, InTheRed, Popugs};

/// The books have the others.
const RED_ROWS: u32 = 12;

#[derive(Template)]
#[template(path = "analytics.html")]
struct Analytics {
    zone: String,
    earned_today: String,
    loses_today: bool,
    popugs: Popugs,
    best_today: Option<Best>,
    red: Vec<Debtor>,
    picker: Picker,
    days: String,
    /// The days that have come, newest first.
    rows: Vec<Row>,
    /// None where there is nothing to draw.
    charts: Vec<Chart>,
    earned: String,
    best: Option<Best>,
}

/// Somebody in the red.
struct Debtor {
    id: UserId,
    name: String,
    balance: String,
}

impl From<InTheRed> for Debtor {
    fn from(one: InTheRed) -> Self {
        Self {
            id: one.account_id,
            name: one.called(),
            balance: dollars(one.balance_minor),
        }
    }
}

/// GET `/exchange/analytics`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(period): Query<PeriodAsked>,
    Query(asked): Query<RangeAsked>,
) -> Result<Fragment, Problem> {
    access::figures(&who)?;
    let seen = seen(service.clone()).await?;
    let calendar = service.resource::<Calendar>()?;
    let today = calendar.day_of(service.now());
    let picker = Picker::of(&period, &asked, today);
    let status = picker.refused.as_ref().map(tidings::Problem::status);
    let page = fill(&mut service.read().await?, &calendar, today, picker).await?;
    let page = Fragment::try_new("Analytics", page.render())?;
    let live = format!("/exchange/analytics/live?seen={seen}");
    Ok(page.live(live).status(status.unwrap_or(StatusCode::OK)))
}

async fn fill(
    conn: &mut Conn,
    calendar: &Calendar,
    today: BillingDay,
    picker: Picker,
) -> Result<Analytics, Error> {
    let popugs = store::popugs(conn).await?;
    let (now, best_today) = rows(conn, calendar, (today, today), (today, popugs)).await?;
    let red = store::in_the_red(conn, RED_ROWS).await?;
    // Days that are still to come have nothing to show.
    let range = (picker.from, picker.to.min(today));
    let (rows, best) = rows(conn, calendar, range, (today, popugs)).await?;
    let oldest_first: Vec<&Row> = rows.iter().rev().collect();
    let is_drawn = rows.len() > 1 && rows.iter().any(|row| !row.is_quiet());
    let charts = match is_drawn {
        true => charts::all(&oldest_first, range.0, range.1),
        false => Vec::new(),
    };
    let earned_today = now.first().map_or(0, |row| row.management_minor);
    Ok(Analytics {
        zone: calendar.zone().to_owned(),
        earned_today: signed_dollars(earned_today),
        loses_today: earned_today < 0,
        popugs,
        best_today,
        red: red.into_iter().map(Debtor::from).collect(),
        days: picker.from.to_in_words(picker.to),
        charts,
        earned: signed_dollars(rows.iter().map(|row| row.management_minor).sum()),
        best,
        rows,
        picker,
    })
}

/// Every day of a range, newest first, with all that is known of it, and the most expensive
/// task of all of them.
async fn rows(
    conn: &mut Conn,
    calendar: &Calendar,
    (from, to): (BillingDay, BillingDay),
    (today, popugs): (BillingDay, Popugs),
) -> Result<(Vec<Row>, Option<Best>), Error> {
    let days = store::days(conn, from, to).await?;
    let best = store::most_expensive(conn, calendar, from, to).await?;
    let row = |(day, best): (&store::Day, &store::BestOfDay)| {
        let now = (day.date == today).then_some(popugs.negative);
        Row::new(day, best, now)
    };
    let overall = store::overall(&best).map(Best::from);
    Ok((days.iter().zip(&best).map(row).collect(), overall))
}
