//! Finding commands: by words in an index, by marks, and by what people like and use.
//!
//! However many commands a word finds, the best of them are told from the newest
//! [`CANDIDATES_MAX`] whose title or platform has all words, and as many that have them
//! anywhere. Whoever looks for more says one word more, or asks for the newest first.

use std::collections::{BTreeMap, BTreeSet};

use contracts::UserId;
use tidings::{Conn, Dialect, Error, FromRow, Place, Row, Tx, params};

use super::platforms::Platform;
use super::{Names, Uses, command_of};
use crate::command::Command;
use crate::search::{self, Wanted, Within};

/// Commands of which the best are told, of each kind.
pub(crate) const CANDIDATES_MAX: u32 = 500;
/// The newest commands, among which PostgreSQL looks before it asks the index: what is found
/// often is found here in a few milliseconds. What is not is so rare that its index takes not
/// much longer, where reading a tenth of 500,000 commands by the index takes 150 ms.
const NEWEST: u32 = 8_000;
/// Platforms that a word means, at the most.
const PLATFORMS_MAX: u32 = 200;

/// Where a command stands among the best; what is smaller stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// Not every word is in its title or in the name of its platform.
    is_elsewhere: bool,
    is_deprecated: bool,
    is_no_favourite: bool,
    /// How often it was used, below zero.
    unused: i64,
    /// Its number, below zero.
    age: i64,
}

impl Place for Rank {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let flag = |text: Option<&str>| Some(text? == "1");
        Some(Self {
            is_elsewhere: flag(parts.next())?,
            is_deprecated: flag(parts.next())?,
            is_no_favourite: flag(parts.next())?,
            unused: parts.next()?.parse().ok()?,
            age: parts.next()?.parse().ok()?,
        })
    }

    fn write(&self) -> String {
        let flags = [self.is_elsewhere, self.is_deprecated, self.is_no_favourite];
        let flags = flags.map(|flag| u8::from(flag).to_string()).join("_");
        format!("{flags}_{}_{}", self.unused, self.age)
    }
}

/// A command that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) number: i64,
    pub(crate) rank: Rank,
}

/// What a search has found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Best {
    pub(crate) hits: Vec<Hit>,
    /// Whether there may be more than were looked at.
    pub(crate) is_cut: bool,
}

/// Keeps what a command is found by.
pub(crate) async fn keep(tx: &mut Tx, command: &Command) -> Result<(), Error> {
    let sql = "INSERT INTO command_words (number, words) VALUES ($1, $2)
        ON CONFLICT (number) DO UPDATE SET words = excluded.words
        WHERE command_words.words <> excluded.words";
    let row = params![i64::from(command.number), search::text_of(command)];
    tx.execute(sql, row).await?;
    Ok(())
}

/// The marks of the platforms whose name or publisher has a word that begins so.
pub(crate) async fn platforms(conn: &mut Conn, word: &str) -> Result<Vec<String>, Error> {
    // A word has no sign that means something in LIKE.
    let sql = "SELECT id FROM platforms WHERE words LIKE $1 ORDER BY number LIMIT $2";
    let row = params![format!("% {word}%"), PLATFORMS_MAX];
    let ids: Vec<(contracts::PlatformId,)> = conn.query(sql, row).await?;
    Ok(ids
        .into_iter()
        .map(|(id,)| search::platform_mark(id))
        .collect())
}

/// The best of what is wanted, best first; of favourites only, if that is wanted.
pub(crate) async fn best(
    conn: &mut Conn,
    wanted: &Wanted,
    of: UserId,
    favourites_only: bool,
) -> Result<Best, Error> {
    let favourites = favourites(conn, of).await?;
    let mut is_cut = favourites_only && favourites.len() >= CANDIDATES_MAX as usize;
    let mut elsewhere = BTreeMap::new();
    if favourites_only {
        for number in those_wanted(conn, &favourites, wanted).await? {
            elsewhere.insert(number, true);
        }
    } else if wanted.words.is_empty() {
        let mut known = most_used(conn).await?;
        known.extend(&favourites);
        let newest = newest(conn, wanted, None, CANDIDATES_MAX).await?;
        is_cut = newest.len() >= CANDIDATES_MAX as usize;
        for number in those_wanted(conn, &known, wanted).await? {
            elsewhere.insert(number, true);
        }
        elsewhere.extend(newest.into_iter().map(|number| (number, true)));
    } else {
        for (within, is_elsewhere) in [(Within::Title, false), (Within::Anything, true)] {
            if !is_cut {
                let found = found(conn, wanted, within).await?;
                is_cut = found.len() >= CANDIDATES_MAX as usize;
                for number in found {
                    elsewhere.entry(number).or_insert(is_elsewhere);
                }
            }
        }
    }
    let hits = ranked(conn, &elsewhere, &favourites).await?;
    Ok(Best { hits, is_cut })
}

/// The newest commands that are wanted, from before a number: all of them, part by part.
pub(crate) async fn newest(
    conn: &mut Conn,
    wanted: &Wanted,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<i64>, Error> {
    let before = before.unwrap_or(i64::MAX);
    let query = match conn.dialect() {
        Dialect::Sqlite => wanted.fts5(Within::Anything),
        Dialect::Postgres => wanted.tsquery(Within::Anything),
    };
    let Some(query) = query else {
        // Nothing must be there, but something may not.
        let status = match wanted.not.is_empty() {
            true => "",
            false => "AND status <> 'draft'",
        };
        let sql = format!(
            "SELECT number FROM commands WHERE number < $1 {status} ORDER BY number DESC LIMIT $2"
        );
        return numbers(conn, &sql, params![before, limit]).await;
    };
    let sql = conn.dialect().pick(
        "SELECT rowid FROM command_search WHERE command_search MATCH $2 AND rowid < $1
         ORDER BY rowid DESC LIMIT $3",
        "SELECT number FROM command_words WHERE search @@ $2::text::tsquery AND number < $1
         ORDER BY number DESC LIMIT $3",
    );
    numbers(conn, sql, params![before, query, limit]).await
}

/// The newest commands that have all words there, a bounded number of them.
async fn found(conn: &mut Conn, wanted: &Wanted, within: Within) -> Result<Vec<i64>, Error> {
    if conn.dialect() == Dialect::Sqlite {
        let query = wanted.fts5(within);
        let sql = "SELECT rowid FROM command_search WHERE command_search MATCH $1
            ORDER BY rowid DESC LIMIT $2";
        return numbers(conn, sql, params![query, CANDIDATES_MAX]).await;
    }
    let query = wanted.tsquery(within);
    let sql = "SELECT number FROM (
            SELECT number, search FROM command_words ORDER BY number DESC LIMIT $3
        ) newest WHERE search @@ $1::text::tsquery LIMIT $2";
    let near = numbers(conn, sql, params![query.clone(), CANDIDATES_MAX, NEWEST]).await?;
    if near.len() >= CANDIDATES_MAX as usize {
        return Ok(near);
    }
    // By a sum, so that the planner does not walk down the numbers: where words are frequent
    // each and never together it would walk to the end, which takes 400 ms.
    let sql = "SELECT number FROM command_words WHERE search @@ $1::text::tsquery
        ORDER BY number + 0 DESC LIMIT $2";
    numbers(conn, sql, params![query, CANDIDATES_MAX]).await
}

/// Those of some commands that are wanted.
async fn those_wanted(
    conn: &mut Conn,
    among: &BTreeSet<i64>,
    wanted: &Wanted,
) -> Result<Vec<i64>, Error> {
    if among.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT number, words FROM command_words WHERE number IN ({})",
        listed(among)
    );
    let rows: Vec<(i64, String)> = conn.query(&sql, &[]).await?;
    let rows = rows.into_iter().filter(|(_, words)| wanted.matches(words));
    Ok(rows.map(|(number, _)| number).collect())
}

async fn most_used(conn: &mut Conn) -> Result<BTreeSet<i64>, Error> {
    let sql = "SELECT c.number FROM uses u JOIN commands c ON c.id = u.command_id
        ORDER BY u.uses DESC LIMIT $1";
    let numbers = numbers(conn, sql, params![CANDIDATES_MAX]).await?;
    Ok(numbers.into_iter().collect())
}

/// Somebody's favourites, of which the last few hundred count.
async fn favourites(conn: &mut Conn, of: UserId) -> Result<BTreeSet<i64>, Error> {
    let sql = "SELECT c.number FROM favourites f JOIN commands c ON c.id = f.command_id
        WHERE f.user_id = $1 ORDER BY f.at DESC LIMIT $2";
    let numbers = numbers(conn, sql, params![of, CANDIDATES_MAX]).await?;
    Ok(numbers.into_iter().collect())
}

/// In the order of their ranks.
async fn ranked(
    conn: &mut Conn,
    elsewhere: &BTreeMap<i64, bool>,
    favourites: &BTreeSet<i64>,
) -> Result<Vec<Hit>, Error> {
    if elsewhere.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT c.number, c.status, coalesce(u.uses, 0) FROM commands c
         LEFT JOIN uses u ON u.command_id = c.id WHERE c.number IN ({})",
        listed(elsewhere.keys())
    );
    let rows: Vec<(i64, String, i64)> = conn.query(&sql, &[]).await?;
    let hit = |(number, status, uses): (i64, String, i64)| Hit {
        number,
        rank: Rank {
            is_elsewhere: elsewhere.get(&number).copied().unwrap_or(true),
            is_deprecated: status == "deprecated",
            is_no_favourite: !favourites.contains(&number),
            unused: -uses,
            age: -number,
        },
    };
    let mut hits: Vec<Hit> = rows.into_iter().map(hit).collect();
    hits.sort_unstable_by_key(|hit| hit.rank);
    Ok(hits)
}

async fn numbers(conn: &mut Conn, sql: &str, values: &[tidings::Value]) -> Result<Vec<i64>, Error> {
    let rows: Vec<(i64,)> = conn.query(sql, values).await?;
    Ok(rows.into_iter().map(|(number,)| number).collect())
}

/// Numbers as they stand in a statement: they are ours, and too many to be bound one by one.
fn listed<'a>(numbers: impl IntoIterator<Item = &'a i64>) -> String {
    let numbers = numbers.into_iter().map(i64::to_string);
    numbers.collect::<Vec<_>>().join(", ")
}

/// A command that was found, with what is shown beside it.
pub(crate) struct Found {
    pub(crate) command: Command,
    pub(crate) platform: Platform,
    pub(crate) uses: Uses,
    pub(crate) names: Names,
    /// Whether whoever looks likes it.
    pub(crate) is_favourite: bool,
}

impl FromRow for Found {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let command = command_of(row)?;
        Ok(Self {
            platform: Platform {
                id: command.platform_id,
                number: row.get("platform_number")?,
                name: row.get("platform_name")?,
                publisher: row.get("publisher")?,
                lifecycle: row.get("lifecycle")?,
                archived: row.get("archived")?,
                version: row.get("platform_version")?,
            },
            command,
            uses: Uses {
                uses: row.get::<Option<i64>>("uses")?.unwrap_or(0),
                last_used_at: row.get("last_used_at")?,
            },
            names: Names::from_row(row)?,
            is_favourite: row.get::<Option<String>>("liked_by")?.is_some(),
        })
    }
}

/// The commands with some numbers, in the order of the numbers given.
pub(crate) async fn load(
    conn: &mut Conn,
    numbers: &[i64],
    of: UserId,
) -> Result<Vec<Found>, Error> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT c.*, u.uses, u.last_used_at, p.number AS platform_number,
            p.name AS platform_name, p.publisher, p.lifecycle, p.archived,
            p.version AS platform_version, f.user_id AS liked_by,
            coalesce(nullif(a.name, ''), a.email) AS author_name,
            coalesce(nullif(m.name, ''), m.email) AS modifier_name
         FROM commands c JOIN platforms p ON p.id = c.platform_id
            LEFT JOIN uses u ON u.command_id = c.id
            LEFT JOIN people a ON a.id = c.author
            LEFT JOIN people m ON m.id = c.last_modified_by
            LEFT JOIN favourites f ON f.command_id = c.id AND f.user_id = $1
         WHERE c.number IN ({})",
        listed(numbers)
    );
    let mut found: Vec<Found> = conn.query(&sql, params![of]).await?;
    let place = |found: &Found| {
        let number = i64::from(found.command.number);
        numbers.iter().position(|one| *one == number)
    };
    found.sort_by_key(place);
    Ok(found)
}
