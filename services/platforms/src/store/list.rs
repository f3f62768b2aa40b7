//! Lists of platforms: searched, narrowed, in an order, and in parts.

mod place;
mod sort;
mod statement;

use contracts::TeamId;
use contracts::calendar::Day;
use contracts::platforms::{Lifecycle, PlatformKind};
use tidings::{Conn, Error, FromRow, Row};

use crate::platform::Platform;

pub(crate) use place::Place;
pub(crate) use sort::{Key, Sort};
use statement::{Statement, finds_nothing};

/// What narrows a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Narrowed {
    /// Words that all must be there, each at least by its beginning.
    pub(crate) q: String,
    pub(crate) owner: Option<TeamId>,
    /// Only those that stand in one of these; anywhere if none is said.
    pub(crate) lifecycle: Vec<Lifecycle>,
    /// The whole name of the publisher, in any size of letters.
    pub(crate) publisher: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) kind: Option<PlatformKind>,
    pub(crate) archived: Archived,
    /// Whose licence ends before a day; never those whose licence does not end.
    pub(crate) licence_expires_before: Option<Day>,
    /// Which their makers stop to look after before a day; never those of which nobody knows.
    pub(crate) eol_before: Option<Day>,
    /// The least cost in minor units, of whichever currency and period.
    pub(crate) cost_min: Option<i64>,
    /// Only those that nobody owns.
    pub(crate) unowned: bool,
    pub(crate) sort: Sort,
}

/// Which platforms as to the archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Archived {
    /// Those outside.
    #[default]
    No,
    /// Those inside.
    Only,
    /// All.
    All,
}

/// A platform with what a list shows beside it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) platform: Platform,
    /// What its owner is called.
    pub(crate) owner: Option<String>,
}

/// Part of what matches, in the order asked for.
pub(crate) async fn list(
    conn: &mut Conn,
    narrowed: &Narrowed,
    after: Option<&Place>,
    limit: u32,
) -> Result<Vec<Listed>, Error> {
    if finds_nothing(narrowed) {
        return Ok(Vec::new());
    }
    let statement = Statement::new(conn, narrowed).await?;
    if !statement.has_few() {
        let walk = statement.clone().walk(after, limit);
        let found = rows(conn, narrowed, &walk).await?;
        if found.len() >= limit as usize {
            return Ok(found);
        }
    }
    rows(conn, narrowed, &statement.look_at_all(after, limit)).await
}

/// The platforms that a statement finds, with what a list shows beside them.
async fn rows(
    conn: &mut Conn,
    narrowed: &Narrowed,
    found: &Statement<'_>,
) -> Result<Vec<Listed>, Error> {
    let (_, way) = narrowed.sort.direction();
    let sql = format!(
        "SELECT p.*, t.name AS owner_name FROM ({}) found
            JOIN platforms p ON p.id = found.platform_id
            LEFT JOIN teams t ON t.id = p.owner_team_id
            ORDER BY found.place {way}, p.number {way}",
        found.sql
    );
    let rows: Vec<Row> = conn.query(&sql, &found.values).await?;
    rows.iter().map(listed).collect()
}

pub(super) fn listed(row: &Row) -> Result<Listed, Error> {
    Ok(Listed {
        platform: super::read(row)?,
        owner: row.get("owner_name")?,
    })
}

/// Columns of everything that matches, for whoever adds up: of the shelf `s` and what is joined
/// to it, with what follows the condition.
pub(super) async fn among<T: FromRow>(
    conn: &mut Conn,
    narrowed: &Narrowed,
    columns: &str,
    joins: &str,
    ending: &str,
) -> Result<Vec<T>, Error> {
    if finds_nothing(narrowed) {
        return Ok(Vec::new());
    }
    let statement = Statement::new(conn, narrowed).await?;
    let statement = statement.among(columns, joins, ending);
    conn.query(&statement.sql, &statement.values).await
}

/// How many match.
pub(crate) async fn count(conn: &mut Conn, narrowed: &Narrowed) -> Result<i64, Error> {
    let counted: Vec<(i64,)> = among(conn, narrowed, "count(*)", "", "").await?;
    Ok(counted.first().map_or(0, |(count,)| *count))
}
