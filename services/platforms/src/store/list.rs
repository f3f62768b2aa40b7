//! Lists of platforms: searched, narrowed, in an order, and in parts.

mod place;
mod sort;

use contracts::TeamId;
use contracts::calendar::Day;
use contracts::platforms::{Lifecycle, PlatformKind};
use tidings::{Conn, Error, FromRow, Row, Value, params};

use super::shelf::{expiry_key, rank, tag_word, words};
use crate::platform::{Platform, fold};

pub(crate) use place::Place;
pub(crate) use sort::{Key, Sort};

/// Words that a search looks for, at the most; the rest is left out.
const WORDS_MAX: usize = 8;
/// A word that fewer platforms have than this is looked up; one that more have is met soon
/// while walking in the order of the list.
const RARE_MAX: i64 = 3_000;
/// How many platforms `each` takes at once.
const SLICE: u32 = 500;

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

/// A statement under construction.
struct Statement {
    sql: String,
    values: Vec<Value>,
}

impl Statement {
    fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn also(&mut self, before: &str, value: impl Into<Value>, after: &str) {
        let place = self.value(value);
        self.sql += &format!(" AND {before} {place}{after}");
    }

    /// Everything that narrows but words.
    fn narrow(&mut self, narrowed: &Narrowed) {
        match narrowed.archived {
            Archived::No => self.also("s.archived =", false, ""),
            Archived::Only => self.also("s.archived =", true, ""),
            Archived::All => {}
        }
        if let Some(owner) = narrowed.owner {
            self.also("s.owner_team_id =", owner, "");
        }
        if narrowed.unowned {
            self.sql += " AND s.owner_team_id IS NULL";
        }
        if !narrowed.lifecycle.is_empty() {
            let places = narrowed.lifecycle.iter();
            let places = places.map(|one| self.value(rank(*one, Lifecycle::ALL)));
            let places: Vec<_> = places.collect();
            self.sql += &format!(" AND s.lifecycle IN ({})", places.join(", "));
        }
        if let Some(publisher) = &narrowed.publisher {
            self.also("s.publisher_key =", fold(publisher), "");
        }
        if let Some(kind) = narrowed.kind {
            self.also("s.kind =", kind, "");
        }
        if let Some(day) = narrowed.licence_expires_before {
            self.also("s.expires_on <", expiry_key(Some(day)), "");
        }
        if let Some(minor) = narrowed.cost_min {
            self.also("s.cost_minor >=", minor, "");
        }
    }

    /// Words and tags: what few have is looked up, the rest is looked for where the list is.
    async fn find(&mut self, conn: &mut Conn, narrowed: &Narrowed) -> Result<(), Error> {
        for wanted in wanted(narrowed) {
            let (low, high) = wanted.range();
            let sql = "SELECT count(*) FROM (SELECT 1 FROM words WHERE word >= $1 AND word < $2
                LIMIT $3) few";
            let (few,): (i64,) = conn.query_one(sql, params![&low, &high, RARE_MAX]).await?;
            if few < RARE_MAX {
                let (low, high) = (self.value(low), self.value(high));
                self.sql += &format!(
                    " AND s.number IN (SELECT number FROM words
                        WHERE word >= {low} AND word < {high})"
                );
            } else {
                let part = self.value(wanted.part());
                self.sql += &match conn.dialect().pick("sqlite", "postgres") {
                    "sqlite" => format!(" AND instr(s.words, {part}) > 0"),
                    _ => format!(" AND position({part} IN s.words) > 0"),
                };
            }
        }
        Ok(())
    }
}

/// A word that must be there: whole, or by its beginning.
struct Wanted {
    word: String,
    is_whole: bool,
}

impl Wanted {
    /// From here, and before there.
    fn range(&self) -> (String, String) {
        let (low, last) = (self.word.clone(), self.word.clone());
        match self.is_whole {
            // Nothing is between a text and the same with the first of all letters behind it.
            true => (low, last + "\u{1}"),
            false => (low, last + "\u{10ffff}"),
        }
    }

    /// How it stands in the words of a platform.
    fn part(&self) -> String {
        let end = if self.is_whole { " " } else { "" };
        format!(" {}{end}", self.word)
    }
}

fn wanted(narrowed: &Narrowed) -> Vec<Wanted> {
    let begun = words(&narrowed.q).take(WORDS_MAX);
    let begun = begun.map(|word| Wanted {
        word,
        is_whole: false,
    });
    let tag = narrowed.tag.iter().map(|tag| Wanted {
        word: tag_word(&fold(tag)),
        is_whole: true,
    });
    begun.chain(tag).collect()
}

/// Whether something is looked for that no platform has: signs alone.
fn finds_nothing(narrowed: &Narrowed) -> bool {
    !narrowed.q.trim().is_empty() && words(&narrowed.q).next().is_none()
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
    let key = narrowed.sort.key.column();
    let mut statement = Statement {
        sql: format!("SELECT s.platform_id, s.{key} AS place FROM shelf s WHERE 1 = 1"),
        values: Vec::new(),
    };
    statement.narrow(narrowed);
    statement.find(conn, narrowed).await?;
    if let Some(after) = after {
        let (beyond, _) = narrowed.sort.direction();
        let value = statement.value(after.key.clone());
        let number = statement.value(after.number);
        statement.sql += &format!(" AND (s.{key}, s.number) {beyond} ({value}, {number})");
    }
    let (_, direction) = narrowed.sort.direction();
    let limit = statement.value(limit);
    statement.sql += &format!(" ORDER BY s.{key} {direction}, s.number {direction} LIMIT {limit}");
    let sql = format!(
        "SELECT p.*, t.name AS owner_name FROM ({}) found
            JOIN platforms p ON p.id = found.platform_id
            LEFT JOIN teams t ON t.id = p.owner_team_id
            ORDER BY found.place {direction}, p.number {direction}",
        statement.sql
    );
    let rows: Vec<Row> = conn.query(&sql, &statement.values).await?;
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
    let mut statement = Statement {
        sql: format!("SELECT {columns} FROM shelf s {joins} WHERE 1 = 1"),
        values: Vec::new(),
    };
    statement.narrow(narrowed);
    statement.find(conn, narrowed).await?;
    statement.sql += &format!(" {ending}");
    conn.query(&statement.sql, &statement.values).await
}

/// How many match.
pub(crate) async fn count(conn: &mut Conn, narrowed: &Narrowed) -> Result<i64, Error> {
    let counted: Vec<(i64,)> = among(conn, narrowed, "count(*)", "", "").await?;
    Ok(counted.first().map_or(0, |(count,)| *count))
}

/// Gives everything that matches to `take`, some hundreds at a time in the order of the list.
/// What is changed meanwhile may be given as it was before or after; what moves in the order
/// may be missed or given twice, so that whoever must not miss anything asks for the order of
/// numbers, in which nothing moves.
pub(crate) async fn each<E: From<Error>>(
    conn: &mut Conn,
    narrowed: &Narrowed,
    mut take: impl AsyncFnMut(Vec<Listed>) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let slice = list(conn, narrowed, after.as_ref(), SLICE).await?;
        let is_last = slice.len() < SLICE as usize;
        after = slice
            .last()
            .map(|last| Place::of(&last.platform, narrowed.sort));
        take(slice).await?;
        if is_last {
            return Ok(());
        }
    }
}
