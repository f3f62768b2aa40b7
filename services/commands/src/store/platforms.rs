//! The replica of the register: the platforms that commands belong to.

use std::collections::{BTreeMap, BTreeSet};

use contracts::PlatformId;
use contracts::platforms::{Lifecycle, PlatformRecord};
use tidings::{Conn, Error, FromRow, Tx, params};

use super::{count, to_json};
use crate::command::Command;

/// Platforms that a field proposes, at the most.
const PROPOSED_MAX: u32 = 500;

/// What is known here of a platform.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(crate) struct Platform {
    pub(crate) id: PlatformId,
    pub(crate) number: i32,
    pub(crate) name: String,
    pub(crate) publisher: String,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) archived: bool,
    pub(crate) version: u64,
}

impl From<&PlatformRecord> for Platform {
    fn from(record: &PlatformRecord) -> Self {
        Self {
            id: record.platform_id,
            number: record.number,
            name: record.name.clone(),
            publisher: record.publisher.clone(),
            lifecycle: record.lifecycle,
            archived: record.archived_at.is_some(),
            version: record.version,
        }
    }
}

/// Takes over what is told of a platform, unless something newer is known.
pub(crate) async fn keep(tx: &mut Tx, platform: &Platform) -> Result<(), Error> {
    let sql = "INSERT INTO platforms
            (id, number, name, publisher, lifecycle, archived, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET number = excluded.number, name = excluded.name,
            publisher = excluded.publisher, lifecycle = excluded.lifecycle,
            archived = excluded.archived, version = excluded.version
        WHERE platforms.version < excluded.version";
    let row = params![
        platform.id,
        platform.number,
        &platform.name,
        &platform.publisher,
        platform.lifecycle,
        platform.archived,
        count(platform.version),
    ];
    match tx.execute(sql, row).await? {
        0 => Ok(()),
        _ => super::search::keep_platform(tx, platform).await,
    }
}

/// The id of a platform that somebody names by its id or its number; nothing for one
/// that is not known.
pub(crate) async fn resolve(conn: &mut Conn, name: &str) -> Result<Option<PlatformId>, Error> {
    let found: Option<(PlatformId,)> = if let Ok(id) = name.parse::<PlatformId>() {
        let sql = "SELECT id FROM platforms WHERE id = $1";
        conn.query_opt(sql, params![id]).await?
    } else if let Ok(number) = name.parse::<i32>() {
        let sql = "SELECT id FROM platforms WHERE number = $1";
        conn.query_opt(sql, params![number]).await?
    } else {
        None
    };
    Ok(found.map(|(id,)| id))
}

/// The id of the one platform of this name that is not in the archive; small and capital letters
/// are the same, of those of ASCII everywhere.
pub(crate) async fn named(conn: &mut Conn, name: &str) -> Result<Option<PlatformId>, Error> {
    let sql = "SELECT id FROM platforms
        WHERE NOT archived AND lower(name) = lower($1) ORDER BY id LIMIT 2";
    let found: Vec<(PlatformId,)> = conn.query(sql, params![name]).await?;
    Ok(match found.as_slice() {
        [(id,)] => Some(*id),
        _ => None,
    })
}

/// A platform, to show it.
pub(crate) async fn find(conn: &mut Conn, id: PlatformId) -> Result<Option<Platform>, Error> {
    let sql = "SELECT * FROM platforms WHERE id = $1";
    conn.query_opt(sql, params![id]).await
}

/// The platforms of some commands.
pub(crate) async fn of_commands(
    conn: &mut Conn,
    commands: &[Command],
) -> Result<BTreeMap<PlatformId, Platform>, Error> {
    let ids: BTreeSet<String> = commands
        .iter()
        .map(|one| one.platform_id.to_string())
        .collect();
    let sql = conn.dialect().pick(
        "SELECT * FROM platforms WHERE id IN (SELECT value FROM json_each($1))",
        "SELECT * FROM platforms
            WHERE id IN (SELECT jsonb_array_elements_text($1::text::jsonb))",
    );
    let found: Vec<Platform> = conn.query(sql, params![to_json("ids", &ids)?]).await?;
    Ok(found.into_iter().map(|one| (one.id, one)).collect())
}

/// A platform whose commands are about to be changed. On PostgreSQL others wait for this
/// transaction: who changes its commands at the same time, and the news that it is archived
///
pub(crate) async fn find_for_update(
    tx: &mut Tx,
    id: PlatformId,
) -> Result<Option<Platform>, Error> {
    let lock = tx.dialect().pick("", "FOR UPDATE");
    let sql = format!("SELECT * FROM platforms WHERE id = $1 {lock}");
    tx.query_opt(&sql, params![id]).await
}

/// The part of the platforms behind a number, in the order of their numbers.
pub(crate) async fn list(conn: &mut Conn, after: i32, limit: u32) -> Result<Vec<Platform>, Error> {
    let sql = "SELECT * FROM platforms WHERE number > $1 ORDER BY number LIMIT $2";
    conn.query(sql, params![after, limit]).await
}

/// The platforms that a field proposes, by their names; none of the archive.
pub(crate) async fn proposed(conn: &mut Conn) -> Result<Vec<Platform>, Error> {
    let sql = "SELECT * FROM platforms WHERE NOT archived ORDER BY name, number LIMIT $1";
    conn.query(sql, params![PROPOSED_MAX]).await
}
