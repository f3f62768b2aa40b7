//! What days have brought.

use contracts::calendar::BillingDay;
use serde::Serialize;
use tidings::{Conn, Error, params};
use utoipa::ToSchema;

/// A day, also one on which nothing was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) date: BillingDay,
    pub(crate) fees_minor: i64,
    pub(crate) rewards_minor: i64,
    /// None of a day that is not closed.
    pub(crate) at_close: Option<AtClose>,
}

impl Day {
    /// Fees less rewards; payouts are not counted (B-25).
    pub(crate) fn management_minor(&self) -> i64 {
        self.fees_minor - self.rewards_minor
    }
}

/// How a day stood when it was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AtClose {
    pub(crate) management_earned_minor: i64,
    /// How many people owed something.
    pub(crate) popugs_negative: u64,
}

#[derive(tidings::FromRow)]
struct Earned {
    date: BillingDay,
    fees_minor: i64,
    rewards_minor: i64,
}

#[derive(tidings::FromRow)]
struct Closed {
    date: BillingDay,
    management_earned_minor: i64,
    popugs_negative: u64,
}

/// Every day of a range, newest first.
pub(crate) async fn days(
    conn: &mut Conn,
    from: BillingDay,
    to: BillingDay,
) -> Result<Vec<Day>, Error> {
    let sql = "SELECT billing_day AS date, CAST(SUM(fees_minor) AS BIGINT) AS fees_minor,
            CAST(SUM(rewards_minor) AS BIGINT) AS rewards_minor
        FROM earnings WHERE billing_day BETWEEN $1 AND $2 GROUP BY billing_day";
    let earned: Vec<Earned> = conn.query(sql, params![from, to]).await?;
    let sql = "SELECT * FROM closed_days WHERE date BETWEEN $1 AND $2";
    let closed: Vec<Closed> = conn.query(sql, params![from, to]).await?;
    let day = |date| {
        let earned = earned.iter().find(|one| one.date == date);
        let closed = closed.iter().find(|one| one.date == date);
        Day {
            date,
            fees_minor: earned.map_or(0, |one| one.fees_minor),
            rewards_minor: earned.map_or(0, |one| one.rewards_minor),
            at_close: closed.map(|one| AtClose {
                management_earned_minor: one.management_earned_minor,
                popugs_negative: one.popugs_negative,
            }),
        }
    };
    Ok(to.back_to(from).map(day).collect())
}
