//! What was told of licences that come to their end, what was not yet, and whom it concerns.

use contracts::calendar::Day;
use contracts::{PlatformId, UserId};
use serde::{Deserialize, Serialize};
use tidings::{Conn, Error, FromRow, Row, Timestamp, Tx, Value, params};

use crate::notices::{Due, Line};

/// A licence of which a threshold has come, and nothing was told of it or of a later one.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(crate) struct NotTold {
    pub(crate) platform_id: PlatformId,
    pub(crate) expires_on: Day,
}

/// Licences whose notice is due and was not told, those that end first before others; only of
/// platforms that nobody has changed since a moment, if one is given.
///
/// What is in the archive or retired is silent.
pub(crate) async fn not_told(
    conn: &mut Conn,
    due: Due,
    unchanged_since: Option<Timestamp>,
    limit: usize,
) -> Result<Vec<NotTold>, Error> {
    let sql = "SELECT p.id AS platform_id, p.licence_expires_on AS expires_on FROM platforms p
        WHERE p.licence_expires_on > $1 AND p.licence_expires_on <= $2
            AND p.archived_at IS NULL AND p.lifecycle <> 'retired' AND p.updated_at < $3
            AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.platform_id = p.id
                AND n.expires_on = p.licence_expires_on AND n.threshold <= $4)
        ORDER BY p.licence_expires_on, p.id LIMIT $5";
    let before = unchanged_since.unwrap_or(Timestamp::from_micros(i64::MAX));
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let threshold = u32::from(due.threshold);
    let values = params![due.behind, due.to, before, threshold, limit];
    conn.query(sql, values).await
}

/// Writes down that a notice is told; false when it was before.
pub(crate) async fn insert(
    tx: &mut Tx,
    told: &NotTold,
    threshold: u16,
    run: Timestamp,
) -> Result<bool, Error> {
    let sql = "INSERT INTO notices (platform_id, expires_on, threshold, run)
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let row = params![told.platform_id, told.expires_on, u32::from(threshold), run];
    Ok(tx.execute(sql, row).await? == 1)
}

/// Whoever gets a letter, in the order in which they do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Reader {
    /// Everything that a round has told.
    Accountant(UserId),
    /// What it has told of a team's platforms, at the team's address.
    Team(String),
}

/// Whoever gets a letter of a round; nobody, if it has told nothing.
pub(crate) async fn readers(conn: &mut Conn, run: Timestamp) -> Result<Vec<Reader>, Error> {
    let told = "SELECT 1 AS told FROM notices WHERE run = $1 LIMIT 1";
    let told: Option<(i64,)> = conn.query_opt(told, params![run]).await?;
    if told.is_none() {
        return Ok(Vec::new());
    }
    let sql = "SELECT id, email FROM people
        WHERE NOT disabled AND ' ' || roles || ' ' LIKE '% accountant %' ORDER BY id";
    let accountants: Vec<(UserId, String)> = conn.query(sql, &[]).await?;
    let sql = "SELECT DISTINCT t.email FROM notices n JOIN platforms p ON p.id = n.platform_id
            JOIN teams t ON t.id = p.owner_team_id
        WHERE n.run = $1 AND t.email <> ''";
    let teams: Vec<(String,)> = conn.query(sql, params![run]).await?;
    // Whoever has all of them needs no part of them at the same address.
    let is_other = |email: &String| {
        let mut others = accountants.iter();
        !others.any(|(_, own)| own.eq_ignore_ascii_case(email))
    };
    let teams = teams.into_iter().map(|(email,)| email).filter(is_other);
    let mut readers: Vec<Reader> = teams.map(Reader::Team).collect();
    readers.extend(accountants.iter().map(|(id, _)| Reader::Accountant(*id)));
    readers.sort();
    Ok(readers)
}

/// The first lines of somebody's letter about a round, and how many there are.
pub(crate) async fn lines(
    conn: &mut Conn,
    run: Timestamp,
    day: Day,
    reader: &Reader,
    most: u32,
) -> Result<(Vec<Line>, u64), Error> {
    let mut values: Vec<Value> = params![run].to_vec();
    let mut from = "FROM notices n JOIN platforms p ON p.id = n.platform_id
        LEFT JOIN teams t ON t.id = p.owner_team_id WHERE n.run = $1"
        .to_owned();
    if let Reader::Team(email) = reader {
        values.push(email.as_str().into());
        from += " AND t.email = $2";
    }
    let sql = format!("SELECT count(*) AS count {from}");
    let (count,): (u64,) = conn.query_one(&sql, &values).await?;
    values.push(most.into());
    let sql = format!(
        "SELECT p.*, t.name AS owner_name, n.expires_on {from}
        ORDER BY n.expires_on, p.number LIMIT ${}",
        values.len()
    );
    let mut lines: Vec<Line> = conn.query(&sql, &values).await?;
    for line in &mut lines {
        line.left = line.expires_on.since(day);
    }
    Ok((lines, count))
}

impl FromRow for Line {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            platform: super::read(row)?,
            owner: row.get("owner_name")?,
            expires_on: row.get("expires_on")?,
            left: 0,
        })
    }
}
