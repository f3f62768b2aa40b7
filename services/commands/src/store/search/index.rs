//! Finding commands in the index of each database, the newest first.

use tidings::{Conn, Dialect, Error, params};

use super::{CANDIDATES_MAX, ENOUGH, numbers};
use crate::search::{Wanted, Within};

/// The newest commands, among which PostgreSQL looks before it asks the index: what is found
/// often is found here in 4 ms. What is not found [`ENOUGH`] times is so rare that there are
/// a few thousand among 500,000, where reading a tenth of them by the index takes 150 ms.
const NEWEST: u32 = 8_000;

/// The newest commands that are wanted, from before a number: all of them, part by part.
pub(crate) async fn newest(
    conn: &mut Conn,
    wanted: &Wanted,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<i64>, Error> {
    let before = before.unwrap_or(i64::MAX);
    let query = match conn.dialect() {
        Dialect::Sqlite => wanted.fts5(Within::Anything),
        Dialect::Postgres => wanted.tsquery(Within::Anything),
    };
    let Some(query) = query else {
        // Nothing must be there, but something may not.
        let status = match wanted.not.is_empty() {
            true => "",
            false => "AND status <> 'draft'",
        };
        let sql = format!(
            "SELECT number FROM commands WHERE number < $1 {status} ORDER BY number DESC LIMIT $2"
        );
        return numbers(conn, &sql, params![before, limit]).await;
    };
    Ok(found(conn, query, before, (limit, limit)).await?.numbers)
}

/// Commands that an index has found.
pub(super) struct Indexed {
    /// The newest first.
    pub(super) numbers: Vec<i64>,
    /// Whether there are no others.
    pub(super) are_all: bool,
}

/// The newest commands that have all words there: all, or enough of them.
pub(super) async fn newest_enough(
    conn: &mut Conn,
    wanted: &Wanted,
    within: Within,
) -> Result<Indexed, Error> {
    let query = match conn.dialect() {
        Dialect::Sqlite => wanted.fts5(within),
        Dialect::Postgres => wanted.tsquery(within),
    };
    let query = query.unwrap_or_default();
    found(conn, query, i64::MAX, (ENOUGH, CANDIDATES_MAX)).await
}

/// The newest that an index finds from before a number: all, or between `enough` and `limit`
/// of them.
async fn found(
    conn: &mut Conn,
    query: String,
    before: i64,
    (enough, limit): (u32, u32),
) -> Result<Indexed, Error> {
    let has = |numbers: &[i64], many: u32| numbers.len() >= many as usize;
    if conn.dialect() == Dialect::Postgres {
        let sql = "SELECT number FROM (
                SELECT number, search FROM command_words WHERE number < $1
                ORDER BY number DESC LIMIT $4
            ) newest WHERE search @@ $2::text::tsquery ORDER BY number DESC LIMIT $3";
        let near = numbers(conn, sql, params![before, &query, limit, NEWEST]).await?;
        let are_all = !has(&near, limit) && is_nothing_behind(conn, before).await?;
        if are_all || has(&near, enough) {
            let numbers = near;
            return Ok(Indexed { numbers, are_all });
        }
    }
    let sql = conn.dialect().pick(
        "SELECT rowid FROM command_search WHERE command_search MATCH $2 AND rowid < $1
         ORDER BY rowid DESC LIMIT $3",
        // By a sum, so that the planner does not walk down the numbers: where words are frequent
        // each and never together it would walk to the end, which takes 400 ms.
        "SELECT number FROM command_words WHERE search @@ $2::text::tsquery AND number + 0 < $1
         ORDER BY number + 0 DESC LIMIT $3",
    );
    let numbers = numbers(conn, sql, params![before, query, limit]).await?;
    let are_all = !has(&numbers, limit);
    Ok(Indexed { numbers, are_all })
}

/// Whether the [`NEWEST`] before a number are all there are.
async fn is_nothing_behind(conn: &mut Conn, before: i64) -> Result<bool, Error> {
    let sql = "SELECT number FROM command_words WHERE number < $1
        ORDER BY number DESC OFFSET $2 LIMIT 1";
    Ok(numbers(conn, sql, params![before, NEWEST]).await?.is_empty())
}
