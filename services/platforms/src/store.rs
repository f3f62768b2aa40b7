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

use std::collections::{BTreeMap, BTreeSet, HashSet};

use contracts::PlatformId;
use contracts::platforms::Lifecycle;
use tidings::{Conn, Error, FromRow, Row, Tx, Value, params};

use crate::platform::{PAGES, Platform, is_slug, natural_key, slug_of};

pub(crate) use row::read;

/// Counted in steps of one from 1; nothing comes near the end of `i64`.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Values of one statement, at the most. SQLite looks for the name of each from the first on, so
/// that twice as many take four times as long.
const VALUES_MAX: usize = 1024;

/// Cuts rows of so many values that are read or written at once into parts, a statement each.
/// All are powers of two, so that these are few texts, and databases keep what they have planned.
fn parts<T>(mut left: &[T], values: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = left.len().min(VALUES_MAX / values).checked_ilog2()?;
        let (part, rest) = left.split_at(1 << size);
        left = rest;
        Some(part)
    })
}

/// The places of so many rows of so many values: `($1, $2), ($3, $4)`.
fn places(rows: usize, values: usize) -> String {
    let row = |row: usize| {
        let values = (1..=values).map(|value| format!("${}", row * values + value));
        format!("({})", values.collect::<Vec<_>>().join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
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

/// The platforms of some ids, each of which nobody else changes before this transaction has
/// ended. They are held in the order of their ids, as by all who hold several, or two could
/// wait for each other.
pub(crate) async fn hold_all(
    tx: &mut Tx,
    mut ids: Vec<PlatformId>,
) -> Result<Vec<Platform>, Error> {
    ids.sort_unstable();
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let ids = ids.into_iter().map(Value::from).collect();
    find_all(tx, "id", ids, lock).await
}

/// The platforms outside the archive that have one of these publishers and names, by
/// [`natural_key`].
pub(crate) async fn find_by_keys(
    conn: &mut Conn,
    natural_keys: Vec<String>,
) -> Result<Vec<Platform>, Error> {
    let keys = natural_keys.into_iter().map(Value::from).collect();
    find_all(conn, "natural_key", keys, "").await
}

async fn find_all(
    conn: &mut Conn,
    column: &str,
    values: Vec<Value>,
    lock: &str,
) -> Result<Vec<Platform>, Error> {
    let mut found = Vec::with_capacity(values.len());
    for part in parts(&values, 1) {
        let places = places(1, part.len());
        let sql = format!("SELECT * FROM platforms WHERE {column} IN {places} ORDER BY id {lock}");
        for row in conn.query::<Row>(&sql, part).await? {
            found.push(read(&row)?);
        }
    }
    Ok(found)
}

/// Which platform an address means: by its id, its number, or what stands in addresses
/// of pages.
pub(crate) async fn resolve(conn: &mut Conn, text: &str) -> Result<Option<PlatformId>, Error> {
    let (column, value) = if let Ok(id) = text.parse::<PlatformId>() {
        ("id", id.into())
    } else if let Ok(number) = text.parse::<i32>() {
        ("number", number.into())
    } else {
        if !is_slug(text) {
            return Ok(None);
        }
        ("slug", Value::from(text))
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

/// Gives new platforms their numbers and what shall stand in addresses for them; holds the
/// names.
pub(crate) async fn number(tx: &mut Tx, new: &mut [&mut Platform]) -> Result<(), Error> {
    let many = i64::try_from(new.len()).unwrap_or(i64::MAX);
    let sql = "UPDATE numbers SET last = last + $1 WHERE id = 1 RETURNING last - $1 + 1";
    let (first,): (i32,) = tx.query_one(sql, params![many]).await?;
    for (platform, number) in new.iter_mut().zip(first..) {
        platform.number = number;
    }
    let wanted = |platform: &Platform| {
        let slug = slug_of(&platform.name);
        [format!("{slug}-{}", platform.number), slug]
    };
    let all = new.iter().flat_map(|platform| wanted(platform));
    let all: Vec<_> = all.map(Value::from).collect();
    let mut taken: HashSet<_> = PAGES.into_iter().map(str::to_owned).collect();
    for part in parts(&all, 1) {
        let sql = format!(
            "SELECT slug FROM platforms WHERE slug IN {}",
            places(1, part.len())
        );
        let slugs: Vec<(String,)> = tx.query(&sql, part).await?;
        taken.extend(slugs.into_iter().map(|(slug,)| slug));
    }
    for platform in new {
        let [numbered, plain] = wanted(platform);
        let free = [plain, numbered]
            .into_iter()
            .find(|slug| !taken.contains(slug));
        // Both are taken when the name of another one ends in this number.
        let last = || format!("platform-{}", platform.platform_id);
        platform.slug = free.unwrap_or_else(last);
        taken.insert(platform.slug.clone());
    }
    Ok(())
}

/// Stores platforms as they are now, new ones and those that are held, and what lists look at.
pub(crate) async fn put(tx: &mut Tx, platforms: &[&Platform]) -> Result<(), Error> {
    let moved = row::COLUMNS.iter().skip(1);
    let moved = moved.map(|column| format!("{column} = excluded.{column}"));
    let moved = moved.collect::<Vec<_>>().join(", ");
    for part in parts(platforms, row::COLUMNS.len()) {
        let values = part.iter().map(|platform| row::values(platform));
        let values = values.collect::<Result<Vec<_>, _>>()?.concat();
        let sql = format!(
            "INSERT INTO platforms ({}) VALUES {} ON CONFLICT (id) DO UPDATE SET {moved}",
            row::COLUMNS.join(", "),
            places(part.len(), row::COLUMNS.len()),
        );
        tx.execute(&sql, &values).await?;
    }
    shelf::put(tx, platforms).await
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
    let ids: Vec<Value> = ids.into_iter().map(Value::from).collect();
    let mut names = BTreeMap::new();
    for part in parts(&ids, 1) {
        let places = places(1, part.len());
        let sql = format!("SELECT id, name FROM platforms WHERE id IN {places}");
        names.extend(conn.query::<(PlatformId, String)>(&sql, part).await?);
    }
    Ok(names)
}
