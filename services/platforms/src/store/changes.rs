//! The history: rows that nobody changes.

use serde::de::DeserializeOwned;
use tidings::{Conn, Error, Row, Timestamp, Tx, Uuid, Value, params};

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

/// Which changes are wanted; all if nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) actor: Option<Uuid>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) entity: Option<String>,
    pub(crate) entity_id: Option<String>,
    pub(crate) request_id: Option<Uuid>,
}

/// Part of them, newest first, with what each actor is called.
pub(crate) async fn list(
    conn: &mut Conn,
    wanted: &Wanted,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<(Change, Option<String>)>, Error> {
    let mut sql = "SELECT c.*, coalesce(nullif(p.name, ''), p.email) AS actor_name
        FROM changes c LEFT JOIN people p ON p.id = c.actor WHERE 1 = 1"
        .to_owned();
    let mut values = Vec::new();
    let conditions: [(&str, Option<Value>); 5] = [
        ("c.actor =", wanted.actor.map(Value::from)),
        ("c.at >=", wanted.since.map(Value::from)),
        ("c.entity =", wanted.entity.clone().map(Value::from)),
        ("c.entity_id =", wanted.entity_id.clone().map(Value::from)),
        ("c.request_id =", wanted.request_id.map(Value::from)),
    ];
    for (condition, value) in conditions {
        if let Some(value) = value {
            values.push(value);
            sql += &format!(" AND {condition} ${}", values.len());
        }
    }
    if let Some((at, id)) = after {
        values.extend([Value::from(at), Value::from(id)]);
        let last = values.len();
        sql += &format!(" AND (c.at, c.id) < (${}, ${last})", last - 1);
    }
    values.push(limit.into());
    sql += &format!(" ORDER BY c.at DESC, c.id DESC LIMIT ${}", values.len());
    let rows: Vec<Row> = conn.query(&sql, &values).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<(Change, Option<String>), Error> {
    let json = |text: Option<String>| text.map(|text| parsed(&text)).transpose();
    let fields = parsed(&row.get::<String>("changed_fields")?)?;
    let change = Change {
        id: row.get("id")?,
        request_id: row.get("request_id")?,
        actor: row.get("actor")?,
        action: row.get("action")?,
        entity: row.get("entity")?,
        entity_id: row.get("entity_id")?,
        before: json(row.get("before")?)?,
        after: json(row.get("after")?)?,
        changed_fields: fields,
        comment: row.get("comment")?,
        at: row.get("at")?,
    };
    Ok((change, row.get("actor_name")?))
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Decode {
        what: "a change".to_owned(),
        reason: error.to_string(),
    })
}
