//! The history: rows that nobody changes.

use tidings::{Error, Tx, params};

use crate::changes::Change;

pub(crate) async fn insert(tx: &mut Tx, change: &Change) -> Result<(), Error> {
    let sql = "INSERT INTO changes (id, request_id, actor, action, entity, entity_id, before,
            after, changed_fields, comment, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let text = |value: &serde_json::Value| value.to_string();
    let row = params![
        change.id,
        change.request_id,
        change.actor,
        &change.action,
        &change.entity,
        &change.entity_id,
        change.before.as_ref().map(text),
        change.after.as_ref().map(text),
        serde_json::Value::from(change.changed_fields.clone()).to_string(),
        &change.comment,
        change.at,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}
