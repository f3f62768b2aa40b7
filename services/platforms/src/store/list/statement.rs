//! The statements that lists are asked with.

use tidings::{Conn, Dialect, Error, Value, params};

use super::super::shelf::{day_key, rank, tag_word, words};
use super::{Archived, Narrowed, Place};
use crate::platform::{fold, is_tag};
use contracts::platforms::Lifecycle;

/// Words that a search looks for, at the most; the rest is left out.
const WORDS_MAX: usize = 8;
/// Where fewer platforms than this have all words, these are looked at and no others.
const FEW: i64 = 3_000;
/// How many platforms are walked through for each that is wanted, before all are looked at.
const WALKED: u32 = 100;

/// A statement under construction.
///
/// Which platforms match is found in one of two ways, and the planners of the databases are
/// left no choice between them, because without knowing how words and filters go together they
/// choose the wrong one (a second in place of 50 ms). Walking in the order of the list is quick
/// where much matches, as it ends soon; looking at all and sorting takes the same time always.
#[derive(Clone)]
pub(super) struct Statement<'a> {
    narrowed: &'a Narrowed,
    dialect: Dialect,
    wanted: Vec<Wanted>,
    has_few: bool,
    /// What narrows, each with ` AND ` in front.
    conditions: String,
    pub(super) values: Vec<Value>,
    pub(super) sql: String,
}

impl<'a> Statement<'a> {
    pub(super) async fn new(conn: &mut Conn, narrowed: &'a Narrowed) -> Result<Self, Error> {
        let mut statement = Self {
            narrowed,
            dialect: conn.dialect(),
            wanted: wanted(narrowed),
            has_few: false,
            conditions: String::new(),
            values: Vec::new(),
            sql: String::new(),
        };
        statement.narrow();
        if !statement.wanted.is_empty() {
            let found = statement.dialect.pick(
                "(SELECT 1 FROM shelf_search WHERE shelf_search MATCH $1 LIMIT $2) found",
                "shelf_found($1, $2)",
            );
            let sql = format!("SELECT count(*) FROM {found}");
            let (many,): (i64,) = conn
                .query_one(&sql, params![statement.query(), FEW])
                .await?;
            statement.has_few = many < FEW;
        }
        Ok(statement)
    }

    /// Whether few have all words: then looking at all is to look at these few.
    pub(super) fn has_few(&self) -> bool {
        self.has_few
    }

    /// Columns of all that match: of the shelf `s` and what is joined to it.
    pub(super) fn among(mut self, columns: &str, joins: &str, ending: &str) -> Self {
        self.look_up();
        let conditions = &self.conditions;
        self.sql =
            format!("SELECT {columns} FROM shelf s {joins} WHERE 1 = 1{conditions} {ending}");
        self
    }

    /// The first that match of the next some thousand in the order of the list.
    pub(super) fn walk(mut self, after: Option<&Place>, limit: u32) -> Self {
        self.look_for();
        let (beyond, way) = self.narrowed.sort.direction();
        let key = self.narrowed.sort.key.column();
        let place = self.beyond(after, &format!("w.{key}"), "w.number", beyond);
        let walked = self.value(limit.saturating_mul(WALKED));
        let limit = self.value(limit);
        let conditions = &self.conditions;
        self.sql = format!(
            "SELECT s.platform_id, s.{key} AS place FROM (SELECT * FROM shelf w WHERE 1 = 1{place}
                ORDER BY w.{key} {way}, w.number {way} LIMIT {walked}) s
            WHERE 1 = 1{conditions} ORDER BY s.{key} {way}, s.number {way} LIMIT {limit}"
        );
        self
    }

    /// The first that match of all.
    pub(super) fn look_at_all(mut self, after: Option<&Place>, limit: u32) -> Self {
        self.look_up();
        let (beyond, way) = self.narrowed.sort.direction();
        let column = self.narrowed.sort.key.column();
        let key = match (self.dialect, self.narrowed.sort.key.is_text()) {
            (Dialect::Postgres, true) => format!("(s.{column} || '')"),
            _ => format!("(+s.{column})"),
        };
        let place = self.beyond(after, &key, "s.number", beyond);
        let limit = self.value(limit);
        let conditions = &self.conditions;
        self.sql = format!(
            "SELECT s.platform_id, s.{column} AS place FROM shelf s
            WHERE 1 = 1{conditions}{place} ORDER BY {key} {way}, s.number {way} LIMIT {limit}"
        );
        self
    }

    fn beyond(&mut self, after: Option<&Place>, key: &str, number: &str, beyond: &str) -> String {
        let Some(after) = after else {
            return String::new();
        };
        let (value, last) = (self.value(after.key.clone()), self.value(after.number));
        format!(" AND ({key}, {number}) {beyond} ({value}, {last})")
    }

    fn value(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn also(&mut self, before: &str, value: impl Into<Value>) {
        let place = self.value(value);
        self.conditions += &format!(" AND {before} {place}");
    }

    /// Everything that narrows but words. Owners and publishers are looked up, as few platforms
    /// have the same; the rest (with a sign in front, which keeps indexes out) is not.
    fn narrow(&mut self) {
        let narrowed = self.narrowed;
        match narrowed.archived {
            Archived::No => self.also("s.archived =", false),
            Archived::Only => self.also("s.archived =", true),
            Archived::All => {}
        }
        if let Some(owner) = narrowed.owner {
            self.also("s.owner_team_id =", owner);
        }
        if narrowed.unowned {
            self.conditions += " AND coalesce(s.owner_team_id, '') = ''";
        }
        if !narrowed.lifecycle.is_empty() {
            let places = narrowed.lifecycle.iter();
            let places = places.map(|one| self.value(rank(*one, Lifecycle::ALL)));
            let places: Vec<_> = places.collect();
            self.conditions += &format!(" AND (+s.lifecycle) IN ({})", places.join(", "));
        }
        if let Some(publisher) = &narrowed.publisher {
            self.also("s.publisher_key =", fold(publisher));
        }
        if let Some(kind) = narrowed.kind {
            self.also("s.kind =", kind);
        }
        for (column, day) in [
            ("expires_on", narrowed.licence_expires_before),
            ("eol_on", narrowed.eol_before),
        ] {
            if let Some(day) = day {
                let sign = self.dialect.pick("+", "'' || ");
                self.also(&format!("({sign}s.{column}) <"), day_key(Some(day)));
            }
        }
        if let Some(minor) = narrowed.cost_min {
            self.also("(+s.cost_minor) >=", minor);
        }
    }

    /// Words in each platform that is looked at anyway.
    fn look_for(&mut self) {
        let place = self.dialect.pick("instr", "strpos");
        for part in self.wanted.iter().map(Wanted::part).collect::<Vec<_>>() {
            let part = self.value(part);
            self.conditions += &format!(" AND {place}(s.words, {part}) > 0");
        }
    }

    /// Words by the index. PostgreSQL is slow with many of its finds (200 ms in place of 40).
    fn look_up(&mut self) {
        if self.wanted.is_empty() {
            return;
        }
        let query = self.query();
        match (self.dialect, self.has_few) {
            (Dialect::Sqlite, _) => {
                let query = self.value(query);
                self.conditions += &format!(
                    " AND s.number IN
                        (SELECT rowid FROM shelf_search WHERE shelf_search MATCH {query})"
                );
            }
            // As an array, which PostgreSQL looks up one by one; beside a list it would read the
            // whole shelf (90 ms in place of 30).
            (Dialect::Postgres, true) => {
                let (query, few) = (self.value(query), self.value(FEW));
                self.conditions +=
                    &format!(" AND s.number = ANY (ARRAY(SELECT shelf_found({query}, {few})))");
            }
            (Dialect::Postgres, false) => self.look_for(),
        }
    }

    /// What the index is asked for.
    fn query(&self) -> String {
        let (dialect, all) = (self.dialect, self.wanted.iter());
        let all: Vec<_> = all.map(|wanted| wanted.query(dialect)).collect();
        all.join(dialect.pick(" AND ", " & "))
    }
}

/// A word that must be there: whole, or by its beginning. It has no sign that means something to
/// an index.
#[derive(Clone)]
struct Wanted {
    word: String,
    is_whole: bool,
}

impl Wanted {
    /// As the index of a database is asked for it.
    fn query(&self, dialect: Dialect) -> String {
        let word = &self.word;
        match (dialect, self.is_whole) {
            (Dialect::Sqlite, true) => format!("\"{word}\""),
            (Dialect::Sqlite, false) => format!("\"{word}\" *"),
            (Dialect::Postgres, true) => format!("'{word}'"),
            (Dialect::Postgres, false) => format!("'{word}':*"),
        }
    }

    /// How it stands in the words of a platform.
    fn part(&self) -> String {
        let end = if self.is_whole { " " } else { "" };
        format!(" {}{end}", self.word)
    }
}

fn wanted(narrowed: &Narrowed) -> Vec<Wanted> {
    let begun = words(&narrowed.q).take(WORDS_MAX).map(|word| Wanted {
        word,
        is_whole: false,
    });
    let tag = narrowed.tag.iter().map(|tag| Wanted {
        word: tag_word(&fold(tag)),
        is_whole: true,
    });
    begun.chain(tag).collect()
}

/// Whether something is looked for that no platform has: signs alone, or no tag at all.
pub(super) fn finds_nothing(narrowed: &Narrowed) -> bool {
    let signs_alone = !narrowed.q.trim().is_empty() && words(&narrowed.q).next().is_none();
    let no_tag = narrowed.tag.as_ref().is_some_and(|tag| !is_tag(&fold(tag)));
    signs_alone || no_tag
}
