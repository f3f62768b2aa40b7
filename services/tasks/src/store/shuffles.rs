//! Shuffles: how far each is, and what it has still to reach.

use contracts::{ShuffleId, TaskId, UserId};
use tidings::{Conn, Error, FromRow, Timestamp, Tx, params};

use super::count;
use crate::task::Task;

/// A shuffle as its row says it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(crate) struct Shuffle {
    pub(crate) id: ShuffleId,
    pub(crate) requested_by: UserId,
    /// `queued`, `running`, `completed`, `failed`, `cancelled`.
    pub(crate) status: String,
    pub(crate) total: u64,
    pub(crate) reassigned: u64,
    pub(crate) skipped: u64,
    /// The last task that was reached.
    pub(crate) reached: String,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) revision: u64,
}

impl Shuffle {
    /// How far it is, in percent.
    pub(crate) fn percent(&self) -> u8 {
        match (self.status.as_str(), self.total) {
            ("completed", _) => 100,
            (_, 0) => 0,
            (_, total) => {
                let done = (self.reassigned + self.skipped).min(total);
                u8::try_from(done * 100 / total).unwrap_or(100)
            }
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        !matches!(self.status.as_str(), "queued" | "running")
    }
}

/// Stores a shuffle that waits for its turn.
pub(crate) async fn insert(tx: &mut Tx, id: ShuffleId, requested_by: UserId) -> Result<(), Error> {
    let sql = "INSERT INTO shuffles (id, requested_by, status, total, reassigned, skipped,
            reached, created_at, revision)
        VALUES ($1, $2, 'queued', 0, 0, 0, '', $3, 1)";
    let now = tx.now();
    tx.execute(sql, params![id, requested_by, now]).await?;
    Ok(())
}

/// Stores a shuffle that ended long ago, for the demonstration.
pub(crate) async fn insert_past(
    tx: &mut Tx,
    id: ShuffleId,
    requested_by: UserId,
    dealt: u64,
    at: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO shuffles (id, requested_by, status, total, reassigned, skipped,
            reached, created_at, started_at, finished_at, revision)
        VALUES ($1, $2, 'completed', $3, $3, 0, '', $4, $4, $4, 1)";
    tx.execute(sql, params![id, requested_by, count(dealt), at])
        .await?;
    Ok(())
}

pub(crate) async fn find(conn: &mut Conn, id: ShuffleId) -> Result<Option<Shuffle>, Error> {
    let sql = "SELECT * FROM shuffles WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

/// The last ones, newest first.
pub(crate) async fn last(conn: &mut Conn, limit: u32) -> Result<Vec<Shuffle>, Error> {
    let sql = "SELECT * FROM shuffles ORDER BY created_at DESC, id DESC LIMIT $1";
    conn.query(sql, params![limit]).await
}

/// Those before one that have not ended, oldest first.
pub(crate) async fn before(tx: &mut Tx, id: ShuffleId) -> Result<Vec<ShuffleId>, Error> {
    let sql = "SELECT id FROM shuffles WHERE status IN ('queued', 'running') AND id < $1
        ORDER BY id";
    let rows: Vec<(ShuffleId,)> = tx.query(sql, params![id]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Begins a shuffle: writes down what is open now, which is what it has to reach. Says how
/// many that are; `None` when it had begun before.
pub(crate) async fn begin(tx: &mut Tx, id: ShuffleId) -> Result<Option<u64>, Error> {
    let now = tx.now();
    let sql = "UPDATE shuffles SET status = 'running', started_at = $2, revision = revision + 1
        WHERE id = $1 AND status = 'queued'";
    if tx.execute(sql, params![id, now]).await? == 0 {
        return Ok(None);
    }
    let sql = "INSERT INTO shuffle_tasks (shuffle_id, task_id)
        SELECT $1, id FROM tasks WHERE status = 'open'";
    let total = tx.execute(sql, params![id]).await?;
    let sql = "UPDATE shuffles SET total = $2 WHERE id = $1";
    tx.execute(sql, params![id, count(total)]).await?;
    Ok(Some(total))
}

/// The next tasks to reach, as they stand now; on PostgreSQL nobody changes them meanwhile.
pub(crate) async fn next(tx: &mut Tx, shuffle: &Shuffle, limit: u32) -> Result<Vec<Task>, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql = format!(
        "SELECT * FROM tasks WHERE id IN (SELECT task_id FROM shuffle_tasks
             WHERE shuffle_id = $1 AND task_id > $2 ORDER BY task_id LIMIT $3)
         ORDER BY id {lock}"
    );
    let row = params![shuffle.id, &shuffle.reached, limit];
    tx.query(&sql, row).await
}

/// Writes down how far it is.
pub(crate) async fn advance(
    tx: &mut Tx,
    id: ShuffleId,
    reached: TaskId,
    reassigned: u64,
    skipped: u64,
) -> Result<(), Error> {
    let sql = "UPDATE shuffles SET reached = $2, reassigned = reassigned + $3,
            skipped = skipped + $4, revision = revision + 1
        WHERE id = $1";
    let row = params![id, reached, count(reassigned), count(skipped)];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Ends it.
pub(crate) async fn end(tx: &mut Tx, id: ShuffleId, status: &str) -> Result<(), Error> {
    let now = tx.now();
    let sql = "UPDATE shuffles SET status = $2, finished_at = $3, revision = revision + 1
        WHERE id = $1 AND status IN ('queued', 'running')";
    tx.execute(sql, params![id, status, now]).await?;
    let sql = "DELETE FROM shuffle_tasks WHERE shuffle_id = $1";
    tx.execute(sql, params![id]).await?;
    Ok(())
}
