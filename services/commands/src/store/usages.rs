//! Who used which command, and with which values.

use std::collections::{BTreeMap, BTreeSet};

use contracts::commands::Outcome;
use contracts::{CommandId, UsageId, UserId};
use tidings::{Conn, Error, FromRow, Row, Timestamp, Tx, Uuid, Value, params};

use super::{behind, count, of_json, to_json};

/// Letters of a value that it is found by.
const KEY_LETTERS: usize = 200;
/// How many uses are looked through at once for what is to be forgotten.
const FORGOTTEN: u32 = 500;

/// What was filled in for each parameter; for a secret `None`.
pub(crate) type Values = BTreeMap<String, Option<Vec<String>>>;

/// One use of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) id: UsageId,
    pub(crate) command_id: CommandId,
    pub(crate) revision: u64,
    pub(crate) user_id: UserId,
    /// What they are called, once that was heard.
    pub(crate) user_name: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) params: Values,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) note: String,
}

impl FromRow for Usage {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            command_id: row.get("command_id")?,
            revision: row.get("revision")?,
            user_id: row.get("user_id")?,
            user_name: row.get("user_name")?,
            at: row.get("at")?,
            params: of_json("column params", &row.get::<String>("params")?)?,
            outcome: row.get("outcome")?,
            note: row.get("note")?,
        })
    }
}

/// What a value is found by: however it is written, and no longer than an index takes.
fn key(value: &str) -> String {
    value.to_lowercase().chars().take(KEY_LETTERS).collect()
}

/// Stores a use, and counts it.
pub(crate) async fn insert(tx: &mut Tx, usage: &Usage) -> Result<(), Error> {
    let sql = "INSERT INTO usages (id, command_id, revision, user_id, at, params, outcome, note)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let row = params![
        usage.id,
        usage.command_id,
        count(usage.revision),
        usage.user_id,
        usage.at,
        to_json("params", &usage.params)?,
        usage.outcome,
        &usage.note,
    ];
    tx.execute(sql, row).await?;
    insert_values(tx, usage.command_id, usage.id, &usage.params).await?;
    let sql = "INSERT INTO uses (command_id, uses, last_used_at) VALUES ($1, 1, $2)
        ON CONFLICT (command_id) DO UPDATE SET uses = uses.uses + 1,
            last_used_at = CASE WHEN uses.last_used_at < excluded.last_used_at
                THEN excluded.last_used_at ELSE uses.last_used_at END";
    tx.execute(sql, params![usage.command_id, usage.at]).await?;
    Ok(())
}

/// Stores what a use is found by.
async fn insert_values(
    tx: &mut Tx,
    command_id: CommandId,
    id: UsageId,
    params: &Values,
) -> Result<(), Error> {
    let values = params.values().flatten().flatten();
    let keys: BTreeSet<String> = values.map(|value| key(value)).collect();
    // Ten thousand values fit into a request. JSON, because a value may hold any letter.
    let sql = tx.dialect().pick(
        "INSERT INTO usage_values (command_id, value, usage_id)
            SELECT $1, value, $2 FROM json_each($3)",
        "INSERT INTO usage_values (command_id, value, usage_id)
            SELECT $1, value, $2 FROM jsonb_array_elements_text($3::text::jsonb) value",
    );
    let keys = to_json("values", &keys)?;
    tx.execute(sql, params![command_id, id, keys]).await?;
    Ok(())
}

/// Forgets what was filled in for parameters that are secrets from now on. The command
/// is locked: no use of it comes meanwhile.
pub(crate) async fn forget(
    tx: &mut Tx,
    command_id: CommandId,
    names: &BTreeSet<&str>,
) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let sql = "SELECT id, params FROM usages WHERE command_id = $1 AND id > $2
            ORDER BY id LIMIT $3";
        let rows: Vec<(UsageId, String)> = tx
            .query(sql, params![command_id, &after, FORGOTTEN])
            .await?;
        let Some((last, _)) = rows.last() else {
            return Ok(());
        };
        after = last.to_string();
        for (id, text) in rows {
            forget_of(tx, (command_id, id), names, &text).await?;
        }
    }
}

async fn forget_of(
    tx: &mut Tx,
    (command_id, id): (CommandId, UsageId),
    names: &BTreeSet<&str>,
    text: &str,
) -> Result<(), Error> {
    let mut params: Values = of_json("column params", text)?;
    let mut is_told = false;
    for (name, values) in &mut params {
        if names.contains(name.as_str()) {
            is_told |= values.take().is_some();
        }
    }
    if !is_told {
        return Ok(());
    }
    let sql = "UPDATE usages SET params = $2 WHERE id = $1";
    tx.execute(sql, params![id, to_json("params", &params)?])
        .await?;
    let sql = "DELETE FROM usage_values WHERE command_id = $1 AND usage_id = $2";
    tx.execute(sql, params![command_id, id]).await?;
    insert_values(tx, command_id, id, &params).await
}

const SELECT: &str = "SELECT u.*, coalesce(nullif(p.name, ''), p.email) AS user_name
    FROM usages u LEFT JOIN people p ON p.id = u.user_id";

/// A use that is about to be changed; on PostgreSQL others wait for this transaction.
pub(crate) async fn find_for_update(
    tx: &mut Tx,
    command_id: CommandId,
    id: UsageId,
) -> Result<Option<Usage>, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE OF u");
    let sql = format!("{SELECT} WHERE u.id = $1 AND u.command_id = $2 {lock}");
    tx.query_opt(&sql, params![id, command_id]).await
}

/// Stores what came of a use.
pub(crate) async fn update(tx: &mut Tx, usage: &Usage) -> Result<(), Error> {
    let sql = "UPDATE usages SET outcome = $2, note = $3 WHERE id = $1";
    tx.execute(sql, params![usage.id, usage.outcome, &usage.note])
        .await?;
    Ok(())
}

/// Which uses are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Narrowed {
    /// Of this command only.
    pub(crate) command_id: Option<CommandId>,
    /// One of the values is this, in small or large letters.
    pub(crate) value: Option<String>,
    pub(crate) user_id: Option<UserId>,
}

/// A use with what it was a use of.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) usage: Usage,
    pub(crate) number: i32,
    pub(crate) how_to: String,
    pub(crate) platform: String,
}

impl FromRow for Listed {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            usage: Usage::from_row(row)?,
            number: row.get("number")?,
            how_to: row.get("how_to")?,
            platform: row.get("platform_name")?,
        })
    }
}

/// The part of the uses behind one of them, newest first.
pub(crate) async fn list(
    conn: &mut Conn,
    narrowed: &Narrowed,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Listed>, Error> {
    let (at, last) = behind(after);
    let mut values = vec![Value::from(at), Value::from(last), Value::from(limit)];
    let mut all = vec!["(u.at < $1 OR (u.at = $1 AND u.id < $2))".to_owned()];
    // Only what is asked for: of what may be null no database knows which index helps.
    let mut of_command = String::new();
    if let Some(id) = narrowed.command_id {
        values.push(id.into());
        all.push(format!("u.command_id = ${}", values.len()));
        of_command = format!("command_id = ${} AND", values.len());
    }
    if let Some(id) = narrowed.user_id {
        values.push(id.into());
        all.push(format!("u.user_id = ${}", values.len()));
    }
    if let Some(value) = &narrowed.value {
        values.push(key(value).into());
        all.push(format!(
            "u.id IN (SELECT usage_id FROM usage_values WHERE {of_command} value = ${})",
            values.len()
        ));
    }
    let sql = format!(
        "SELECT u.*, coalesce(nullif(p.name, ''), p.email) AS user_name, c.number, c.how_to,
            platforms.name AS platform_name
        FROM usages u JOIN commands c ON c.id = u.command_id
            JOIN platforms ON platforms.id = c.platform_id
            LEFT JOIN people p ON p.id = u.user_id
        WHERE {} ORDER BY u.at DESC, u.id DESC LIMIT $3",
        all.join(" AND ")
    );
    conn.query(&sql, &values).await
}
