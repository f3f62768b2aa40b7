//! The table of commands that wait for a reply: all its SQL.

use std::time::Duration;

use serde::Serialize;

use super::CommandId;
use crate::db::Migration;
use crate::handle::Handle;
use crate::{Error, FromRow, Timestamp, Tx, params};

/// How long a command that has ended stays in the table, so that a late reply is known.
const KEEP: Duration = Duration::from_secs(30 * 86_400);

pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0008_commands",
    "CREATE TABLE tidings_commands (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL, target TEXT NOT NULL, key TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'sent'
            CHECK (state IN ('sent', 'done', 'failed', 'timed_out', 'late')),
        sent_at BIGINT NOT NULL, deadline BIGINT NOT NULL, ended_at BIGINT
    );
    CREATE INDEX tidings_commands_ended ON tidings_commands (ended_at)
        WHERE ended_at IS NOT NULL;",
);

/// A command that was sent with a wish for a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromRow)]
pub struct CommandRow {
    /// Its identifier.
    pub id: CommandId,
    /// Its name.
    pub name: String,
    /// The service that was asked.
    pub target: String,
    /// Its key.
    pub key: String,
    /// `sent`: waits for the reply; `done` or `failed`: replied; `timed_out`: no reply in
    /// time; `late`: a reply came after that, and went no further.
    pub state: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Until when a reply counts.
    pub deadline: Timestamp,
    /// When the reply came, or the time was over.
    pub ended_at: Option<Timestamp>,
}

/// How many commands are in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromRow)]
pub struct CommandCount {
    /// The commands' name.
    pub name: String,
    /// As [`CommandRow::state`].
    pub state: String,
    /// How many there are.
    pub count: u64,
}

/// How a command ended, for its sender.
#[derive(Clone, Copy)]
pub(super) enum End {
    Done,
    Failed,
    TimedOut,
}

impl End {
    fn state(self) -> &'static str {
        match self {
            End::Done => "done",
            End::Failed => "failed",
            End::TimedOut => "timed_out",
        }
    }
}

pub(super) async fn sent(
    tx: &mut Tx,
    id: CommandId,
    name: &str,
    target: &str,
    key: &str,
    deadline: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO tidings_commands (id, name, target, key, sent_at, deadline)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let now = tx.now();
    tx.execute(sql, params![id, name, target, key, now, deadline])
        .await?;
    Ok(())
}

/// Ends a command that waits, and gives its key. Of two who come to end it, the reply and
/// the end of its time, one touches the row.
pub(super) async fn end(tx: &mut Tx, id: CommandId, end: End) -> Result<Option<String>, Error> {
    let sql = "UPDATE tidings_commands SET state = $2, ended_at = $3
        WHERE id = $1 AND state = 'sent' RETURNING key";
    let now = tx.now();
    let ended: Option<(String,)> = tx.query_opt(sql, params![id, end.state(), now]).await?;
    Ok(ended.map(|(key,)| key))
}

/// Notes that a reply has come after its time.
pub(super) async fn late(tx: &mut Tx, id: CommandId) -> Result<(), Error> {
    let sql = "UPDATE tidings_commands SET state = 'late' WHERE id = $1 AND state = 'timed_out'";
    tx.execute(sql, params![id]).await?;
    Ok(())
}

/// Deletes some of the commands that ended long ago. Those that wait stay.
pub(crate) async fn sweep(tx: &mut Tx) -> Result<u64, Error> {
    let before = tx.now().minus(KEEP);
    let sql = "DELETE FROM tidings_commands WHERE id IN (SELECT id FROM tidings_commands
        WHERE ended_at < $1 ORDER BY ended_at LIMIT 1000)";
    tx.execute(sql, params![before]).await
}

/// How many commands with a wish for a reply are in which state.
///
/// # Errors
/// As statements.
pub async fn counts(service: &Handle) -> Result<Vec<CommandCount>, Error> {
    let sql = "SELECT name, state, count(*) AS count FROM tidings_commands
        GROUP BY name, state ORDER BY name, state";
    service.read().await?.query(sql, &[]).await
}

/// Commands with a wish for a reply, those that wait first, then newest first.
///
/// # Errors
/// As statements.
pub async fn list(service: &Handle, limit: u32) -> Result<Vec<CommandRow>, Error> {
    let sql = "SELECT * FROM tidings_commands
        ORDER BY CASE state WHEN 'sent' THEN 0 ELSE 1 END, sent_at DESC, id DESC LIMIT $1";
    service.read().await?.query(sql, params![limit]).await
}
