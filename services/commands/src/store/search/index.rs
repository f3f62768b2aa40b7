//! Finding commands in the index of each database, the newest first.

use tidings::{Conn, Dialect, Error, Value, params};

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
    if !wanted.is_everything() {
        let found = found(conn, wanted, Within::Anything, before, (limit, limit)).await?;
        return Ok(found.numbers);
    }
    let status = match wanted.not.is_empty() {
        true => "",
        false => "AND status <> 'draft'",
    };
    let sql = format!(
        "SELECT number FROM commands WHERE number < $1 {status} ORDER BY number DESC LIMIT $2"
    );
    numbers(conn, &sql, params![before, limit]).await
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
    let (enough, limit) = (ENOUGH, CANDIDATES_MAX);
    found(conn, wanted, within, i64::MAX, (enough, limit)).await
}

/// The newest that are wanted from before a number: all, or between `enough` and `limit`.
async fn found(
    conn: &mut Conn,
    wanted: &Wanted,
    within: Within,
    before: i64,
    (enough, limit): (u32, u32),
) -> Result<Indexed, Error> {
    let has = |numbers: &[i64], many: u32| numbers.len() >= many as usize;
    let mut values = vec![Value::from(before), Value::from(limit)];
    let sql = match conn.dialect() {
        Dialect::Sqlite => {
            values.push(wanted.fts5(within).into());
            "SELECT rowid FROM command_search WHERE command_search MATCH $3 AND rowid < $1
             ORDER BY rowid DESC LIMIT $2"
                .to_owned()
        }
        Dialect::Postgres => {
            let conditions = conditions(wanted, within, &mut values);
            let near = format!(
                "SELECT number FROM (
                    SELECT number, search, platform FROM command_words WHERE number < $1
                    ORDER BY number DESC LIMIT {NEWEST}
                ) newest WHERE {conditions} ORDER BY number DESC LIMIT $2"
            );
            let numbers = numbers(conn, &near, &values).await?;
            let are_all = !has(&numbers, limit) && is_nothing_behind(conn, before).await?;
            if are_all || has(&numbers, enough) {
                return Ok(Indexed { numbers, are_all });
            }
            // By a sum, so that the planner does not walk down the numbers: where words are
            // frequent each and never together it would walk to the end, which takes 400 ms.
            format!(
                "SELECT number FROM command_words WHERE {conditions} AND number + 0 < $1
                 ORDER BY number + 0 DESC LIMIT $2"
            )
        }
    };
    let numbers = numbers(conn, &sql, &values).await?;
    let are_all = !has(&numbers, limit);
    Ok(Indexed { numbers, are_all })
}

/// What PostgreSQL looks for. The platforms of a word are no part of a `tsquery`: with 200 of
/// them a search took two seconds.
fn conditions(wanted: &Wanted, within: Within, values: &mut Vec<Value>) -> String {
    let mut place = |text: String| {
        values.push(text.into());
        values.len()
    };
    let mut all = Vec::new();
    if let Some(query) = wanted.tsquery(within) {
        all.push(format!("search @@ ${}::text::tsquery", place(query)));
    }
    for word in wanted.of_platforms() {
        let query = place(word.tsquery(within));
        let marks: Vec<&str> = word.platforms.iter().map(String::as_str).collect();
        let marks = place(marks.join(","));
        all.push(format!(
            "(search @@ ${query}::text::tsquery OR platform = ANY (string_to_array(${marks}, ',')))"
        ));
    }
    for mark in &wanted.not {
        let query = place(format!("'{mark}'"));
        all.push(format!("NOT search @@ ${query}::text::tsquery"));
    }
    all.join(" AND ")
}

/// Whether the [`NEWEST`] before a number are all there are.
async fn is_nothing_behind(conn: &mut Conn, before: i64) -> Result<bool, Error> {
    let sql = "SELECT number FROM command_words WHERE number < $1
        ORDER BY number DESC OFFSET $2 LIMIT 1";
    let behind = numbers(conn, sql, params![before, NEWEST]).await?;
    Ok(behind.is_empty())
}
