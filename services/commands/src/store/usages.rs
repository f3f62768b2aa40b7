//! Who used which command, and with which values.

use std::collections::{BTreeMap, BTreeSet};

use contracts::commands::Outcome;
use contracts::{CommandId, UsageId, UserId};
use tidings::{Conn, Error, FromRow, Row, Timestamp, Tx, Uuid, params};

use super::{count, of_json, to_json};

/// Letters of a value that it is found by.
const KEY_LETTERS: usize = 200;

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
    /// The values of each parameter; for a secret `None`.
    pub(crate) params: BTreeMap<String, Option<Vec<String>>>,
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
    let values = usage.params.values().flatten().flatten();
    let keys: BTreeSet<String> = values.map(|value| key(value)).collect();
    // Ten thousand values fit into a request. JSON, because a value may hold any letter.
    let sql = tx.dialect().pick(
        "INSERT INTO usage_values (command_id, value, usage_id)
            SELECT $1, value, $2 FROM json_each($3)",
        "INSERT INTO usage_values (command_id, value, usage_id)
            SELECT $1, value, $2 FROM jsonb_array_elements_text($3::text::jsonb) value",
    );
    let keys = to_json("values", &keys)?;
    tx.execute(sql, params![usage.command_id, usage.id, keys])
        .await?;
    let sql = "INSERT INTO uses (command_id, uses, last_used_at) VALUES ($1, 1, $2)
        ON CONFLICT (command_id) DO UPDATE SET uses = uses.uses + 1,
            last_used_at = CASE WHEN uses.last_used_at < excluded.last_used_at
                THEN excluded.last_used_at ELSE uses.last_used_at END";
    tx.execute(sql, params![usage.command_id, usage.at]).await?;
    Ok(())
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

/// Which uses of a command are asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Narrowed {
    /// One of the values is this, in small or large letters.
    pub(crate) value: Option<String>,
    pub(crate) user_id: Option<UserId>,
}

/// The part of a command's uses behind one of them, newest first.
pub(crate) async fn list(
    conn: &mut Conn,
    id: CommandId,
    narrowed: &Narrowed,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Usage>, Error> {
    let (at, last) = match after {
        Some((at, id)) => (at, id.to_string()),
        // Behind every id.
        None => (Timestamp::from_micros(i64::MAX), "g".to_owned()),
    };
    let key = narrowed.value.as_deref().map(key);
    let sql = format!(
        "{SELECT} WHERE u.command_id = $1 AND (u.at < $2 OR (u.at = $2 AND u.id < $3))
            AND (CAST($4 AS TEXT) IS NULL OR u.user_id = $4)
            AND (CAST($5 AS TEXT) IS NULL OR u.id IN
                (SELECT usage_id FROM usage_values WHERE command_id = $1 AND value = $5))
        ORDER BY u.at DESC, u.id DESC LIMIT $6"
    );
    let row = params![id, at, last, narrowed.user_id, key, limit];
    conn.query(&sql, row).await
}
