//! One day of the books, and the button that closes it.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use contracts::calendar::{BillingDay, Calendar, read_day};
use contracts::{dollars, signed_dollars};
use tidings::{Conn, Fragment, Handle, Identity, Path, Problem, RequestContext, SignedIn};

use super::{payouts, words};
use crate::access;
use crate::actions::ask_to_close;
use crate::error::Error;
use crate::http::look_at;
use crate::store;

/// So many payouts are shown here; the list of payouts has all.
const PAYOUTS: u32 = 100;

#[derive(Template)]
#[template(path = "day.html")]
struct DayPage {
    day: BillingDay,
    previous: BillingDay,
    next: Option<BillingDay>,
    zone: String,
    status: &'static str,
    label: &'static str,
    closed_at: Option<tidings::Timestamp>,
    is_open: bool,
    is_closing: bool,
    is_today: bool,
    earned: String,
    fees: String,
    rewards: String,
    in_the_red: u64,
    accounts_paid: u64,
    paid: String,
    preview: Option<Preview>,
    may_close: bool,
    payouts: Vec<payouts::Row>,
    has_more: bool,
    refused: Option<String>,
}

/// What closing the day now would do.
struct Preview {
    people: u64,
    pays: String,
    in_the_red: u64,
    /// How many earlier days would be closed with it.
    earlier: usize,
}

/// GET `/exchange/books/days/{date}`
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(date): Path<String>,
) -> Result<Fragment, Problem> {
    let day = read(&date)?;
    access::books(&who)?;
    page(&service, &who, day, None).await
}

/// POST `/exchange/books/days/{date}/close`
pub(super) async fn close(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    RequestContext(context): RequestContext,
    Path(date): Path<String>,
) -> Result<Response, Problem> {
    let day = read(&date)?;
    access::close(&who)?;
    match ask_to_close(&service, context, day).await {
        Ok(()) => Ok(Redirect::to(&path(day)).into_response()),
        Err(error @ Error::DayNotCome(_)) => {
            let problem = Problem::from(error);
            let refused = Some(problem.message().to_owned());
            let page = page(&service, &who, day, refused).await?;
            Ok(page.status(problem.status()).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn path(day: BillingDay) -> String {
    format!("/exchange/books/days/{day}")
}

fn read(date: &str) -> Result<BillingDay, Problem> {
    let nothing = || Problem::not_found("There is no such day. Days are written as 2026-03-14.");
    read_day("date", Some(date))
        .ok()
        .flatten()
        .ok_or_else(nothing)
}

async fn page(
    service: &Handle,
    who: &Identity,
    day: BillingDay,
    refused: Option<String>,
) -> Result<Fragment, Problem> {
    let calendar = service.resource::<Calendar>()?;
    let today = calendar.day_of(service.now());
    let mut conn = service.read().await?;
    let revision = store::revision(&mut conn).await?;
    let found = look_at(&mut conn, &calendar, day).await?;
    let (status, label) = words::day(found.status);
    let is_open = found.status == "open";
    let mut paid = store::payouts(&mut conn, Some(day), None, PAYOUTS + 1).await?;
    let has_more = paid.len() > PAYOUTS as usize;
    paid.truncate(PAYOUTS as usize);
    let preview = match is_open && day <= today {
        true => Some(preview(&mut conn, day).await?),
        false => None,
    };
    let page = DayPage {
        day,
        previous: day.previous(),
        next: (day < today).then(|| day.next()),
        zone: found.zone,
        status,
        label,
        closed_at: found.closed_at,
        is_open,
        is_closing: found.status == "closing",
        is_today: day == today,
        earned: signed_dollars(found.management_earned_minor),
        fees: dollars(found.fees_minor),
        rewards: dollars(found.rewards_minor),
        in_the_red: found.accounts_negative,
        accounts_paid: found.accounts_paid,
        paid: dollars(found.total_paid_minor),
        preview,
        may_close: access::may_close(who),
        payouts: paid.into_iter().map(payouts::Row::from).collect(),
        has_more,
        refused,
    };
    let live = format!("/exchange/books/live?seen={}", today.seen(revision));
    Ok(Fragment::try_new(day.in_words(), page.render())?.live(live))
}

async fn preview(conn: &mut Conn, day: BillingDay) -> Result<Preview, Problem> {
    let owed = store::owed_at(conn, day).await?;
    let earlier = store::unshut_days(conn, day.previous()).await?;
    Ok(Preview {
        people: owed.to_be_paid,
        pays: dollars(owed.to_people_minor),
        in_the_red: owed.in_the_red,
        earlier: earlier.len(),
    })
}
