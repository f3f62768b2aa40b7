//! What each command has said at each version of it.

use std::collections::BTreeSet;

use contracts::{CommandId, UserId};
use tidings::{Conn, Error, FromRow, Row, Timestamp, Tx, params};

use super::{count, of_json, to_json};
use crate::command::Command;

/// A command as it was, and who made it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revision {
    pub(crate) record: Command,
    pub(crate) by: UserId,
    /// What they are called, once that was heard.
    pub(crate) name: Option<String>,
    /// Why; may be empty.
    pub(crate) comment: String,
    pub(crate) at: Timestamp,
}

impl FromRow for Revision {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            record: of_json("column record", &row.get::<String>("record")?)?,
            by: row.get("by")?,
            name: row.get("name")?,
            comment: row.get("comment")?,
            at: row.get("at")?,
        })
    }
}

/// Writes down what a command says now.
pub(crate) async fn insert(tx: &mut Tx, command: &Command, comment: &str) -> Result<(), Error> {
    let sql = "INSERT INTO revisions (command_id, version, record, by, comment, at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let row = params![
        command.command_id,
        count(command.version),
        to_json("record", command)?,
        command.last_modified_by,
        comment,
        command.last_modified_at,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

const SELECT: &str = "SELECT r.record, r.by, r.comment, r.at,
        coalesce(nullif(p.name, ''), p.email) AS name
    FROM revisions r LEFT JOIN people p ON p.id = r.by";

/// What a command said at a version of it.
pub(crate) async fn find(
    conn: &mut Conn,
    id: CommandId,
    version: u64,
) -> Result<Option<Revision>, Error> {
    let sql = format!("{SELECT} WHERE r.command_id = $1 AND r.version = $2");
    conn.query_opt(&sql, params![id, count(version)]).await
}

/// The part of a command's revisions before a version, newest first.
pub(crate) async fn list(
    conn: &mut Conn,
    id: CommandId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<Revision>, Error> {
    let sql = format!(
        "{SELECT} WHERE r.command_id = $1 AND r.version < $2 ORDER BY r.version DESC LIMIT $3"
    );
    let before = before.map_or(i64::MAX, count);
    conn.query(&sql, params![id, before, limit]).await
}

/// The parameters that are a secret in any revision of a command.
pub(crate) async fn secrets(conn: &mut Conn, id: CommandId) -> Result<BTreeSet<String>, Error> {
    let sql = conn.dialect().pick(
        "SELECT DISTINCT json_extract(param.value, '$.name') FROM revisions r,
            json_each(r.record, '$.params') param
        WHERE r.command_id = $1 AND json_extract(param.value, '$.type') = 'secret'",
        "SELECT DISTINCT param ->> 'name' FROM revisions r,
            json_array_elements(r.record::json -> 'params') param
        WHERE r.command_id = $1 AND param ->> 'type' = 'secret'",
    );
    let found: Vec<(String,)> = conn.query(sql, params![id]).await?;
    Ok(found.into_iter().map(|(name,)| name).collect())
}
