//! Imports: how far each is, what is wrong with its rows, and the rows that are still to come.

use std::collections::HashMap;

use contracts::{ImportId, PlatformId, UserId};
use tidings::{Conn, Error, FromRow, Timestamp, Tx, Value, params};

use super::{count, parts, places};
use crate::access::Member;
use crate::import::{Counts, FileFacts, How, Line, RowError, Target, read_slice, write_slice};

/// How many mistakes of an import are kept.
pub(crate) const ERRORS_KEPT: u64 = 1_000;
const ROWS: &str = "rows of an import";

/// An import as its row says it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(crate) struct Import {
    pub(crate) id: ImportId,
    pub(crate) requested_by: UserId,
    pub(crate) mode: String,
    pub(crate) dry_run: bool,
    pub(crate) atomic: bool,
    pub(crate) comment: String,
    /// Whether whoever asked for it edits costs and licences, and nothing else.
    pub(crate) costs_only: bool,
    pub(crate) format: String,
    pub(crate) encoding: String,
    pub(crate) delimiter: String,
    pub(crate) file_name: String,
    pub(crate) file_hash: String,
    pub(crate) status: String,
    pub(crate) total: u64,
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) unchanged: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    pub(crate) errors_kept: u64,
    pub(crate) slices_done: u64,
    pub(crate) same_file: Option<ImportId>,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) revision: u64,
}

impl Import {
    /// How far it is, in percent.
    pub(crate) fn percent(&self) -> u8 {
        let done = self.created + self.updated + self.unchanged + self.failed + self.skipped;
        match (self.is_over(), self.total) {
            (true, _) => 100,
            (false, 0) => 0,
            (false, total) => u8::try_from(done.min(total) * 100 / total).unwrap_or(100),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        !matches!(self.status.as_str(), "queued" | "running")
    }
}

/// A new import.
pub(crate) struct NewImport<'a> {
    pub(crate) id: ImportId,
    pub(crate) requested_by: Member,
    pub(crate) how: &'a How,
    pub(crate) file: &'a FileFacts,
    pub(crate) total: u64,
    pub(crate) same_file: Option<ImportId>,
}

/// Stores an import that waits for its turn.
pub(crate) async fn insert(tx: &mut Tx, new: &NewImport<'_>) -> Result<(), Error> {
    let sql = "INSERT INTO imports (id, requested_by, mode, dry_run, atomic, format, encoding,
            delimiter, file_name, file_hash, status, total, created, updated, unchanged,
            failed, skipped, errors_kept, slices_done, same_file, created_at, revision,
            comment, costs_only)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', $11, 0, 0, 0, 0, 0, 0, 0,
            $12, $13, 1, $14, $15)";
    let (how, file) = (new.how, new.file);
    let row = params![
        new.id,
        new.requested_by.id,
        how.mode.as_str(),
        how.dry_run,
        how.atomic,
        file.format.as_str(),
        &file.encoding,
        &file.delimiter,
        &file.name,
        &file.hash,
        count(new.total),
        new.same_file,
        tx.now(),
        &how.comment,
        !new.requested_by.may_edit(),
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Stores the rows at one place of a file.
pub(crate) async fn insert_slice(
    tx: &mut Tx,
    id: ImportId,
    place: u64,
    lines: &[Line],
) -> Result<(), Error> {
    let sql = "INSERT INTO import_slices (import_id, place, lines) VALUES ($1, $2, $3)";
    let lines = write_slice(lines).map_err(|source| Error::Encode {
        what: ROWS.to_owned(),
        source,
    })?;
    tx.execute(sql, params![id, count(place), lines]).await?;
    Ok(())
}

/// The rows at one place of a file; none behind the last.
pub(crate) async fn slice(
    conn: &mut Conn,
    id: ImportId,
    place: u64,
) -> Result<Option<Vec<Line>>, Error> {
    let sql = "SELECT lines FROM import_slices WHERE import_id = $1 AND place = $2";
    let row: Option<(String,)> = conn.query_opt(sql, params![id, count(place)]).await?;
    let lines = row.map(|(lines,)| read_slice(&lines)).transpose();
    lines.map_err(|error| Error::Decode {
        what: ROWS.to_owned(),
        reason: error.to_string(),
    })
}

/// Forgets the rows of a file; says how many slices they were.
pub(crate) async fn remove_slices(tx: &mut Tx, id: ImportId) -> Result<u64, Error> {
    let sql = "DELETE FROM import_slices WHERE import_id = $1";
    tx.execute(sql, params![id]).await
}

/// Forgets the rows of rehearsals that ended before a time.
pub(crate) async fn remove_rehearsed(tx: &mut Tx, before: Timestamp) -> Result<(), Error> {
    let sql = "DELETE FROM import_slices WHERE import_id IN
        (SELECT id FROM imports WHERE dry_run = $1 AND finished_at < $2)";
    tx.execute(sql, params![true, before]).await?;
    Ok(())
}

pub(crate) async fn find(conn: &mut Conn, id: ImportId) -> Result<Option<Import>, Error> {
    let sql = "SELECT * FROM imports WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

/// The last ones, newest first.
pub(crate) async fn last(conn: &mut Conn, limit: u32) -> Result<Vec<Import>, Error> {
    let sql = "SELECT * FROM imports ORDER BY created_at DESC, id DESC LIMIT $1";
    conn.query(sql, params![limit]).await
}

/// Those of which nobody has told yet that they have ended.
pub(crate) async fn open(conn: &mut Conn) -> Result<Vec<ImportId>, Error> {
    let sql = "SELECT id FROM imports WHERE status IN ('queued', 'running') ORDER BY id";
    let rows: Vec<(ImportId,)> = conn.query(sql, &[]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The last import that has taken over the same file, or is about to.
pub(crate) async fn of_file(conn: &mut Conn, hash: &str) -> Result<Option<ImportId>, Error> {
    let sql = "SELECT id FROM imports WHERE file_hash = $1 AND dry_run = $2
            AND status IN ('queued', 'running', 'completed')
        ORDER BY created_at DESC, id DESC LIMIT 1";
    let row: Option<(ImportId,)> = conn.query_opt(sql, params![hash, false]).await?;
    Ok(row.map(|(id,)| id))
}

/// It is being taken over.
pub(crate) async fn begin(tx: &mut Tx, id: ImportId) -> Result<(), Error> {
    let now = tx.now();
    let sql = "UPDATE imports SET status = 'running', started_at = $2, revision = revision + 1
        WHERE id = $1 AND status = 'queued'";
    tx.execute(sql, params![id, now]).await?;
    Ok(())
}

/// Writes down what has become of some slices.
pub(crate) async fn advance(
    tx: &mut Tx,
    import: &Import,
    slices: u64,
    counts: &Counts,
    errors: &[RowError],
) -> Result<(), Error> {
    let free = ERRORS_KEPT.saturating_sub(import.errors_kept);
    let kept = usize::try_from(free).unwrap_or(0).min(errors.len());
    let sql = "INSERT INTO import_errors (import_id, place, file_row, column_name, code, message)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let mut place = import.errors_kept;
    for error in errors.iter().take(kept) {
        place += 1;
        let row = params![
            import.id,
            count(place),
            count(error.row),
            error.column.clone(),
            &error.code,
            &error.message,
        ];
        tx.execute(sql, row).await?;
    }
    let sql = "UPDATE imports SET created = created + $2, updated = updated + $3,
            unchanged = unchanged + $4, failed = failed + $5, skipped = skipped + $6,
            errors_kept = $7, slices_done = slices_done + $8, revision = revision + 1
        WHERE id = $1";
    let row = params![
        import.id,
        count(counts.created),
        count(counts.updated),
        count(counts.unchanged),
        count(counts.failed),
        count(counts.skipped),
        count(place),
        count(slices),
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Ends it. The rows of a rehearsal stay for a while: it may be done in earnest.
pub(crate) async fn end(tx: &mut Tx, id: ImportId, status: &str) -> Result<(), Error> {
    let now = tx.now();
    let sql = "UPDATE imports SET status = $2, finished_at = $3, revision = revision + 1
        WHERE id = $1 AND status IN ('queued', 'running')";
    tx.execute(sql, params![id, status, now]).await?;
    let sql = "DELETE FROM import_slices WHERE import_id IN
        (SELECT id FROM imports WHERE id = $1 AND (dry_run = $2 OR status <> 'completed'))";
    tx.execute(sql, params![id, false]).await?;
    Ok(())
}

/// The mistakes of an import, in the order of its rows.
pub(crate) async fn errors(
    conn: &mut Conn,
    id: ImportId,
    limit: u64,
) -> Result<Vec<RowError>, Error> {
    let sql = "SELECT file_row AS row, column_name AS \"column\", code, message FROM import_errors
        WHERE import_id = $1 ORDER BY place LIMIT $2";
    conn.query(sql, params![id, count(limit)]).await
}

/// Tells the planner of PostgreSQL how many rows there are now: it would go on as if the
/// register were as small as before, and search it from end to end.
pub(crate) async fn refresh_statistics(tx: &mut Tx) -> Result<(), Error> {
    match tx.dialect().pick("", "ANALYZE platforms, shelf") {
        "" => Ok(()),
        sql => tx.execute_batch(sql).await,
    }
}

/// Which platforms rows speak of.
pub(crate) struct Found {
    pub(crate) target: Target,
    pub(crate) number: i32,
    pub(crate) slug: String,
    /// None in the archive.
    pub(crate) natural_key: Option<String>,
}

/// Finds platforms by what a column says.
pub(crate) async fn find_by(
    conn: &mut Conn,
    column: By,
    values: Vec<Value>,
) -> Result<Vec<Found>, Error> {
    let column = match column {
        By::Id => "id",
        By::Number => "number",
        By::Slug => "slug",
        By::Key => "natural_key",
    };
    let mut found = Vec::new();
    for part in parts(&values, 1) {
        let sql = format!(
            "SELECT id, version, number, slug, natural_key FROM platforms WHERE {column} IN {}",
            places(1, part.len())
        );
        let rows: Vec<(PlatformId, u64, i32, String, Option<String>)> =
            conn.query(&sql, part).await?;
        let rows = rows.into_iter();
        found.extend(rows.map(|(id, version, number, slug, natural_key)| Found {
            target: Target { id, version },
            number,
            slug,
            natural_key,
        }));
    }
    Ok(found)
}

/// By what platforms are found.
#[derive(Clone, Copy)]
pub(crate) enum By {
    Id,
    Number,
    Slug,
    Key,
}

/// The names of those who have asked for imports.
pub(crate) async fn requesters(conn: &mut Conn) -> Result<HashMap<UserId, String>, Error> {
    let sql = "SELECT id, coalesce(nullif(name, ''), email) FROM people
        WHERE id IN (SELECT requested_by FROM imports)";
    let rows: Vec<(UserId, String)> = conn.query(sql, &[]).await?;
    Ok(rows.into_iter().collect())
}
