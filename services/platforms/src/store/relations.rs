//! The SQL of relations.

use contracts::PlatformId;
use contracts::platforms::Lifecycle;
use tidings::{Conn, Error, FromRow, Tx, params};

use crate::relation::{RELATED_MAX, Relation, RelationType};

/// Waits until nobody else changes relations, until COMMIT. Whoever also holds a platform has
/// taken that before.
pub(crate) async fn take_turn(tx: &mut Tx) -> Result<(), Error> {
    let sql = "UPDATE relation_turn SET taken = taken + 1 WHERE id = 1";
    tx.execute(sql, &[]).await?;
    Ok(())
}

/// A relation as it is shown on the page of one of its two ends: the other one.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Related {
    pub(crate) kind: RelationType,
    /// Whether it is a relation of the one that is looked at, and not of the other one to it.
    pub(crate) outgoing: bool,
    pub(crate) platform_id: PlatformId,
    pub(crate) number: i32,
    pub(crate) name: String,
    pub(crate) publisher: String,
    pub(crate) lifecycle: Lifecycle,
}

/// The relations of a platform, and those of others to it: its own first, by type and name; and
/// whether there are more than are told.
pub(crate) async fn of(conn: &mut Conn, id: PlatformId) -> Result<(Vec<Related>, bool), Error> {
    let sql = "SELECT r.type AS kind, r.outgoing, p.id AS platform_id, p.number, p.name,
            p.publisher, p.lifecycle
        FROM (SELECT type, to_id AS other, TRUE AS outgoing FROM relations WHERE from_id = $1
            UNION ALL
            SELECT type, from_id, FALSE FROM relations WHERE to_id = $1) r
        JOIN platforms p ON p.id = r.other
        ORDER BY r.outgoing DESC, r.type, p.name, p.id LIMIT $2";
    let mut related: Vec<Related> = conn.query(sql, params![id, RELATED_MAX + 1]).await?;
    let is_cut = related.len() > RELATED_MAX as usize;
    related.truncate(RELATED_MAX as usize);
    Ok((related, is_cut))
}

/// The relations of a platform itself, in order.
pub(crate) async fn outgoing(conn: &mut Conn, id: PlatformId) -> Result<Vec<Relation>, Error> {
    let sql = "SELECT type, to_id FROM relations WHERE from_id = $1";
    let rows: Vec<(RelationType, PlatformId)> = conn.query(sql, params![id]).await?;
    let relations = rows.into_iter().map(|(kind, to)| Relation { kind, to });
    let mut relations: Vec<_> = relations.collect();
    relations.sort_unstable();
    Ok(relations)
}

/// All relations of one type: from which platform to which.
pub(crate) async fn all(
    conn: &mut Conn,
    kind: RelationType,
) -> Result<Vec<(PlatformId, PlatformId)>, Error> {
    let sql = "SELECT from_id, to_id FROM relations WHERE type = $1";
    conn.query(sql, params![kind]).await
}

/// The platforms that have a relation to one.
pub(crate) async fn incoming(conn: &mut Conn, id: PlatformId) -> Result<Vec<PlatformId>, Error> {
    let sql = "SELECT DISTINCT from_id FROM relations WHERE to_id = $1 ORDER BY from_id";
    let rows: Vec<(PlatformId,)> = conn.query(sql, params![id]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The version of the relations of a platform: 1 before somebody said anything of them.
pub(crate) async fn version(conn: &mut Conn, id: PlatformId) -> Result<u64, Error> {
    let sql = "SELECT version FROM relation_lists WHERE platform_id = $1";
    let row: Option<(u64,)> = conn.query_opt(sql, params![id]).await?;
    Ok(row.map_or(1, |(version,)| version))
}

/// Replaces the relations of a platform.
pub(crate) async fn replace(
    tx: &mut Tx,
    id: PlatformId,
    relations: &[Relation],
) -> Result<(), Error> {
    let sql = "DELETE FROM relations WHERE from_id = $1";
    tx.execute(sql, params![id]).await?;
    for relation in relations {
        let sql = "INSERT INTO relations (from_id, type, to_id) VALUES ($1, $2, $3)";
        tx.execute(sql, params![id, relation.kind, relation.to])
            .await?;
    }
    let sql = "INSERT INTO relation_lists (platform_id, version) VALUES ($1, 2)
        ON CONFLICT (platform_id) DO UPDATE SET version = relation_lists.version + 1";
    tx.execute(sql, params![id]).await?;
    Ok(())
}

/// Whether one comes from a platform to another one by relations of one type, however many.
pub(crate) async fn leads_to(
    conn: &mut Conn,
    from: PlatformId,
    to: PlatformId,
    kind: RelationType,
) -> Result<bool, Error> {
    // UNION leaves out what was reached before, so that it comes to an end in any case.
    let sql = "WITH RECURSIVE reached (id) AS (
            SELECT to_id FROM relations WHERE from_id = $1 AND type = $3
            UNION
            SELECT r.to_id FROM relations r JOIN reached ON reached.id = r.from_id
            WHERE r.type = $3)
        SELECT id FROM reached WHERE id = $2";
    let row: Option<(PlatformId,)> = conn.query_opt(sql, params![from, to, kind]).await?;
    Ok(row.is_some())
}
