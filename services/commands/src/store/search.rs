//! Finding commands: by words in an index, by marks, and by what people like and use.
//!
//! However many commands a word finds, the best of them are told from the newest whose title
//! or platform has all words, and the newest that have them anywhere: of each kind all, or
//! [`ENOUGH`] to [`CANDIDATES_MAX`]. Whoever looks for more says one word more, or asks for the
//! newest first.

mod index;
mod used;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use contracts::UserId;
use tidings::{Conn, Dialect, Error, FromRow, Place, Row, Timestamp, Value, params};

use super::platforms::Platform;
use super::{Names, Uses, command_of};
use crate::command::Command;
use crate::search::{Wanted, Within};

pub(crate) use index::newest;
use index::newest_enough;
use used::used;
pub(crate) use words::{keep, keep_platform, keep_platform_of_first, meant};

/// Commands of which the best are told, of each kind.
const CANDIDATES_MAX: u32 = 500;
/// Of more candidates than these it does not matter whether they are all that there are room for.
const ENOUGH: u32 = 100;

/// Where a command stands among the best; what is smaller stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// Not every word is in its title or in the name of its platform.
    is_elsewhere: bool,
    is_deprecated: bool,
    is_no_favourite: bool,
    /// How often it was used, or when last, below zero.
    unused: i64,
    /// Its number, below zero.
    age: i64,
}

impl Rank {
    /// Where a command stands among those that were used last.
    fn of_use(number: i64, at: Timestamp) -> Self {
        Self {
            is_elsewhere: false,
            is_deprecated: false,
            is_no_favourite: false,
            unused: -at.as_micros(),
            age: -number,
        }
    }
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

/// Which commands alone are looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Only {
    /// One's own favourites.
    pub(crate) favourites: bool,
    /// Those that one has used last.
    pub(crate) used: bool,
}

/// The best of what is wanted, best first; of one's own only, if that is wanted.
pub(crate) async fn best(
    conn: &mut Conn,
    wanted: &Wanted,
    of: UserId,
    only: Only,
) -> Result<Best, Error> {
    let favourites = favourites(conn, of).await?;
    if only.used {
        let liked = only.favourites.then_some(&favourites);
        return used(conn, wanted, of, liked).await;
    }
    let favourites_only = only.favourites;
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
        let anywhere = newest_enough(conn, wanted, Within::Anything).await?;
        is_cut = !anywhere.are_all;
        if anywhere.are_all {
            let among = anywhere.numbers.into_iter().collect();
            for (number, words) in words_of(conn, &among).await? {
                elsewhere.insert(number, !wanted.has_words(&words, Within::Title));
            }
        } else {
            let titled = newest_enough(conn, wanted, Within::Title).await?;
            elsewhere.extend(anywhere.numbers.into_iter().map(|number| (number, true)));
            elsewhere.extend(titled.numbers.into_iter().map(|number| (number, false)));
        }
    }
    let hits = ranked(conn, &elsewhere, &favourites).await?;
    Ok(Best { hits, is_cut })
}

/// Those of some commands that are wanted.
async fn those_wanted(
    conn: &mut Conn,
    among: &BTreeSet<i64>,
    wanted: &Wanted,
) -> Result<Vec<i64>, Error> {
    let rows = words_of(conn, among).await?.into_iter();
    let rows = rows.filter(|(_, words)| wanted.matches(words));
    Ok(rows.map(|(number, _)| number).collect())
}

/// The words and marks of some commands.
async fn words_of(conn: &mut Conn, among: &BTreeSet<i64>) -> Result<Vec<(i64, String)>, Error> {
    if among.is_empty() {
        return Ok(Vec::new());
    }
    let is_among = is_among(conn.dialect(), "number", 1);
    let sql = format!("SELECT number, words FROM command_words WHERE {is_among}");
    conn.query(&sql, params![listed(among)]).await
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
         LEFT JOIN uses u ON u.command_id = c.id WHERE {}",
        is_among(conn.dialect(), "c.number", 1)
    );
    let values = params![listed(elsewhere.keys())];
    let rows: Vec<(i64, String, i64)> = conn.query(&sql, values).await?;
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

async fn numbers(conn: &mut Conn, sql: &str, values: &[Value]) -> Result<Vec<i64>, Error> {
    let rows: Vec<(i64,)> = conn.query(sql, values).await?;
    Ok(rows.into_iter().map(|(number,)| number).collect())
}

/// Numbers as one value of a statement: each statement that is written another way stays
/// prepared for as long as its connection lasts.
fn listed<'a>(numbers: impl IntoIterator<Item = &'a i64>) -> String {
    let numbers = numbers.into_iter().map(i64::to_string);
    numbers.collect::<Vec<_>>().join(",")
}

/// Whether a column is one of the numbers that a value lists.
fn is_among(dialect: Dialect, column: &str, place: usize) -> String {
    match dialect {
        Dialect::Sqlite => {
            format!("{column} IN (SELECT value FROM json_each('[' || ${place} || ']'))")
        }
        Dialect::Postgres => {
            format!("{column} = ANY (string_to_array(${place}, ',')::bigint[])")
        }
    }
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
         WHERE {}",
        is_among(conn.dialect(), "c.number", 2)
    );
    let mut found: Vec<Found> = conn.query(&sql, params![of, listed(numbers)]).await?;
    let place = |found: &Found| {
        let number = i64::from(found.command.number);
        numbers.iter().position(|one| *one == number)
    };
    found.sort_by_key(place);
    Ok(found)
}
