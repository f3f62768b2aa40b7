//! Which finished task was worth most, by day and in all (B-30).

use axum::extract::State;
use contracts::calendar::{BillingDay, RangeAsked};
use serde::Serialize;
use tidings::{Handle, Json, Problem};
use utoipa::ToSchema;

use super::asked::Asked;
use super::wire::{TaskBody, USD};
use crate::period::{Period, PeriodAsked};
use crate::store;

/// The most expensive tasks of a range of days.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MostExpensiveByDay {
    /// `day`, `week` or `month`, if that was asked for.
    period: Option<&'static str>,
    #[schema(value_type = String, example = "2026-03-01")]
    from: BillingDay,
    #[schema(value_type = String, example = "2026-03-03")]
    to: BillingDay,
    /// The time zone in which days begin and end.
    zone: String,
    #[schema(example = "usd")]
    currency: &'static str,
    /// Of all these days together; null if nothing was completed.
    overall: Option<TaskBody>,
    /// Each day, newest first.
    days: Vec<BestOfDayBody>,
}

/// A day, and the most expensive of the tasks completed on it.
#[derive(Debug, Serialize, ToSchema)]
struct BestOfDayBody {
    #[schema(value_type = String, example = "2026-03-03")]
    date: BillingDay,
    /// Null if nothing was completed.
    task: Option<TaskBody>,
}

/// The most expensive completed task of each day of a period, and of all of it; for
/// administrators. Of tasks that were worth the same, the one that was completed first.
#[utoipa::path(get, path = "/api/analytics/most-expensive", tag = "analytics",
    params(PeriodAsked, RangeAsked), responses(
        (status = 200, description = "The tasks", body = MostExpensiveByDay),
        (status = 400, description = "bad_period, bad_date, range_backwards or range_too_long"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Not an administrator"),
    ))]
pub(super) async fn show(
    State(service): State<Handle>,
    asked: Asked,
) -> Result<Json<MostExpensiveByDay>, Problem> {
    let mut conn = service.read().await?;
    let days = store::most_expensive(&mut conn, &asked.calendar, asked.from, asked.to).await?;
    Ok(Json(MostExpensiveByDay {
        period: asked.period.map(Period::as_str),
        from: asked.from,
        to: asked.to,
        zone: asked.calendar.zone().to_owned(),
        currency: USD,
        overall: store::overall(&days).cloned().map(TaskBody::from),
        days: days.into_iter().map(BestOfDayBody::from).collect(),
    }))
}

impl From<store::BestOfDay> for BestOfDayBody {
    fn from(day: store::BestOfDay) -> Self {
        Self {
            date: day.date,
            task: day.task.map(TaskBody::from),
        }
    }
}
