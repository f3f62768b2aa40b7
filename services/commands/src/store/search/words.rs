//! The words that commands and platforms are found by: kept, and looked up.

use tidings::{Conn, Dialect, Error, Tx, Value, params};

use super::super::platforms::Platform;
use crate::command::Command;
use crate::search::{self, Word};

/// Platforms with commands that a word means, at the most.
const PLATFORMS_MAX: u32 = 200;
/// Words that PostgreSQL is asked for instead of their beginning. More of them take longer
/// than the beginning does.
const WHOLE_MAX: usize = 3;

/// Keeps what a command is found by.
pub(crate) async fn keep(tx: &mut Tx, command: &Command) -> Result<(), Error> {
    let sql = "INSERT INTO command_words (number, words, platform) VALUES ($1, $2, $3)
        ON CONFLICT (number) DO UPDATE SET words = excluded.words
        WHERE command_words.words <> excluded.words";
    let row = params![
        i64::from(command.number),
        search::text_of(command),
        search::platform_mark(command.platform_id),
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

/// Keeps what the commands of a platform are found by, if it has any: a word means at most
/// [`PLATFORMS_MAX`] platforms, which are not to be those without commands.
pub(crate) async fn keep_platform(tx: &mut Tx, platform: &Platform) -> Result<(), Error> {
    let sql = "DELETE FROM platform_words WHERE platform_id = $1";
    tx.execute(sql, params![platform.id]).await?;
    let sql = "SELECT number FROM commands WHERE platform_id = $1 LIMIT 1";
    let first: Option<(i64,)> = tx.query_opt(sql, params![platform.id]).await?;
    let words = search::words_of_platform(&platform.name, &platform.publisher);
    if first.is_none() || words.is_empty() {
        return Ok(());
    }
    let mut values = vec![Value::from(platform.id)];
    let mut rows = Vec::new();
    for word in words {
        values.push(word.into());
        rows.push(format!("(${}, $1)", values.len()));
    }
    let rows = rows.join(", ");
    let sql = format!("INSERT INTO platform_words (word, platform_id) VALUES {rows}");
    tx.execute(&sql, &values).await?;
    Ok(())
}

/// Keeps what a command of a platform is found by that may be its first. The platform is
/// locked, or a rename beside it would leave the words of its old name.
pub(crate) async fn keep_platform_of_first(tx: &mut Tx, platform: &Platform) -> Result<(), Error> {
    let sql = "SELECT word FROM platform_words WHERE platform_id = $1 LIMIT 1";
    let known: Option<(String,)> = tx.query_opt(sql, params![platform.id]).await?;
    match known {
        Some(_) => Ok(()),
        None => keep_platform(tx, platform).await,
    }
}

/// What the words of a search mean.
pub(crate) async fn meant(conn: &mut Conn, asked: Vec<String>) -> Result<Vec<Word>, Error> {
    let platforms = beginning(
        conn,
        ("platform_id", "platform_words"),
        &asked,
        PLATFORMS_MAX,
    )
    .await?;
    let whole = match conn.dialect() {
        Dialect::Sqlite => Vec::new(),
        Dialect::Postgres => {
            let limit = u32::try_from(WHOLE_MAX)
                .unwrap_or(u32::MAX)
                .saturating_add(1);
            beginning(conn, ("word", "command_lexicon"), &asked, limit).await?
        }
    };
    let word = |begins| Word {
        begins,
        ..Word::default()
    };
    let mut words: Vec<Word> = asked.into_iter().map(word).collect();
    for (place, id) in platforms {
        if let (Some(word), Ok(id)) = (words.get_mut(place), id.parse()) {
            word.platforms.insert(search::platform_mark(id));
        }
    }
    for (place, one) in whole {
        if let Some(word) = words.get_mut(place) {
            word.whole.insert(one);
        }
    }
    for word in &mut words {
        // Numbers are too many to be kept in the lexicon.
        let is_number = word.begins.starts_with(|letter: char| letter.is_numeric());
        if is_number || word.whole.len() > WHOLE_MAX {
            word.whole.clear();
        }
    }
    Ok(words)
}

/// A column of the rows whose word begins as one of some words does, each with the place of
/// that word; a bounded number for each. A row that stands there twice counts once: of a word
/// that two transactions have brought at once the lexicon has two.
async fn beginning(
    conn: &mut Conn,
    (column, table): (&str, &str),
    words: &[String],
    limit: u32,
) -> Result<Vec<(usize, String)>, Error> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = Vec::new();
    let mut parts = Vec::new();
    for (place, word) in words.iter().enumerate() {
        values.push(Value::from(word));
        // Behind everything that begins so: no letter is behind this.
        values.push(Value::from(format!("{word}\u{10ffff}")));
        let to = values.len();
        parts.push(format!(
            "SELECT {place} AS place, found FROM (
                SELECT DISTINCT word, {column} AS found FROM {table}
                WHERE word >= ${} AND word < ${to} ORDER BY word LIMIT {limit}
            ) w{place}",
            to - 1
        ));
    }
    let rows: Vec<(i64, String)> = conn.query(&parts.join(" UNION ALL "), &values).await?;
    let rows = rows.into_iter();
    Ok(rows
        .filter_map(|(place, found)| Some((usize::try_from(place).ok()?, found)))
        .collect())
}
