//! What events write. None of it asks what time it is or what another stream has said, so it
//! is the same whenever it is applied.

use contracts::calendar::BillingDay;
use contracts::tasks::TaskRecord;
use contracts::users::User;
use contracts::{TaskId, UserId};
use tidings::{Error, EventId, Timestamp, View, params};

/// Takes over the public record of a person, unless a newer one is known.
pub(crate) async fn keep_user(view: &mut View<'_>, user: &User) -> Result<(), Error> {
    let sql =
        "INSERT INTO people (id, email, name, is_dealt_to, version) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name,
            is_dealt_to = excluded.is_dealt_to, version = excluded.version
        WHERE people.version < excluded.version";
    let is_dealt_to = user.is_dealt_to();
    let version = number(user.version);
    let row = params![user.user_id, &user.email, &user.name, is_dealt_to, version];
    view.execute(sql, row).await?;
    Ok(())
}

/// Takes over a task's title, unless a newer one is known.
pub(crate) async fn keep_task(view: &mut View<'_>, task: &TaskRecord) -> Result<(), Error> {
    let sql = "INSERT INTO tasks (id, title, jira_id, version) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET title = excluded.title, jira_id = excluded.jira_id,
            version = excluded.version
        WHERE tasks.version < excluded.version";
    let jira_id = task.jira_id.as_deref();
    let row = params![task.task_id, &task.title, jira_id, number(task.version)];
    view.execute(sql, row).await?;
    Ok(())
}

/// What is in an account now.
pub(crate) async fn set_balance(
    view: &mut View<'_>,
    account_id: UserId,
    balance_minor: i64,
) -> Result<(), Error> {
    let sql = "INSERT INTO balances (account_id, balance_minor) VALUES ($1, $2)
        ON CONFLICT (account_id) DO UPDATE SET balance_minor = excluded.balance_minor";
    view.execute(sql, params![account_id, balance_minor])
        .await?;
    Ok(())
}

/// A fee or a reward, and the day that it counts for.
pub(crate) struct Entry {
    pub(crate) account_id: UserId,
    pub(crate) billing_day: BillingDay,
    pub(crate) fee_minor: i64,
    pub(crate) reward_minor: i64,
}

/// Adds to what a day has brought (B-25).
pub(crate) async fn earn(view: &mut View<'_>, entry: &Entry) -> Result<(), Error> {
    let sql = "INSERT INTO earnings (account_id, billing_day, fees_minor, rewards_minor)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (account_id, billing_day) DO UPDATE SET
            fees_minor = earnings.fees_minor + excluded.fees_minor,
            rewards_minor = earnings.rewards_minor + excluded.rewards_minor";
    let row = params![
        entry.account_id,
        entry.billing_day,
        entry.fee_minor,
        entry.reward_minor
    ];
    view.execute(sql, row).await?;
    Ok(())
}

/// A task was finished. A second reward for it fails here and is seen, because there is none
/// (B-17).
pub(crate) async fn complete(
    view: &mut View<'_>,
    task_id: TaskId,
    reward_minor: i64,
    completed_at: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO completions (task_id, reward_minor, completed_at) VALUES ($1, $2, $3)";
    view.execute(sql, params![task_id, reward_minor, completed_at])
        .await?;
    Ok(())
}

/// A day is over. It ends once.
pub(crate) async fn close(
    view: &mut View<'_>,
    date: BillingDay,
    management_earned_minor: i64,
    popugs_negative: u64,
) -> Result<(), Error> {
    let sql = "INSERT INTO closed_days (date, management_earned_minor, popugs_negative)
        VALUES ($1, $2, $3)";
    let row = params![date, management_earned_minor, number(popugs_negative)];
    view.execute(sql, row).await?;
    Ok(())
}

/// Counts the event, in the row of its slot.
pub(crate) async fn note(view: &mut View<'_>, id: &EventId) -> Result<(), Error> {
    let sql = "INSERT INTO applied (stream, slot, events) VALUES ($1, $2, 1)
        ON CONFLICT (stream, slot) DO UPDATE SET events = applied.events + 1";
    view.execute(sql, params![&id.stream, id.slot]).await?;
    Ok(())
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
