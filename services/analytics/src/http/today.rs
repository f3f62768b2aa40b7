//! How it stands now.

use axum::extract::State;
use contracts::calendar::{BillingDay, Calendar};
use serde::Serialize;
use tidings::{Handle, Json, Problem};
use utoipa::ToSchema;

use super::wire::{PopugBody, TaskBody, USD};
use crate::access::Admin;
use crate::store;

/// More people than this are counted and not named.
const NAMED_MAX: u32 = 200;

/// What today has brought so far, and who is in the red.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TodayBody {
    #[schema(value_type = String, example = "2026-03-14")]
    date: BillingDay,
    /// The time zone in which the day begins and ends.
    zone: String,
    /// Fees less rewards; payouts are not counted.
    management_earned_minor: i64,
    fees_minor: i64,
    rewards_minor: i64,
    #[schema(example = "usd")]
    currency: &'static str,
    /// How many people work, or have had money moved.
    popugs_total: u64,
    /// How many of them owe something now.
    popugs_negative: u64,
    /// Who that is, those who owe most first; 200 at the most.
    popugs: Vec<PopugBody>,
    /// The most expensive of the tasks completed today; null if there is none.
    most_expensive: Option<TaskBody>,
}

/// What management earned today, and who is in the red now; for administrators.
#[utoipa::path(get, path = "/api/analytics/today", tag = "analytics", responses(
    (status = 200, description = "How it stands", body = TodayBody),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "Not an administrator"),
))]
pub(super) async fn show(
    State(service): State<Handle>,
    _: Admin,
) -> Result<Json<TodayBody>, Problem> {
    let calendar = service.resource::<Calendar>()?;
    let date = calendar.day_of(service.now());
    let mut conn = service.read().await?;
    let days = store::days(&mut conn, date, date).await?;
    let sum = |of: fn(&store::Day) -> i64| days.iter().map(of).sum();
    let popugs = store::popugs(&mut conn).await?;
    let named = store::in_the_red(&mut conn, NAMED_MAX).await?;
    let best = store::most_expensive(&mut conn, &calendar, date, date).await?;
    Ok(Json(TodayBody {
        date,
        zone: calendar.zone().to_owned(),
        management_earned_minor: sum(store::Day::management_minor),
        fees_minor: sum(|day| day.fees_minor),
        rewards_minor: sum(|day| day.rewards_minor),
        currency: USD,
        popugs_total: popugs.total,
        popugs_negative: popugs.negative,
        popugs: named.into_iter().map(PopugBody::from).collect(),
        most_expensive: store::overall(&best).cloned().map(TaskBody::from),
    }))
}
