//! The ledger: written once, read by account and by day.

use std::collections::HashSet;

use contracts::accounting::TransactionKind;
use contracts::{TransactionId, UserId};
use serde_json::{Value as Json, json};
use tidings::{Conn, Error, Paging, Place, Timestamp, Tx, Uuid, params};

use crate::ledger::{Cause, Entry, Movement};
use contracts::calendar::BillingDay;

/// Where a line stands in an account: by the day that it counts for, then by when what it is
/// for happened (B-23).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByTime(BillingDay, Timestamp, Uuid);

impl ByTime {
    pub(crate) fn of(entry: &Entry) -> Self {
        Self(entry.billing_day, entry.at, entry.id.uuid())
    }
}

impl Place for ByTime {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '_');
        let day = parts.next()?.parse().ok()?;
        let at = Timestamp::from_micros(parts.next()?.parse().ok()?);
        Some(Self(day, at, Uuid::try_parse(parts.next()?).ok()?))
    }

    fn write(&self) -> String {
        format!("{}_{}_{}", self.0, self.1.as_micros(), self.2)
    }
}

/// Writes movements down, with the day on which each counts and whether it is late. Gives those
/// whose source, or the same fact from another source, was not posted before (B-20).
pub(crate) async fn insert_all(
    tx: &mut Tx,
    rows: &[(TransactionId, &Movement, BillingDay, bool)],
) -> Result<HashSet<TransactionId>, Error> {
    let rows = rows.iter().map(|row| as_json(*row));
    let rows = Json::Array(rows.collect()).to_string();
    let sql = format!(
        "INSERT INTO ledger (id, source, kind, account_id, debit_account, credit_account,
            amount_minor, task_id, assignment_no, reason, shuffle_id, actor, billing_day, at,
            posted_at, late, note)
        SELECT r.value ->> 'id', r.value ->> 'source', r.value ->> 'kind',
            r.value ->> 'account_id', r.value ->> 'debit', r.value ->> 'credit',
            CAST(r.value ->> 'amount_minor' AS BIGINT), r.value ->> 'task_id',
            CAST(r.value ->> 'assignment_no' AS BIGINT), r.value ->> 'reason',
            r.value ->> 'shuffle_id', r.value ->> 'actor', r.value ->> 'billing_day',
            CAST(r.value ->> 'at' AS BIGINT), CAST($2 AS BIGINT), CAST(r.value ->> 'late' AS BOOLEAN),
            r.value ->> 'note'
        FROM {} WHERE TRUE ON CONFLICT DO NOTHING RETURNING id",
        super::rows_of_json(tx)
    );
    let now = tx.now();
    let posted: Vec<(TransactionId,)> = tx.query(&sql, params![rows, now]).await?;
    Ok(posted.into_iter().map(|(id,)| id).collect())
}

fn as_json(
    (id, movement, billing_day, late): (TransactionId, &Movement, BillingDay, bool),
) -> Json {
    let (assignment_no, reason, shuffle_id) = match &movement.cause {
        Cause::Assigned {
            assignment_no,
            reason,
            shuffle_id,
            ..
        } => (Some(*assignment_no), Some(reason.as_str()), *shuffle_id),
        Cause::Completed { .. } | Cause::Payout | Cause::Adjustment { .. } => (None, None, None),
    };
    let note = match &movement.cause {
        Cause::Adjustment { note, .. } => Some(note),
        _ => None,
    };
    let [debit, credit] = movement.sides();
    json!({
        "id": id,
        "source": movement.source,
        "kind": movement.cause.kind().as_str(),
        "account_id": movement.account_id,
        "debit": debit,
        "credit": credit,
        "amount_minor": movement.amount_minor,
        "task_id": movement.cause.task_id(),
        "assignment_no": assignment_no,
        "reason": reason,
        "shuffle_id": shuffle_id,
        "actor": movement.actor,
        "billing_day": billing_day.to_string(),
        "at": movement.at.as_micros(),
        "late": late,
        "note": note,
    })
}

/// Lines with what is known of their tasks and of who did it.
const LINES: &str = "SELECT l.id, l.kind, l.task_id, t.title, t.jira_id, l.reason, l.shuffle_id,
        CASE WHEN l.debit_account = l.account_id THEN -l.amount_minor ELSE l.amount_minor END
            AS delta_minor,
        COALESCE(NULLIF(actors.name, ''), NULLIF(actors.email, '')) AS actor_name,
        l.note, l.billing_day, l.at, l.late
    FROM ledger l LEFT JOIN tasks t ON t.id = l.task_id
        LEFT JOIN accounts actors ON l.actor = 'user:' || actors.id";

/// Part of somebody's account, newest first; of one day if one is given.
pub(crate) async fn entries(
    conn: &mut Conn,
    account_id: UserId,
    day: Option<BillingDay>,
    paging: &Paging<ByTime>,
) -> Result<Vec<Entry>, Error> {
    let day = day.map(|day| day.to_string()).unwrap_or_default();
    let (last_day, last_at, last_id) = match paging.after {
        Some(ByTime(day, at, id)) => (day.to_string(), at, id),
        // Behind every day: a letter sorts behind all digits.
        None => (
            "z".to_owned(),
            Timestamp::from_micros(i64::MAX),
            Uuid::max(),
        ),
    };
    let sql = format!(
        "{LINES} WHERE l.account_id = $1 AND ($2 = '' OR l.billing_day = $2)
            AND (l.billing_day, l.at, l.id) < ($3, $4, $5)
        ORDER BY l.billing_day DESC, l.at DESC, l.id DESC LIMIT $6"
    );
    let row = params![account_id, day, last_day, last_at, last_id, paging.fetch()];
    conn.query(&sql, row).await
}

/// Somebody's lines, oldest first, of one day or of all; so many at the most.
pub(crate) async fn entries_of_day(
    conn: &mut Conn,
    account_id: UserId,
    day: Option<BillingDay>,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    let day = day.map(|day| day.to_string()).unwrap_or_default();
    let sql = format!(
        "{LINES} WHERE l.account_id = $1 AND ($2 = '' OR l.billing_day = $2)
        ORDER BY l.billing_day, l.at, l.id LIMIT $3"
    );
    conn.query(&sql, params![account_id, day, limit]).await
}

/// When the last thing happened that counts for a day in somebody's account.
pub(crate) async fn latest_on(
    conn: &mut Conn,
    account_id: UserId,
    day: BillingDay,
) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT MAX(at) FROM ledger WHERE account_id = $1 AND billing_day = $2";
    let (latest,) = conn.query_one(sql, params![account_id, day]).await?;
    Ok(latest)
}

/// What was in somebody's account before a day.
pub(crate) async fn opening(
    conn: &mut Conn,
    account_id: UserId,
    day: BillingDay,
) -> Result<i64, Error> {
    let sql = "SELECT CAST(COALESCE(SUM(delta_minor), 0) AS BIGINT) FROM entries
        WHERE account_id = $1 AND billing_day < $2";
    let (minor,) = conn.query_one(sql, params![account_id, day]).await?;
    Ok(minor)
}

/// Sums of a day in one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct Totals {
    pub(crate) fees_minor: i64,
    pub(crate) rewards_minor: i64,
    pub(crate) paid_minor: i64,
}

impl Totals {
    /// What the day brought: rewards less fees.
    pub(crate) fn earned_minor(&self) -> i64 {
        self.rewards_minor - self.fees_minor
    }
}

/// What a day brought somebody.
pub(crate) async fn totals(
    conn: &mut Conn,
    account_id: UserId,
    day: BillingDay,
) -> Result<Totals, Error> {
    let sum = |kind: TransactionKind, name: &str| {
        let kind = kind.as_str();
        format!(
            "CAST(COALESCE(SUM(CASE WHEN kind = '{kind}' THEN amount_minor END), 0) AS BIGINT)
            AS {name}"
        )
    };
    let sql = format!(
        "SELECT {}, {}, {} FROM ledger WHERE account_id = $1 AND billing_day = $2",
        sum(TransactionKind::AssignFee, "fees_minor"),
        sum(TransactionKind::TaskReward, "rewards_minor"),
        sum(TransactionKind::Payout, "paid_minor"),
    );
    conn.query_one(&sql, params![account_id, day]).await
}
