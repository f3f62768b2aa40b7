//! The history: rows that nobody changes.

use serde::de::DeserializeOwned;
use tidings::{Conn, Dialect, Error, Row, Timestamp, Tx, Uuid, Value};

use super::{parts, places};
use crate::changes::Change;

pub(crate) async fn insert(tx: &mut Tx, changes: &[Change]) -> Result<(), Error> {
    for part in parts(changes, ROW) {
        let sql = format!(
            "INSERT INTO changes (id, request_id, actor, action, entity, entity_id, before,
                after, changed_fields, comment, at)
            VALUES {}",
            places(part.len(), ROW),
        );
        let rows: Vec<_> = part.iter().map(row).collect();
        tx.execute(&sql, &rows.concat()).await?;
    }
    Ok(())
}

const ROW: usize = 11;

fn row(change: &Change) -> [Value; ROW] {
    let text = |value: &serde_json::Value| value.to_string();
    [
        change.id.into(),
        change.request_id.into(),
        change.actor.into(),
        (&change.action).into(),
        (&change.entity).into(),
        (&change.entity_id).into(),
        change.before.as_ref().map(text).into(),
        change.after.as_ref().map(text).into(),
        serde_json::Value::from(change.changed_fields.clone())
            .to_string()
            .into(),
        (&change.comment).into(),
        change.at.into(),
    ]
}

/// Which changes are wanted; all if nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) actor: Option<Uuid>,
    pub(crate) since: Option<Timestamp>,
    /// Of any of these entities, or of all if there is none.
    pub(crate) entities: Vec<String>,
    pub(crate) entity_id: Option<String>,
    pub(crate) request_id: Option<Uuid>,
    /// Only those in which a cost or a licence was changed.
    pub(crate) of_costs: bool,
}

impl Wanted {
    /// What narrows the log, each with ` AND ` in front, and its values. An entity is looked up
    /// where nothing else is: of the rest, databases would take its index first, and read all
    /// changes of platforms for those of one account (82 ms in place of one).
    fn conditions(&self, dialect: Dialect) -> (String, Vec<Value>) {
        let mut sql = String::new();
        let mut values: Vec<Value> = self.entities.iter().map(Value::from).collect();
        if !values.is_empty() {
            let is_alone = self.actor.is_none()
                && self.entity_id.is_none()
                && self.request_id.is_none()
                && !self.of_costs;
            let entity = match is_alone {
                true => "c.entity",
                false => dialect.pick("(+c.entity)", "(c.entity || '')"),
            };
            sql += &format!(" AND {entity} IN {}", places(1, values.len()));
        }
        let conditions: [(&str, Option<Value>); 4] = [
            ("c.actor =", self.actor.map(Value::from)),
            ("c.at >=", self.since.map(Value::from)),
            ("c.entity_id =", self.entity_id.clone().map(Value::from)),
            ("c.request_id =", self.request_id.map(Value::from)),
        ];
        for (condition, value) in conditions {
            if let Some(value) = value {
                values.push(value);
                sql += &format!(" AND {condition} ${}", values.len());
            }
        }
        if self.of_costs {
            sql += &of_costs(dialect);
        }
        (sql, values)
    }
}

/// As the index `changes_of_costs` says it.
fn of_costs(dialect: Dialect) -> String {
    let place = dialect.pick("instr", "strpos");
    let says = |part: &str| format!("{place}(c.changed_fields, '{part}') > 0");
    let parts = [
        "\"cost_",
        "\"licence_",
        "\"budget_code\"",
        "\"purchase_order\"",
    ];
    format!(" AND ({})", parts.map(says).join(" OR "))
}

/// Part of them, newest first, with what each actor is called.
pub(crate) async fn list(
    conn: &mut Conn,
    wanted: &Wanted,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<(Change, Option<String>)>, Error> {
    let (conditions, mut values) = wanted.conditions(conn.dialect());
    let mut sql = format!(
        "SELECT c.*, coalesce(nullif(p.name, ''), p.email) AS actor_name
        FROM changes c LEFT JOIN people p ON p.id = c.actor WHERE 1 = 1{conditions}"
    );
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
