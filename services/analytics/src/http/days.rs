//! What days have brought, for charts.

use axum::extract::State;
use contracts::calendar::{BillingDay, RangeAsked};
use serde::Serialize;
use tidings::{Handle, Json, Problem};
use utoipa::ToSchema;

use super::asked::Asked;
use super::wire::USD;
use crate::period::PeriodAsked;
use crate::store;

/// What the days of a range have brought.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FiguresByDay {
    #[schema(value_type = String, example = "2026-03-01")]
    from: BillingDay,
    #[schema(value_type = String, example = "2026-03-31")]
    to: BillingDay,
    /// The time zone in which days begin and end.
    zone: String,
    #[schema(example = "usd")]
    currency: &'static str,
    /// All days together.
    management_earned_minor: i64,
    /// Each day, newest first.
    days: Vec<DayFigures>,
}

/// What a day has brought.
#[derive(Debug, Serialize, ToSchema)]
struct DayFigures {
    #[schema(value_type = String, example = "2026-03-14")]
    date: BillingDay,
    /// Fees less rewards; payouts are not counted.
    management_earned_minor: i64,
    fees_minor: i64,
    rewards_minor: i64,
    /// Null of a day that is not closed.
    at_close: Option<store::AtClose>,
}

impl From<store::Day> for DayFigures {
    fn from(day: store::Day) -> Self {
        Self {
            date: day.date,
            management_earned_minor: day.management_minor(),
            fees_minor: day.fees_minor,
            rewards_minor: day.rewards_minor,
            at_close: day.at_close,
        }
    }
}

/// What management earned on each day, and how many were in the red when it was closed; for
/// administrators.
#[utoipa::path(get, path = "/api/analytics/days", tag = "analytics",
    params(PeriodAsked, RangeAsked), responses(
        (status = 200, description = "The days", body = FiguresByDay),
        (status = 400, description = "bad_period, bad_date, range_backwards or range_too_long"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Not an administrator"),
    ))]
pub(super) async fn show(
    State(service): State<Handle>,
    asked: Asked,
) -> Result<Json<FiguresByDay>, Problem> {
    let days = store::days(&mut service.read().await?, asked.from, asked.to).await?;
    Ok(Json(FiguresByDay {
        from: asked.from,
        to: asked.to,
        zone: asked.calendar.zone().to_owned(),
        currency: USD,
        management_earned_minor: days.iter().map(store::Day::management_minor).sum(),
        days: days.into_iter().map(DayFigures::from).collect(),
    }))
}
