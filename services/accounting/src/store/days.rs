//! Days: what was earned, and which of them are closed.

use contracts::calendar::BillingDay;
use tidings::{Conn, Error, Timestamp, Tx, params};

/// A day that is being closed, or is.
#[derive(Clone, Debug, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct Day {
    pub(crate) date: BillingDay,
    pub(crate) zone: String,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) management_earned_minor: i64,
    pub(crate) accounts_paid: u64,
    pub(crate) accounts_negative: u64,
    pub(crate) total_paid_minor: i64,
}

/// What management earned on a day (B-25).
#[derive(Clone, Copy, Debug, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct Earned {
    pub(crate) date: BillingDay,
    pub(crate) fees_minor: i64,
    pub(crate) rewards_minor: i64,
}

impl Earned {
    /// A day on which nothing was.
    pub(crate) fn nothing(date: BillingDay) -> Self {
        Self {
            date,
            fees_minor: 0,
            rewards_minor: 0,
        }
    }

    /// Fees less rewards; payouts and adjustments are not counted.
    pub(crate) fn management_minor(&self) -> i64 {
        self.fees_minor - self.rewards_minor
    }
}

/// Days with fees and rewards of a range, oldest first.
pub(crate) async fn earned(
    conn: &mut Conn,
    from: BillingDay,
    to: BillingDay,
) -> Result<Vec<Earned>, Error> {
    let sql = "SELECT billing_day AS date,
            CAST(SUM(CASE WHEN kind = 'assign_fee' THEN amount_minor ELSE 0 END) AS BIGINT)
                AS fees_minor,
            CAST(SUM(CASE WHEN kind = 'task_reward' THEN amount_minor ELSE 0 END) AS BIGINT)
                AS rewards_minor
        FROM ledger WHERE billing_day BETWEEN $1 AND $2
        GROUP BY billing_day ORDER BY billing_day";
    conn.query(sql, params![from, to]).await
}

/// A day that is being closed or is; all others are open.
pub(crate) async fn day(conn: &mut Conn, date: BillingDay) -> Result<Option<Day>, Error> {
    let sql = "SELECT * FROM billing_days WHERE date = $1";
    conn.query_opt(sql, params![date]).await
}

/// Those of a range, oldest first.
pub(crate) async fn days(
    conn: &mut Conn,
    from: BillingDay,
    to: BillingDay,
) -> Result<Vec<Day>, Error> {
    let sql = "SELECT * FROM billing_days WHERE date BETWEEN $1 AND $2 ORDER BY date";
    conn.query(sql, params![from, to]).await
}

/// Days up to a day on which something was posted and that nobody has begun to close.
pub(crate) async fn unshut_days(conn: &mut Conn, to: BillingDay) -> Result<Vec<BillingDay>, Error> {
    let sql = "SELECT DISTINCT billing_day FROM ledger
        WHERE billing_day <= $1 AND billing_day NOT IN (SELECT date FROM billing_days)
        ORDER BY billing_day";
    let days: Vec<(BillingDay,)> = conn.query(sql, params![to]).await?;
    Ok(days.into_iter().map(|(day,)| day).collect())
}

/// Begins to close a day: from now on what belongs to it, or to a day before it, is late.
/// Nothing happens to a day that is closed.
pub(crate) async fn shut(tx: &mut Tx, date: BillingDay, zone: &str) -> Result<(), Error> {
    let sql = "INSERT INTO billing_days (date, zone, status, begun_at, management_earned_minor,
            accounts_paid, accounts_negative, total_paid_minor)
        VALUES ($1, $2, 'closing', $3, 0, 0, 0, 0) ON CONFLICT DO NOTHING";
    let now = tx.now();
    tx.execute(sql, params![date, zone, now]).await?;
    super::open_from(tx, date.next()).await
}

/// Days up to a day that are shut and not closed, oldest first.
pub(crate) async fn closing(tx: &mut Tx, to: BillingDay) -> Result<Vec<BillingDay>, Error> {
    let sql = "SELECT date FROM billing_days WHERE date <= $1 AND status = 'closing' ORDER BY date";
    let days: Vec<(BillingDay,)> = tx.query(sql, params![to]).await?;
    Ok(days.into_iter().map(|(day,)| day).collect())
}

/// Closes a day with what it has come to; `false` when it was closed before.
pub(crate) async fn close(tx: &mut Tx, day: &Day) -> Result<bool, Error> {
    let sql = "UPDATE billing_days SET status = 'closed', closed_at = $2,
            management_earned_minor = $3, accounts_paid = $4, accounts_negative = $5,
            total_paid_minor = $6
        WHERE date = $1 AND status = 'closing'";
    let row = params![
        day.date,
        day.closed_at,
        day.management_earned_minor,
        i64::try_from(day.accounts_paid).unwrap_or(i64::MAX),
        i64::try_from(day.accounts_negative).unwrap_or(i64::MAX),
        day.total_paid_minor,
    ];
    Ok(tx.execute(sql, row).await? == 1)
}
