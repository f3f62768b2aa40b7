//! All the SQL of the register.

pub(crate) mod changes;
pub(crate) mod demo;
pub(crate) mod fields;
pub(crate) mod imports;
pub(crate) mod list;
pub(crate) mod notices;
pub(crate) mod people;
pub(crate) mod relations;
pub(crate) mod reports;
pub(crate) mod reviews;
mod row;
pub(crate) mod shelf;
pub(crate) mod teams;

use std::collections::{BTreeMap, BTreeSet};

use contracts::platforms::Lifecycle;
use contracts::{PlatformId, TeamId};
use tidings::{Conn, Error, FromRow, Row, Tx, Value, params};

use crate::platform::{Platform, natural_key, slug_of};

pub(crate) use row::read;

/// Counted in steps of one from 1; nothing comes near the end of `i64`.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The platform.
pub(crate) async fn find(conn: &mut Conn, id: PlatformId) -> Result<Option<Platform>, Error> {
    let sql = "SELECT * FROM platforms WHERE id = $1";
    let row: Option<Row> = conn.query_opt(sql, params![id]).await?;
    row.as_ref().map(read).transpose()
}

/// The platform, which nobody else changes before this transaction has ended.
pub(crate) async fn hold(tx: &mut Tx, id: PlatformId) -> Result<Option<Platform>, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql = format!("SELECT * FROM platforms WHERE id = $1 {lock}");
    let row: Option<Row> = tx.query_opt(&sql, params![id]).await?;
    row.as_ref().map(read).transpose()
}

/// Which platform outside the archive has this publisher and name, by [`natural_key`].
pub(crate) async fn find_by_key(
    conn: &mut Conn,
    natural_key: &str,
) -> Result<Option<Platform>, Error> {
    let sql = "SELECT * FROM platforms WHERE natural_key = $1";
    let row: Option<Row> = conn.query_opt(sql, params![natural_key]).await?;
    row.as_ref().map(read).transpose()
}

/// Which platform an address means: by its id, its number, or what stands in addresses
/// of pages.
pub(crate) async fn resolve(conn: &mut Conn, text: &str) -> Result<Option<PlatformId>, Error> {
    let (column, value) = if let Ok(id) = text.parse::<PlatformId>() {
        ("id", id.into())
    } else if let Ok(number) = text.parse::<i32>() {
        ("number", number.into())
    } else {
        let is_slug = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if text.is_empty() || text.len() > 100 || !text.bytes().all(is_slug) {
            return Ok(None);
        }
        ("slug", tidings::Value::from(text))
    };
    let sql = format!("SELECT id FROM platforms WHERE {column} = $1");
    let row: Option<(PlatformId,)> = conn.query_opt(&sql, &[value]).await?;
    Ok(row.map(|(id,)| id))
}

/// What the catalog says of a platform.
#[derive(Debug, FromRow)]
pub(crate) struct Entry {
    pub(crate) number: i32,
    pub(crate) name: String,
    pub(crate) publisher: String,
    pub(crate) id: PlatformId,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) version: u64,
}

/// A part of the platforms outside the archive, in the order of their numbers.
pub(crate) async fn catalog(conn: &mut Conn, after: i32, limit: u32) -> Result<Vec<Entry>, Error> {
    let sql = "SELECT number, name, publisher, id, lifecycle, version FROM platforms
        WHERE number > $1 AND archived_at IS NULL ORDER BY number LIMIT $2";
    conn.query(sql, params![after, limit]).await
}

/// Waits until nobody else adds names or numbers, until COMMIT.
pub(crate) async fn hold_names(tx: &mut Tx) -> Result<(), Error> {
    let sql = "UPDATE numbers SET last = last WHERE id = 1";
    tx.execute(sql, &[]).await?;
    Ok(())
}

/// The next number; holds the names.
pub(crate) async fn next_number(tx: &mut Tx) -> Result<i32, Error> {
    let sql = "UPDATE numbers SET last = last + 1 WHERE id = 1 RETURNING last";
    let (number,) = tx.query_one(sql, &[]).await?;
    Ok(number)
}

/// What shall stand in addresses for a new platform; its number makes it another than those
/// of the same name. Whoever calls holds the names.
pub(crate) async fn free_slug(tx: &mut Tx, name: &str, number: i32) -> Result<String, Error> {
    let slug = slug_of(name);
    for slug in [slug.clone(), format!("{slug}-{number}")] {
        let sql = "SELECT id FROM platforms WHERE slug = $1";
        let taken: Option<(PlatformId,)> = tx.query_opt(sql, params![&slug]).await?;
        if taken.is_none() {
            return Ok(slug);
        }
    }
    Ok(format!("{slug}-{}", tidings::uuid_at(tx.now()).simple()))
}

/// Stores a new platform, and what lists look at.
pub(crate) async fn insert(tx: &mut Tx, platform: &Platform) -> Result<(), Error> {
    let values = row::values(platform)?;
    tx.execute(row::INSERT, &values).await?;
    shelf::put(tx, platform).await
}

/// Stores what has changed of a platform that is held.
pub(crate) async fn update(tx: &mut Tx, platform: &Platform) -> Result<(), Error> {
    let values = row::values(platform)?;
    tx.execute(row::UPDATE, &values).await?;
    shelf::put(tx, platform).await
}

/// Every team with its folded name.
pub(crate) async fn teams(conn: &mut Conn) -> Result<Vec<(TeamId, String)>, Error> {
    conn.query("SELECT id, folded FROM teams ORDER BY folded", &[])
        .await
}

/// What a team is called.
pub(crate) async fn team_name(conn: &mut Conn, id: TeamId) -> Result<Option<String>, Error> {
    let sql = "SELECT name FROM teams WHERE id = $1";
    let row: Option<(String,)> = conn.query_opt(sql, params![id]).await?;
    Ok(row.map(|(name,)| name))
}

/// None while it is in the archive.
fn key_of(platform: &Platform) -> Option<String> {
    let is_in_use = platform.archived_at.is_none();
    is_in_use.then(|| natural_key(&platform.publisher, &platform.name))
}

/// What some platforms are called, by their ids.
pub(crate) async fn names(
    conn: &mut Conn,
    ids: BTreeSet<PlatformId>,
) -> Result<BTreeMap<PlatformId, String>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let places = places.join(", ");
    let sql = format!("SELECT id, name FROM platforms WHERE id IN ({places})");
    let ids: Vec<Value> = ids.into_iter().map(Value::from).collect();
    let rows: Vec<(PlatformId, String)> = conn.query(&sql, &ids).await?;
    Ok(rows.into_iter().collect())
}
