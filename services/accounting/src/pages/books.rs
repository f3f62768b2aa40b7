//! The books at a glance: what management earned, and who owes something.

use askama::Template;
use axum::extract::State;
use contracts::calendar::{BillingDay, Calendar, read_day};
use contracts::{dollars, signed_dollars};
use serde::Deserialize;
use tidings::{Conn, Fragment, Handle, Problem, Query, SignedIn};

use super::accounts::Row;
use super::words;
use crate::access;
use crate::http::{DayFound, days_of};
use crate::store::{self, Audit};

const DAYS: i64 = 7;
const RED_ROWS: u32 = 20;

/// What the page is asked for.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    /// The last of the days that it shows.
    to: Option<String>,
    /// Whether everything is to be added up anew.
    check: Option<String>,
}

#[derive(Template)]
#[template(path = "books.html")]
struct Books {
    zone: String,
    earned_today: String,
    in_the_red: u64,
    owed_to_people: String,
    owed_by_people: String,
    audit: Option<Audit>,
    red: Vec<Row>,
    days: Vec<DayRow>,
    earlier: BillingDay,
    is_newest: bool,
}

/// One day in the list.
pub(super) struct DayRow {
    day: BillingDay,
    status: &'static str,
    label: &'static str,
    earned: String,
    fees: String,
    rewards: String,
    /// None of a day that is not closed.
    paid: Option<String>,
    accounts_paid: u64,
    /// None of a day that is not closed.
    in_the_red: Option<u64>,
}

impl From<&DayFound> for DayRow {
    fn from(found: &DayFound) -> Self {
        let (status, label) = words::day(found.status);
        Self {
            day: found.date,
            status,
            label,
            earned: signed_dollars(found.management_earned_minor),
            fees: dollars(found.fees_minor),
            rewards: dollars(found.rewards_minor),
            paid: found.closed_at.map(|_| dollars(found.total_paid_minor)),
            accounts_paid: found.accounts_paid,
            in_the_red: found.closed_at.map(|_| found.accounts_negative),
        }
    }
}

/// GET `/exchange/books`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Fragment, Problem> {
    access::books(&who)?;
    let calendar = service.resource::<Calendar>()?;
    let today = calendar.day_of(service.now());
    let to = read_day("to", asked.to.as_deref())?.unwrap_or(today);
    let mut conn = service.read().await?;
    let revision = store::revision(&mut conn).await?;
    let mut page = fill(&mut conn, &calendar, today, to).await?;
    if asked.check.is_some() {
        page.audit = Some(store::audit(&mut conn).await?);
    }
    let live = format!("/exchange/books/live?seen={}", today.seen(revision));
    Ok(Fragment::try_new("Books", page.render())?.live(live))
}

async fn fill(
    conn: &mut Conn,
    calendar: &Calendar,
    today: BillingDay,
    to: BillingDay,
) -> Result<Books, Problem> {
    let from = to.minus(DAYS - 1);
    let days = days_of(conn, calendar, from, to).await?;
    let now = days_of(conn, calendar, today, today).await?;
    let earned_today = now.first().map_or(0, |day| day.management_earned_minor);
    let owed = store::owed(conn).await?;
    let red = store::in_the_red(conn, RED_ROWS).await?;
    Ok(Books {
        zone: calendar.zone().to_owned(),
        earned_today: signed_dollars(earned_today),
        in_the_red: owed.in_the_red,
        owed_to_people: dollars(owed.to_people_minor),
        owed_by_people: dollars(owed.by_people_minor),
        audit: None,
        red: red.into_iter().map(Row::from).collect(),
        days: days.iter().map(DayRow::from).collect(),
        earlier: from.previous(),
        is_newest: to == today,
    })
}
