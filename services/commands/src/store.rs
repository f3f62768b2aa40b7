//! All the SQL of commands.

pub(crate) mod demo;
pub(crate) mod favourites;
pub(crate) mod imports;
pub(crate) mod people;
pub(crate) mod platforms;
pub(crate) mod revisions;
pub(crate) mod search;
pub(crate) mod usages;

use contracts::commands::{Shell, Status};
use contracts::{CommandId, PlatformId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidings::{Conn, Error, FromRow, Row, Timestamp, Tx, Uuid, params};

use crate::command::{self, Command};

/// Counted in steps of one from 1; nothing comes near the end of `i64`.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Writes a list of words or parameters for a column.
pub(crate) fn to_json<T: Serialize>(what: &str, value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|source| Error::Encode {
        what: what.to_owned(),
        source,
    })
}

/// Reads what [`to_json`] wrote.
pub(crate) fn of_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Decode {
        what: what.to_owned(),
        reason: error.to_string(),
    })
}

/// Reads a row of `commands`.
pub(crate) fn command_of(row: &Row) -> Result<Command, Error> {
    Ok(Command {
        command_id: row.get("id")?,
        number: row.get("number")?,
        platform_id: row.get("platform_id")?,
        how_to: row.get("how_to")?,
        description: row.get("description")?,
        command_line: row.get("command_line")?,
        shell: row.get("shell")?,
        os: of_json("column os", &row.get::<String>("os")?)?,
        params: of_json("column params", &row.get::<String>("params")?)?,
        tags: of_json("column tags", &row.get::<String>("tags")?)?,
        risk: row.get("risk")?,
        status: row.get("status")?,
        expected_output: row.get("expected_output")?,
        undo_command_id: row.get("undo_command_id")?,
        author: row.get("author")?,
        created_at: row.get("created_at")?,
        last_modified_by: row.get("last_modified_by")?,
        last_modified_at: row.get("last_modified_at")?,
        version: row.get("version")?,
    })
}

/// What a list with the newest first goes on behind: behind nothing, it begins with the newest.
fn behind(after: Option<(Timestamp, Uuid)>) -> (Timestamp, String) {
    match after {
        Some((at, id)) => (at, id.to_string()),
        // Behind every id.
        None => (Timestamp::from_micros(i64::MAX), "g".to_owned()),
    }
}

/// A command that was read: a type of this crate for a type of the contracts.
struct Stored(Command);

impl FromRow for Stored {
    fn from_row(row: &Row) -> Result<Self, Error> {
        command_of(row).map(Self)
    }
}

/// Waits until nobody else writes new commands down, until COMMIT. It comes before the lock of
/// any platform: who holds a platform and waits for the numbers would stop who holds the
/// numbers and waits for the platform.
pub(crate) async fn hold_numbers(tx: &mut Tx) -> Result<(), Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql = format!("SELECT last FROM numbers {lock}");
    let _: (i64,) = tx.query_one(&sql, &[]).await?;
    Ok(())
}

/// The next number of a command.
pub(crate) async fn next_number(tx: &mut Tx) -> Result<i32, Error> {
    let sql = "UPDATE numbers SET last = last + 1 RETURNING last";
    let (number,) = tx.query_one(sql, &[]).await?;
    Ok(number)
}

/// Stores a new command.
pub(crate) async fn insert(tx: &mut Tx, command: &Command) -> Result<(), Error> {
    let sql = "INSERT INTO commands (id, number, platform_id, how_to, description, command_line,
            likeness, shell, os, params, tags, risk, status, expected_output, undo_command_id,
            author, created_at, last_modified_by, last_modified_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
            $19, $20)";
    let row = params![
        command.command_id,
        command.number,
        command.platform_id,
        &command.how_to,
        &command.description,
        &command.command_line,
        command::likeness(command),
        command.shell,
        to_json("os", &command.os)?,
        to_json("params", &command.params)?,
        to_json("tags", &command.tags)?,
        command.risk,
        command.status,
        command.expected_output.clone(),
        command.undo_command_id,
        command.author,
        command.created_at,
        command.last_modified_by,
        command.last_modified_at,
        count(command.version),
    ];
    tx.execute(sql, row).await?;
    search::keep(tx, command).await
}

/// Stores what has changed of a command that was loaded for it.
pub(crate) async fn update(tx: &mut Tx, command: &Command) -> Result<(), Error> {
    let sql = "UPDATE commands SET how_to = $2, description = $3, command_line = $4,
            likeness = $5, shell = $6, os = $7, params = $8, tags = $9, risk = $10, status = $11,
            expected_output = $12, undo_command_id = $13, last_modified_by = $14,
            last_modified_at = $15, version = $16
        WHERE id = $1 AND version = $17";
    let row = params![
        command.command_id,
        &command.how_to,
        &command.description,
        &command.command_line,
        command::likeness(command),
        command.shell,
        to_json("os", &command.os)?,
        to_json("params", &command.params)?,
        to_json("tags", &command.tags)?,
        command.risk,
        command.status,
        command.expected_output.clone(),
        command.undo_command_id,
        command.last_modified_by,
        command.last_modified_at,
        count(command.version),
        count(command.version - 1),
    ];
    match tx.execute(sql, row).await? {
        1 => search::keep(tx, command).await,
        _ => Err(Error::Overtaken),
    }
}

/// The id of a command that somebody names by its id or its number.
pub(crate) async fn resolve(conn: &mut Conn, name: &str) -> Result<Option<CommandId>, Error> {
    if let Ok(id) = name.parse() {
        return Ok(Some(id));
    }
    let Ok(number) = name.parse::<i32>() else {
        return Ok(None);
    };
    let sql = "SELECT id FROM commands WHERE number = $1";
    let found: Option<(CommandId,)> = conn.query_opt(sql, params![number]).await?;
    Ok(found.map(|(id,)| id))
}

/// Loads a command to show it.
pub(crate) async fn find(conn: &mut Conn, id: CommandId) -> Result<Option<Command>, Error> {
    let sql = "SELECT * FROM commands WHERE id = $1";
    let found: Option<Stored> = conn.query_opt(sql, params![id]).await?;
    Ok(found.map(|Stored(command)| command))
}

/// Loads a command that is about to be changed; on PostgreSQL others wait for this transaction.
/// Its platform was locked before, so that whoever wants both waits for both in one order.
pub(crate) async fn find_for_update(tx: &mut Tx, id: CommandId) -> Result<Option<Command>, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql = format!("SELECT * FROM commands WHERE id = $1 {lock}");
    let found: Option<Stored> = tx.query_opt(&sql, params![id]).await?;
    Ok(found.map(|Stored(command)| command))
}

/// Among which commands another is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Among {
    /// Those that are in use.
    InUse,
    /// Also those that shall not be used any more.
    Everything,
}

/// A command that is about to be used: on PostgreSQL it is not changed before COMMIT.
pub(crate) async fn find_for_use(tx: &mut Tx, id: CommandId) -> Result<Option<CommandId>, Error> {
    let lock = tx.dialect().pick("", "FOR SHARE");
    let sql = format!("SELECT id FROM commands WHERE id = $1 {lock}");
    let found: Option<(CommandId,)> = tx.query_opt(&sql, params![id]).await?;
    Ok(found.map(|(id,)| id))
}

/// Another command of the same platform that has the same line; one in use before others.
pub(crate) async fn alike(
    conn: &mut Conn,
    command: &Command,
    among: Among,
) -> Result<Option<CommandId>, Error> {
    let status = match among {
        Among::InUse => "AND status <> 'deprecated'",
        Among::Everything => "",
    };
    let sql = format!(
        "SELECT id FROM commands WHERE platform_id = $1 AND likeness = $2
            AND command_line = $3 AND shell = $4 AND id <> $5 {status}
        ORDER BY CASE status WHEN 'deprecated' THEN 1 ELSE 0 END, number LIMIT 1"
    );
    let shell: Shell = command.shell;
    let row = params![
        command.platform_id,
        command::likeness(command),
        &command.command_line,
        shell,
        command.command_id,
    ];
    let found: Option<(CommandId,)> = conn.query_opt(&sql, row).await?;
    Ok(found.map(|(id,)| id))
}

/// How often a command was used, and when last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub(crate) struct Uses {
    pub(crate) uses: i64,
    pub(crate) last_used_at: Option<Timestamp>,
}

/// How often a command was used.
pub(crate) async fn uses(conn: &mut Conn, id: CommandId) -> Result<Uses, Error> {
    let sql = "SELECT uses, last_used_at FROM uses WHERE command_id = $1";
    Ok(conn.query_opt(sql, params![id]).await?.unwrap_or_default())
}

/// What those are called whom a command names, once that was heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) author: Option<String>,
    pub(crate) last_modified_by: Option<String>,
}

impl FromRow for Names {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            author: row.get("author_name")?,
            last_modified_by: row.get("modifier_name")?,
        })
    }
}

/// The names of those whom a command names.
pub(crate) async fn names(conn: &mut Conn, command: &Command) -> Result<Names, Error> {
    Ok(Names {
        author: people::name(conn, command.author).await?,
        last_modified_by: people::name(conn, command.last_modified_by).await?,
    })
}

/// A command of a list, with how often it was used and by whom it is.
pub(crate) struct Listed {
    pub(crate) command: Command,
    pub(crate) uses: Uses,
    pub(crate) names: Names,
}

impl FromRow for Listed {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            command: command_of(row)?,
            uses: Uses {
                uses: row.get::<Option<i64>>("uses")?.unwrap_or(0),
                last_used_at: row.get("last_used_at")?,
            },
            names: Names::from_row(row)?,
        })
    }
}

/// The part of a platform's commands behind a number, in the order of their numbers.
pub(crate) async fn of_platform(
    conn: &mut Conn,
    id: PlatformId,
    after: i32,
    limit: u32,
) -> Result<Vec<Listed>, Error> {
    let sql = "SELECT c.*, u.uses, u.last_used_at,
            coalesce(nullif(a.name, ''), a.email) AS author_name,
            coalesce(nullif(m.name, ''), m.email) AS modifier_name
        FROM commands c LEFT JOIN uses u ON u.command_id = c.id
            LEFT JOIN people a ON a.id = c.author
            LEFT JOIN people m ON m.id = c.last_modified_by
        WHERE c.platform_id = $1 AND c.number > $2 ORDER BY c.number LIMIT $3";
    conn.query(sql, params![id, after, limit]).await
}

/// Commands for an export, in the order of their numbers: one more than the most that may be,
/// if there are more.
pub(crate) async fn exported(
    conn: &mut Conn,
    platform_id: Option<PlatformId>,
    status: Option<Status>,
    most: usize,
) -> Result<Vec<Command>, Error> {
    let sql = "SELECT * FROM commands
        WHERE (CAST($1 AS TEXT) IS NULL OR platform_id = $1)
            AND (CAST($2 AS TEXT) IS NULL OR status = $2)
        ORDER BY number LIMIT $3";
    let most = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let found: Vec<Stored> = conn.query(sql, params![platform_id, status, most]).await?;
    Ok(found.into_iter().map(|Stored(command)| command).collect())
}

/// Whether there is such a command.
pub(crate) async fn is_there(conn: &mut Conn, id: CommandId) -> Result<bool, Error> {
    let sql = "SELECT id FROM commands WHERE id = $1";
    let found: Option<(Uuid,)> = conn.query_opt(sql, params![id]).await?;
    Ok(found.is_some())
}
