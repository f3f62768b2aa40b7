//! Days: what management earned, and their end.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::calendar::{BillingDay, Calendar, RangeAsked, read_day};
use serde::Serialize;
use tidings::{Conn, Handle, Json, Path, Problem, Query, RequestContext, SignedIn, Timestamp};
use utoipa::ToSchema;

use crate::access;
use crate::actions::ask_to_close;
use crate::store::{self, Audit, Day, Earned};

/// A day of the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DayFound {
    #[schema(value_type = String, example = "2026-03-14")]
    pub(crate) date: BillingDay,
    /// The time zone in which it begins and ends.
    pub(crate) zone: String,
    /// `open`, `closing`, `closed`.
    pub(crate) status: &'static str,
    /// Fees less rewards; payouts and adjustments are not counted.
    pub(crate) management_earned_minor: i64,
    pub(crate) fees_minor: i64,
    pub(crate) rewards_minor: i64,
    /// How many people were paid when it was closed.
    pub(crate) accounts_paid: u64,
    pub(crate) total_paid_minor: i64,
    /// How many people owed something when it was closed.
    pub(crate) accounts_negative: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) closed_at: Option<Timestamp>,
}

impl DayFound {
    fn new(earned: &Earned, closed: Option<Day>, zone: &str, is_open: bool) -> Self {
        let status = match &closed {
            Some(day) if day.closed_at.is_some() => "closed",
            Some(_) => "closing",
            None if is_open => "open",
            // Nothing happened on it, and a later one is closed.
            None => "closed",
        };
        let day = closed.as_ref();
        Self {
            date: earned.date,
            zone: day.map_or(zone, |day| &day.zone).to_owned(),
            status,
            management_earned_minor: earned.management_minor(),
            fees_minor: earned.fees_minor,
            rewards_minor: earned.rewards_minor,
            accounts_paid: day.map_or(0, |day| day.accounts_paid),
            total_paid_minor: day.map_or(0, |day| day.total_paid_minor),
            accounts_negative: day.map_or(0, |day| day.accounts_negative),
            closed_at: day.and_then(|day| day.closed_at),
        }
    }
}

/// One day as it stands.
pub(crate) async fn look_at(
    conn: &mut Conn,
    calendar: &Calendar,
    date: BillingDay,
) -> Result<DayFound, tidings::Error> {
    let mut days = days_of(conn, calendar, date, date).await?;
    let nothing = || DayFound::new(&Earned::nothing(date), None, calendar.zone(), true);
    Ok(days.pop().unwrap_or_else(nothing))
}

/// Every day of a range, newest first, also those on which nothing was.
pub(crate) async fn days_of(
    conn: &mut Conn,
    calendar: &Calendar,
    from: BillingDay,
    to: BillingDay,
) -> Result<Vec<DayFound>, tidings::Error> {
    let books = store::books(conn).await?;
    let earned = store::earned(conn, from, to).await?;
    let mut closed = store::days(conn, from, to).await?;
    let mut all = Vec::new();
    for date in to.back_to(from) {
        let nothing = Earned::nothing(date);
        let earned = earned.iter().find(|one| one.date == date);
        let at = closed.iter().position(|one| one.date == date);
        let closed = at.map(|at| closed.swap_remove(at));
        let earned = earned.unwrap_or(&nothing);
        all.push(DayFound::new(
            earned,
            closed,
            calendar.zone(),
            books.is_open(date),
        ));
    }
    Ok(all)
}

/// What management earned in a range of days.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Summary {
    #[schema(value_type = String, example = "2026-03-01")]
    from: BillingDay,
    #[schema(value_type = String, example = "2026-03-31")]
    to: BillingDay,
    /// All days together.
    management_earned_minor: i64,
    #[schema(example = "usd")]
    currency: &'static str,
    /// Each day, newest first.
    days: Vec<DayFound>,
}

/// What management earned, day by day; for accountants and administrators.
#[utoipa::path(get, path = "/api/accounting/summary", tag = "accounting", params(RangeAsked),
    responses(
        (status = 200, description = "The days", body = Summary),
        (status = 400, description = "bad_date, range_backwards or range_too_long"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Neither an accountant nor an administrator"),
    ))]
pub(super) async fn summary(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<RangeAsked>,
) -> Result<Json<Summary>, Problem> {
    access::books(&identity)?;
    let calendar = service.resource::<Calendar>()?;
    let (from, to) = asked.range(calendar.day_of(service.now()))?;
    let days = days_of(&mut service.read().await?, &calendar, from, to).await?;
    Ok(Json(Summary {
        from,
        to,
        management_earned_minor: days.iter().map(|day| day.management_earned_minor).sum(),
        currency: super::wire::USD,
        days,
    }))
}

/// One day: what it has come to, and whether it is closed; for accountants and administrators.
#[utoipa::path(get, path = "/api/accounting/days/{date}", tag = "accounting",
    params(("date" = String, Path, description = "The day: 2026-03-14")),
    responses(
        (status = 200, description = "The day", body = DayFound),
        (status = 400, description = "bad_date"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Neither an accountant nor an administrator"),
    ))]
pub(super) async fn day(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(date): Path<String>,
) -> Result<Json<DayFound>, Problem> {
    access::books(&identity)?;
    let date = read(&date)?;
    let calendar = service.resource::<Calendar>()?;
    Ok(Json(
        look_at(&mut service.read().await?, &calendar, date).await?,
    ))
}

fn read(date: &str) -> Result<BillingDay, Problem> {
    let day = read_day("date", Some(date))?;
    day.ok_or_else(|| Problem::field("bad_date", "date", "Which day?"))
}

/// Close a day and every open one before it: whoever has something in their account is paid
/// and gets an e-mail. It is done by itself every night; asked for again, nobody is paid twice.
#[utoipa::path(post, path = "/api/accounting/days/{date}/close", tag = "accounting",
    params(("date" = String, Path, description = "The day: 2026-03-14; today or before")),
    responses(
        (status = 200, description = "It was closed before", body = DayFound),
        (status = 202, description = "It is being closed", body = DayFound,
            headers(("Location" = String, description = "Where to see when it is"))),
        (status = 400, description = "bad_date"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Not an administrator"),
        (status = 409, description = "day_not_come: it lies ahead"),
    ))]
pub(super) async fn close(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(date): Path<String>,
) -> Result<Response, Problem> {
    access::close(&identity)?;
    let date = read(&date)?;
    ask_to_close(&service, context, date).await?;
    let calendar = service.resource::<Calendar>()?;
    let day = look_at(&mut service.read().await?, &calendar, date).await?;
    if day.closed_at.is_some() {
        return Ok(Json(day).into_response());
    }
    let location = [(header::LOCATION, format!("/api/accounting/days/{date}"))];
    let day = DayFound {
        // The run has not taken its first step yet.
        status: "closing",
        ..day
    };
    Ok((StatusCode::ACCEPTED, location, Json(day)).into_response())
}

/// Add both sides of every movement up anew; for accountants and administrators.
#[utoipa::path(get, path = "/api/accounting/check", tag = "accounting", responses(
    (status = 200, description = "What that has shown", body = Audit),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "Neither an accountant nor an administrator"),
))]
pub(super) async fn check(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
) -> Result<Json<Audit>, Problem> {
    access::books(&identity)?;
    Ok(Json(store::audit(&mut service.read().await?).await?))
}
