//! Imports: the file, how far it was read, and what has become of it.

use std::time::Duration;

use contracts::commands::Status;
use contracts::{PlatformId, UserId};
use serde::{Deserialize, Serialize};
use tidings::{Conn, Error, FromRow, Row, Timestamp, Tx, Uuid, params};
use utoipa::ToSchema;

use super::{behind, count, of_json, to_json};
use crate::formats::Format;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the file of an import is kept that comes to no end: its job gives up within minutes
/// of running.
const FILE_KEPT: Duration = DAY.saturating_mul(7);
/// How long what has become of an import is kept.
const KEPT: Duration = DAY.saturating_mul(365);

/// What is to be said of one command of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Remark {
    /// Which one of the file, from 1.
    pub(crate) row: u64,
    /// What it does, as the file says.
    pub(crate) title: String,
    /// For programs; empty for a note.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) code: String,
    /// The field that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    pub(crate) message: String,
}

/// An import as its row says it, without the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) id: Uuid,
    pub(crate) requested_by: UserId,
    pub(crate) format: Format,
    pub(crate) platform_id: Option<PlatformId>,
    /// What new commands begin as.
    pub(crate) status: Status,
    pub(crate) dry_run: bool,
    pub(crate) total: u64,
    pub(crate) reached: u64,
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
    pub(crate) failed: u64,
    pub(crate) errors: Vec<Remark>,
    pub(crate) notes: Vec<Remark>,
    pub(crate) created_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, requested_by, format, platform_id, status, dry_run, total, reached,
    created, updated, unchanged, failed, errors, notes, created_at, finished_at";

impl FromRow for Import {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            requested_by: row.get("requested_by")?,
            format: row.get("format")?,
            platform_id: row.get("platform_id")?,
            status: row.get("status")?,
            dry_run: row.get("dry_run")?,
            total: row.get("total")?,
            reached: row.get("reached")?,
            created: row.get("created")?,
            updated: row.get("updated")?,
            unchanged: row.get("unchanged")?,
            failed: row.get("failed")?,
            errors: of_json("column errors", &row.get::<String>("errors")?)?,
            notes: of_json("column notes", &row.get::<String>("notes")?)?,
            created_at: row.get("created_at")?,
            finished_at: row.get("finished_at")?,
        })
    }
}

/// Stores an import that waits for its turn, with its file.
pub(crate) async fn insert(tx: &mut Tx, import: &Import, body: &str) -> Result<(), Error> {
    let sql = "INSERT INTO imports (id, requested_by, format, platform_id, status, dry_run, body,
            total, reached, created, updated, unchanged, failed, errors, notes, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, 0, '[]', '[]', $9)";
    let row = params![
        import.id,
        import.requested_by,
        import.format,
        import.platform_id,
        import.status,
        import.dry_run,
        body,
        count(import.total),
        import.created_at,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

pub(crate) async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<Import>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM imports WHERE id = $1");
    conn.query_opt(&sql, params![id]).await
}

/// The file of an import; empty once it is read to its end.
pub(crate) async fn body(conn: &mut Conn, id: Uuid) -> Result<String, Error> {
    let sql = "SELECT body FROM imports WHERE id = $1";
    let (body,) = conn.query_one(sql, params![id]).await?;
    Ok(body)
}

/// The part of them behind one of them, newest first, without what is to be said of each command.
pub(crate) async fn list(
    conn: &mut Conn,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Import>, Error> {
    let (at, last) = behind(after);
    let sql = "SELECT id, requested_by, format, platform_id, status, dry_run, total, reached,
            created, updated, unchanged, failed, '[]' AS errors, '[]' AS notes, created_at,
            finished_at
        FROM imports WHERE created_at < $1 OR (created_at = $1 AND id < $2)
        ORDER BY created_at DESC, id DESC LIMIT $3";
    conn.query(sql, params![at, last, limit]).await
}

/// Lets go of the files of imports that have come to no end, of which nobody hears, and of
/// imports that nobody will ask for any more.
pub(crate) async fn clear(tx: &mut Tx) -> Result<(), Error> {
    let now = tx.now();
    let sql = "UPDATE imports SET body = ''
        WHERE finished_at IS NULL AND body <> '' AND created_at < $1";
    tx.execute(sql, params![now.minus(FILE_KEPT)]).await?;
    let sql = "DELETE FROM imports WHERE created_at < $1";
    tx.execute(sql, params![now.minus(KEPT)]).await?;
    Ok(())
}

/// Writes down how far it is.
pub(crate) async fn advance(tx: &mut Tx, import: &Import) -> Result<(), Error> {
    let sql = "UPDATE imports SET reached = $2, created = $3, updated = $4, unchanged = $5,
            failed = $6, errors = $7, notes = $8
        WHERE id = $1";
    let row = params![
        import.id,
        count(import.reached),
        count(import.created),
        count(import.updated),
        count(import.unchanged),
        count(import.failed),
        to_json("errors", &import.errors)?,
        to_json("notes", &import.notes)?,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Ends it, and lets go of the file.
pub(crate) async fn end(tx: &mut Tx, id: Uuid) -> Result<(), Error> {
    let now = tx.now();
    let sql = "UPDATE imports SET finished_at = $2, body = '' WHERE id = $1";
    tx.execute(sql, params![id, now]).await?;
    Ok(())
}
