//! What reports read: costs by group, licences and support by their last day, what nobody has looked at.

use contracts::TeamId;
use contracts::calendar::{Calendar, Day};
use contracts::platforms::Lifecycle;
use tidings::{Conn, Error, FromRow, Row, params};

use super::list::{Listed, Narrowed, among, listed};
use super::row::cost;
use crate::reports::costs::{Entry, Group, GroupBy};
use crate::reports::span::Span;

/// What counts among costs, if nobody says otherwise: what is used.
const PAID_FOR: [Lifecycle; 3] = [
    Lifecycle::Experimental,
    Lifecycle::Production,
    Lifecycle::Deprecated,
];

impl FromRow for Entry {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let name: Option<String> = row.get("name")?;
        let owner_team_id: Option<TeamId> = row.get("owner_team_id")?;
        let group = Group {
            name: name.filter(|name| !name.is_empty()),
            owner_team_id,
        };
        Ok(Self {
            group,
            cost: cost(row)?,
            platforms: row.get("platforms")?,
        })
    }
}

/// What everything that matches costs: how many of each group cost the same. What is proposed
/// or retired does not match, unless somebody asks for it.
pub(crate) async fn costs(
    conn: &mut Conn,
    by: GroupBy,
    narrowed: &Narrowed,
) -> Result<Vec<Entry>, Error> {
    let mut narrowed = narrowed.clone();
    if narrowed.lifecycle.is_empty() {
        narrowed.lifecycle = PAID_FOR.to_vec();
    }
    let (name, team) = match by {
        GroupBy::Owner => ("t.name", "p.owner_team_id"),
        GroupBy::Publisher => ("p.publisher", NO_TEAM),
        GroupBy::CostCentre => ("p.cost_centre", NO_TEAM),
        GroupBy::BudgetCode => ("p.budget_code", NO_TEAM),
        GroupBy::Lifecycle => ("p.lifecycle", NO_TEAM),
        GroupBy::Kind => ("p.kind", NO_TEAM),
    };
    let columns = format!(
        "{name} AS name, p.cost_currency, p.cost_period, p.cost_amount_minor,
            {team} AS owner_team_id, count(*) AS platforms"
    );
    let joins = "JOIN platforms p ON p.id = s.platform_id
        LEFT JOIN teams t ON t.id = p.owner_team_id";
    among(conn, &narrowed, &columns, joins, "GROUP BY 1, 2, 3, 4, 5").await
}

const NO_TEAM: &str = "CAST(NULL AS TEXT)";

/// What is used, or would be: neither in the archive nor retired.
const IN_USE: &str = "p.archived_at IS NULL AND p.lifecycle <> 'retired'";

/// What of a platform comes to its end on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Licence,
    /// That its maker looks after it.
    Support,
}

impl Ending {
    const fn column(self) -> &'static str {
        match self {
            Self::Licence => "p.licence_expires_on",
            Self::Support => "p.eol_on",
        }
    }
}

/// Of which something ends on one of some days, the first day first; behind a day and a number,
/// if they are given.
pub(crate) async fn ending(
    conn: &mut Conn,
    what: Ending,
    span: Span,
    after: Option<(Day, i32)>,
    limit: u32,
) -> Result<Vec<Listed>, Error> {
    // Numbers begin at 1.
    let (day, number) = after.unwrap_or((span.from, 0));
    let column = what.column();
    let sql = format!(
        "SELECT p.*, t.name AS owner_name
        FROM platforms p LEFT JOIN teams t ON t.id = p.owner_team_id
        WHERE {column} >= $1 AND {column} <= $2 AND {IN_USE}
            AND ({column}, p.number) > ($3, $4)
        ORDER BY {column}, p.number LIMIT $5"
    );
    let values = params![span.from, span.to, day, number, limit];
    let rows: Vec<Row> = conn.query(&sql, values).await?;
    rows.iter().map(listed).collect()
}

/// Of how many platforms something ends on one of some days.
pub(crate) async fn count_ending(conn: &mut Conn, what: Ending, span: Span) -> Result<u64, Error> {
    let column = what.column();
    let sql = format!(
        "SELECT count(*) FROM platforms p WHERE {column} >= $1 AND {column} <= $2 AND {IN_USE}"
    );
    let (count,) = conn.query_one(&sql, params![span.from, span.to]).await?;
    Ok(count)
}

/// Of which nobody has made sure since a day that what the register says of them is so, in
/// the order of their numbers, behind one of them.
pub(crate) async fn unreviewed(
    conn: &mut Conn,
    since: Day,
    after: i32,
    limit: u32,
) -> Result<Vec<Listed>, Error> {
    let sql = format!(
        "SELECT p.*, t.name AS owner_name
        FROM platforms p LEFT JOIN teams t ON t.id = p.owner_team_id
        WHERE (p.last_reviewed_at IS NULL OR p.last_reviewed_at < $1) AND {IN_USE}
            AND p.number > $2
        ORDER BY p.number LIMIT $3"
    );
    let since = Calendar::utc().first_moment_of(since);
    let rows: Vec<Row> = conn.query(&sql, params![since, after, limit]).await?;
    rows.iter().map(listed).collect()
}
