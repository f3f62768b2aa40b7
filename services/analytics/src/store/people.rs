//! Who is in the red now (B-29).

use contracts::UserId;
use contracts::users::called;
use tidings::{Conn, Error, params};

/// How many there are of those who could be in the red: to whom tasks fall, and everybody with whom
/// money was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct Popugs {
    pub(crate) total: u64,
    /// How many of them owe something.
    pub(crate) negative: u64,
}

/// Counts them.
pub(crate) async fn popugs(conn: &mut Conn) -> Result<Popugs, Error> {
    let sql = "SELECT (SELECT count(*) FROM balances) + (SELECT count(*) FROM people
                WHERE is_dealt_to AND id NOT IN (SELECT account_id FROM balances)) AS total,
            (SELECT count(*) FROM balances WHERE balance_minor < 0) AS negative";
    conn.query_one(sql, &[]).await
}

/// Somebody who owes something.
#[derive(Clone, Debug, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct InTheRed {
    pub(crate) account_id: UserId,
    name: String,
    email: String,
    pub(crate) balance_minor: i64,
}

impl InTheRed {
    /// What to call them, of whom nobody may have told yet.
    pub(crate) fn called(&self) -> String {
        called(&self.name, &self.email, self.account_id)
    }
}

/// Those who owe most, so many at the most.
pub(crate) async fn in_the_red(conn: &mut Conn, limit: u32) -> Result<Vec<InTheRed>, Error> {
    let sql = "SELECT b.account_id, COALESCE(p.name, '') AS name, COALESCE(p.email, '') AS email,
            b.balance_minor
        FROM balances b LEFT JOIN people p ON p.id = b.account_id
        WHERE b.balance_minor < 0 ORDER BY b.balance_minor, b.account_id LIMIT $1";
    conn.query(sql, params![limit]).await
}
