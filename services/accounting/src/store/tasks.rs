//! What tasks are called and what they cost.

use contracts::TaskId;
use contracts::tasks::TaskRecord;
use tidings::{Error, Tx, params};

use crate::price::Price;

/// Takes over a task's title, unless a newer one is known, and lets pages that show it know.
pub(crate) async fn keep_task(tx: &mut Tx, task: &TaskRecord) -> Result<(), Error> {
    let sql = "INSERT INTO tasks (id, title, jira_id, version) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET title = excluded.title, jira_id = excluded.jira_id,
            version = excluded.version
        WHERE tasks.version < excluded.version";
    let version = i64::try_from(task.version).unwrap_or(i64::MAX);
    let jira_id = task.jira_id.as_deref();
    let row = params![task.task_id, &task.title, jira_id, version];
    tx.execute(sql, row).await?;
    let sql = "UPDATE accounts SET revision = revision + 1
        WHERE id IN (SELECT account_id FROM ledger WHERE task_id = $1)";
    tx.execute(sql, params![task.task_id]).await?;
    Ok(())
}

/// A task's price, if it has one.
pub(crate) async fn price(tx: &mut Tx, task_id: TaskId) -> Result<Option<Price>, Error> {
    let sql = "SELECT assign_fee_minor, reward_minor FROM prices WHERE task_id = $1";
    tx.query_opt(sql, params![task_id]).await
}

/// Fixes a task's price (B-19).
pub(crate) async fn insert_price(tx: &mut Tx, task_id: TaskId, price: Price) -> Result<(), Error> {
    let sql = "INSERT INTO prices (task_id, assign_fee_minor, reward_minor, priced_at)
        VALUES ($1, $2, $3, $4)";
    let row = params![
        task_id,
        price.assign_fee_minor,
        price.reward_minor,
        tx.now()
    ];
    tx.execute(sql, row).await?;
    Ok(())
}
