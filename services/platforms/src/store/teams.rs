//! The SQL of teams.

use std::collections::BTreeMap;

use contracts::TeamId;
use tidings::{Conn, Error, FromRow, Row, Tx, params};

use super::count;
use crate::platform::fold;
use crate::team::{Team, Told};

impl FromRow for Team {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            told: Told {
                name: row.get("name")?,
                kind: row.get("kind")?,
                email: row.get("email")?,
            },
            version: row.get("version")?,
            created_at: row.get("created_at")?,
            created_by: row.get("created_by")?,
            updated_at: row.get("updated_at")?,
            updated_by: row.get("updated_by")?,
        })
    }
}

/// All of them by their names; an organisation has no more than fit into one answer.
pub(crate) async fn all(conn: &mut Conn) -> Result<Vec<Team>, Error> {
    conn.query("SELECT * FROM teams ORDER BY folded, id", &[])
        .await
}

/// Every team with its folded name.
pub(crate) async fn folded(conn: &mut Conn) -> Result<Vec<(TeamId, String)>, Error> {
    conn.query("SELECT id, folded FROM teams ORDER BY folded", &[])
        .await
}

/// What a team is called.
pub(crate) async fn name(conn: &mut Conn, id: TeamId) -> Result<Option<String>, Error> {
    let sql = "SELECT name FROM teams WHERE id = $1";
    let row: Option<(String,)> = conn.query_opt(sql, params![id]).await?;
    Ok(row.map(|(name,)| name))
}

pub(crate) async fn find(conn: &mut Conn, id: TeamId) -> Result<Option<Team>, Error> {
    let sql = "SELECT * FROM teams WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

/// The team of a name, whatever its size.
pub(crate) async fn find_by_name(conn: &mut Conn, name: &str) -> Result<Option<Team>, Error> {
    let sql = "SELECT * FROM teams WHERE folded = $1";
    conn.query_opt(sql, params![fold(name)]).await
}

/// Loads a team that is about to be changed; on PostgreSQL others wait for this transaction,
/// also those who are about to give it a platform.
pub(crate) async fn load_for_update(tx: &mut Tx, id: TeamId) -> Result<Option<Team>, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql = format!("SELECT * FROM teams WHERE id = $1 {lock}");
    tx.query_opt(&sql, params![id]).await
}

/// Stores a new team, or what has changed of one that was loaded for it.
pub(crate) async fn save(tx: &mut Tx, team: &Team) -> Result<(), Error> {
    let sql = "INSERT INTO teams (id, name, folded, kind, email, version, created_at, created_by,
            updated_at, updated_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, folded = excluded.folded,
            kind = excluded.kind, email = excluded.email, version = excluded.version,
            updated_at = excluded.updated_at, updated_by = excluded.updated_by";
    let row = params![
        team.id,
        &team.told.name,
        fold(&team.told.name),
        team.told.kind,
        &team.told.email,
        count(team.version),
        team.created_at,
        team.created_by,
        team.updated_at,
        team.updated_by,
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx, id: TeamId) -> Result<(), Error> {
    let sql = "DELETE FROM teams WHERE id = $1";
    tx.execute(sql, params![id]).await?;
    Ok(())
}

/// How many platforms belong to a team, also in the archive, and the names of the first of them.
pub(crate) async fn owned(
    conn: &mut Conn,
    id: TeamId,
    named: u32,
) -> Result<(u64, Vec<String>), Error> {
    let sql = "SELECT count(*) FROM platforms WHERE owner_team_id = $1";
    let (many,) = conn.query_one(sql, params![id]).await?;
    let sql = "SELECT name FROM platforms WHERE owner_team_id = $1 ORDER BY name, id LIMIT $2";
    let names: Vec<(String,)> = conn.query(sql, params![id, named]).await?;
    Ok((many, names.into_iter().map(|(name,)| name).collect()))
}

/// How many platforms that are in use belong to each team that has any.
pub(crate) async fn counts(conn: &mut Conn) -> Result<BTreeMap<TeamId, u64>, Error> {
    let sql = "SELECT owner_team_id, count(*) FROM platforms
        WHERE owner_team_id IS NOT NULL AND archived_at IS NULL GROUP BY owner_team_id";
    let rows: Vec<(TeamId, u64)> = conn.query(sql, &[]).await?;
    Ok(rows.into_iter().collect())
}
