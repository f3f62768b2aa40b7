//! What tasks are called and what they cost.

use std::collections::{BTreeMap, BTreeSet};

use contracts::TaskId;
use contracts::tasks::TaskRecord;
use serde_json::{Value as Json, json};
use tidings::{Error, Tx, params};

use crate::price::Price;

/// Takes over tasks' titles, unless newer ones are known, and lets pages that show a title that
/// has changed know. Most records of a task bring another holder and the title of before.
pub(crate) async fn keep_tasks(
    tx: &mut Tx,
    tasks: &BTreeMap<TaskId, &TaskRecord>,
) -> Result<(), Error> {
    let ids: Vec<&TaskId> = tasks.keys().collect();
    let sql = format!(
        "SELECT id, title, jira_id FROM tasks WHERE id IN ({})",
        super::texts_of_json(tx)
    );
    let known = tx.query(&sql, params![json!(ids).to_string()]).await?;
    let known: BTreeMap<TaskId, (String, Option<String>)> = known
        .into_iter()
        .map(|(id, title, jira_id)| (id, (title, jira_id)))
        .collect();
    let rows = tasks.values().map(|task| {
        json!({ "id": task.task_id, "title": task.title, "jira_id": task.jira_id,
            "version": task.version })
    });
    let sql = format!(
        "INSERT INTO tasks (id, title, jira_id, version)
        SELECT r.value ->> 'id', r.value ->> 'title', r.value ->> 'jira_id',
            CAST(r.value ->> 'version' AS BIGINT)
        FROM {} WHERE TRUE
        ON CONFLICT (id) DO UPDATE SET title = excluded.title, jira_id = excluded.jira_id,
            version = excluded.version
        WHERE tasks.version < excluded.version",
        super::rows_of_json(tx)
    );
    let rows = Json::Array(rows.collect()).to_string();
    tx.execute(&sql, params![rows]).await?;
    let is_other = |task: &&&TaskRecord| match known.get(&task.task_id) {
        Some((title, jira_id)) => *title != task.title || *jira_id != task.jira_id,
        None => true,
    };
    let others: Vec<TaskId> = tasks
        .values()
        .filter(is_other)
        .map(|task| task.task_id)
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE accounts SET revision = revision + 1
        WHERE id IN (SELECT account_id FROM ledger WHERE task_id IN ({}))",
        super::texts_of_json(tx)
    );
    tx.execute(&sql, params![json!(others).to_string()]).await?;
    Ok(())
}

/// The prices of some tasks; those that have none yet are missing.
pub(crate) async fn prices(
    tx: &mut Tx,
    tasks: &BTreeSet<TaskId>,
) -> Result<BTreeMap<TaskId, Price>, Error> {
    let sql = format!(
        "SELECT task_id, assign_fee_minor, reward_minor FROM prices WHERE task_id IN ({})",
        super::texts_of_json(tx)
    );
    let rows: Vec<(TaskId, i64, i64)> = tx.query(&sql, params![json!(tasks).to_string()]).await?;
    let priced = |(task_id, assign_fee_minor, reward_minor)| {
        let price = Price {
            assign_fee_minor,
            reward_minor,
        };
        (task_id, price)
    };
    Ok(rows.into_iter().map(priced).collect())
}

/// Fixes tasks' prices (B-19).
pub(crate) async fn insert_prices(tx: &mut Tx, prices: &[(TaskId, Price)]) -> Result<(), Error> {
    let rows = prices.iter().map(|(task_id, price)| {
        json!({ "task_id": task_id, "fee": price.assign_fee_minor, "reward": price.reward_minor })
    });
    let rows = Json::Array(rows.collect()).to_string();
    let sql = format!(
        "INSERT INTO prices (task_id, assign_fee_minor, reward_minor, priced_at)
        SELECT r.value ->> 'task_id', CAST(r.value ->> 'fee' AS BIGINT),
            CAST(r.value ->> 'reward' AS BIGINT), CAST($2 AS BIGINT)
        FROM {}",
        super::rows_of_json(tx)
    );
    let now = tx.now();
    tx.execute(&sql, params![rows, now]).await?;
    Ok(())
}
