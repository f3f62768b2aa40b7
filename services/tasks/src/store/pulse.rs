//! Whether anything has changed: what live pages look at.

use contracts::{TaskId, UserId};
use tidings::{Conn, Error, params};

/// A number that is another one when the rows behind it are.
fn mixed(parts: &[i64]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.to_be_bytes());
    // FNV-1a.
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Changes with somebody's tasks and what they cost and bring.
pub(crate) async fn of_person(conn: &mut Conn, id: UserId) -> Result<u64, Error> {
    let sql = "SELECT count(*), CAST(coalesce(sum(t.version), 0) AS BIGINT),
            coalesce(max(t.changed_at), 0), CAST(coalesce(sum(r.version), 0) AS BIGINT)
        FROM tasks t LEFT JOIN prices r ON r.task_id = t.id WHERE t.assignee_id = $1";
    let row: (i64, i64, i64, i64) = conn.query_one(sql, params![id]).await?;
    Ok(mixed(&[row.0, row.1, row.2, row.3]))
}

/// Changes with a task, its price and the name of its holder.
pub(crate) async fn of_task(conn: &mut Conn, id: TaskId) -> Result<u64, Error> {
    let sql = "SELECT t.version, coalesce(r.version, 0), coalesce(p.version, 0)
        FROM tasks t LEFT JOIN prices r ON r.task_id = t.id
        LEFT JOIN people p ON p.id = t.assignee_id WHERE t.id = $1";
    let row: Option<(i64, i64, i64)> = conn.query_opt(sql, params![id]).await?;
    Ok(row.map_or(0, |row| mixed(&[row.0, row.1, row.2])))
}

/// Changes with anybody's tasks, with people and with shuffles.
pub(crate) async fn of_all(conn: &mut Conn) -> Result<u64, Error> {
    let sql = "SELECT (SELECT coalesce(max(changed_at), 0) FROM tasks),
        (SELECT CAST(coalesce(sum(version), 0) AS BIGINT) FROM tasks),
        (SELECT CAST(coalesce(sum(version), 0) AS BIGINT) FROM people),
        (SELECT CAST(coalesce(sum(version), 0) AS BIGINT) FROM prices),
        (SELECT CAST(coalesce(sum(revision), 0) AS BIGINT) FROM shuffles)";
    let row: (i64, i64, i64, i64, i64) = conn.query_one(sql, &[]).await?;
    Ok(mixed(&[row.0, row.1, row.2, row.3, row.4]))
}
