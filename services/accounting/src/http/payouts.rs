//! What was paid out.

use axum::extract::State;
use axum::response::Response;
use contracts::calendar::Calendar;
use tidings::{Handle, List, Paging, Problem, Query, SignedIn};

use super::DayAsked;
use super::wire::PayoutBody;
use crate::access;
use crate::csv::{Cell, Csv};
use crate::store;

const LINES_MAX: u32 = 100_000;
const COLUMNS: [&str; 6] = ["day", "name", "email", "amount_usd", "paid_at", "mail"];

/// Payouts, newest first; for accountants and administrators.
#[utoipa::path(get, path = "/api/accounting/payouts", tag = "accounting", params(
    DayAsked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The payouts; a Link header leads to the next part", body = [PayoutBody]),
    (status = 400, description = "bad_date, bad_limit or bad_cursor"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "Neither an accountant nor an administrator"),
))]
pub(super) async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<DayAsked>,
    paging: Paging,
) -> Result<List<PayoutBody>, Problem> {
    access::books(&identity)?;
    let day = asked.day()?;
    let mut conn = service.read().await?;
    let payouts = store::payouts(&mut conn, day, paging.after, paging.fetch()).await?;
    let (payouts, next) = paging.cut(payouts, |payout| (payout.made_at, payout.id.uuid()));
    let items = payouts.into_iter().map(PayoutBody::from).collect();
    Ok(List { items, next })
}

/// Payouts as a table, for whoever moves the money; for accountants and administrators.
#[utoipa::path(get, path = "/api/accounting/payouts.csv", tag = "accounting", params(DayAsked),
    responses(
        (status = 200, description = "The payouts", content_type = "text/csv", body = String),
        (status = 400, description = "bad_date"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Neither an accountant nor an administrator"),
    ))]
pub(super) async fn csv(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<DayAsked>,
) -> Result<Response, Problem> {
    access::books(&identity)?;
    let day = asked.day()?;
    let calendar = service.resource::<Calendar>()?;
    let mut conn = service.read().await?;
    let mut csv = Csv::new(&COLUMNS);
    for payout in store::payouts(&mut conn, day, None, LINES_MAX).await? {
        csv.line(&[
            Cell::text(payout.billing_day.to_string()),
            Cell::text(payout.name),
            Cell::text(payout.email),
            Cell::Money(payout.amount_minor),
            Cell::text(calendar.stamp(payout.made_at)),
            Cell::text(payout.mail.as_str()),
        ]);
    }
    let name = day.map_or("payouts".to_owned(), |day| format!("payouts-{day}"));
    Ok(csv.file(&name))
}
