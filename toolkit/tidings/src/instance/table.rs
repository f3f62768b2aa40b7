//! The rows of instances.

use super::rendezvous::{Members, owner};
use crate::db::{Conn, Db, Migration};
use crate::{Error, FromRow, Row, Timestamp, params};

pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0010_instances",
    "CREATE TABLE tidings_instances (
        id TEXT PRIMARY KEY, process TEXT NOT NULL,
        started_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, beats BIGINT NOT NULL,
        members TEXT NOT NULL
    )",
);

/// What an instance says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct InstanceRow {
    pub(super) id: String,
    /// Where it runs; see [`super::process`].
    pub(super) process: String,
    pub(super) started_at: Timestamp,
    pub(super) seen_at: Timestamp,
    /// Rises while it lives.
    pub(super) beats: i64,
    /// Among whom it has shared the slots that it reads.
    pub(super) members: Members,
}

impl InstanceRow {
    /// How many slots of a stream it claims.
    pub(super) fn claims(&self, subscription: &str, stream: &str, slots: u16) -> u16 {
        let is_its = |slot: &u16| {
            owner(&self.members, subscription, stream, *slot) == Some(self.id.as_str())
        };
        let claimed = (0..slots).filter(is_its).count();
        u16::try_from(claimed).unwrap_or(slots)
    }
}

impl FromRow for InstanceRow {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let members: String = row.get("members")?;
        Ok(Self {
            id: row.get("id")?,
            process: row.get("process")?,
            started_at: row.get("started_at")?,
            seen_at: row.get("seen_at")?,
            beats: row.get("beats")?,
            members: members.split_whitespace().map(str::to_owned).collect(),
        })
    }
}

/// Every instance.
pub(super) async fn all(conn: &mut Conn) -> Result<Vec<InstanceRow>, Error> {
    let sql = "SELECT id, process, started_at, seen_at, beats, members
        FROM tidings_instances ORDER BY id";
    conn.query(sql, &[]).await
}

/// Says that an instance lives, and by which list it reads. `false` when it has no row, because
/// it is new or was taken for gone; it has one then, which claims nothing.
pub(super) async fn beat(
    db: &Db,
    id: &str,
    process: &str,
    now: Timestamp,
    members: &Members,
) -> Result<bool, Error> {
    let mut conn = db.begin().await?;
    let list = members.iter().cloned().collect::<Vec<_>>().join(" ");
    let update = "UPDATE tidings_instances SET beats = beats + 1, seen_at = $2, members = $3
        WHERE id = $1";
    let is_known = conn.execute(update, params![id, now, list]).await? == 1;
    if !is_known {
        let insert = "INSERT INTO tidings_instances
                (id, process, started_at, seen_at, beats, members) VALUES ($1, $2, $3, $3, 1, '')";
        conn.execute(insert, params![id, process, now]).await?;
    }
    db.commit(conn).await?;
    Ok(is_known)
}

/// Removes an instance that is gone, unless it has said meanwhile that it lives. Nobody waits:
/// it may hold its row in a transaction in which it was paused.
pub(super) async fn remove(db: &Db, row: &InstanceRow) -> Result<(), Error> {
    let mut conn = db.begin().await?;
    let sql = "DELETE FROM tidings_instances WHERE id IN (
        SELECT id FROM tidings_instances WHERE id = $1 AND beats = $2 FOR UPDATE SKIP LOCKED)";
    conn.execute(sql, params![&row.id, row.beats]).await?;
    db.commit(conn).await
}

/// Removes an instance that ends.
pub(super) async fn leave(db: &Db, id: &str) -> Result<(), Error> {
    let mut conn = db.begin().await?;
    let sql = "DELETE FROM tidings_instances WHERE id = $1";
    conn.execute(sql, params![id]).await?;
    db.commit(conn).await
}
