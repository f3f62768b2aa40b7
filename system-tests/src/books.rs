//! The databases of an installation, read behind its back.

use std::path::PathBuf;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use tokio_postgres::SimpleQueryMessage;

use crate::{Failure, database};

/// Where the books are.
#[derive(Clone, Debug)]
pub enum Books {
    /// One file a service in a folder.
    Sqlite(PathBuf),
    /// One schema a service in a database.
    Postgres(String),
}

/// A row as text, because both databases can say everything as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line(Vec<Option<String>>);

impl Line {
    /// A column's text; empty for NULL.
    #[must_use]
    pub fn text(&self, column: usize) -> String {
        self.0.get(column).cloned().flatten().unwrap_or_default()
    }

    /// A column's number.
    ///
    /// # Errors
    /// When it holds none.
    pub fn number(&self, column: usize) -> Result<i64, Failure> {
        let text = self.text(column);
        text.parse()
            .map_err(|_| format!("column {column} of {self:?} is no number").into())
    }
}

impl Books {
    /// The text for the kind of database at hand.
    #[must_use]
    pub fn pick<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        match self {
            Books::Sqlite(_) => sqlite,
            Books::Postgres(_) => postgres,
        }
    }

    /// Runs a query in the database of one service.
    ///
    /// # Errors
    /// When the database cannot be read, which after a crash is a finding.
    pub async fn read(&self, service: &str, sql: &str) -> Result<Vec<Line>, Failure> {
        let lines = match self {
            Books::Sqlite(folder) => read_sqlite(folder, service, sql),
            Books::Postgres(url) => read_postgres(url, service, sql).await,
        };
        lines.map_err(|error| format!("failed to read {service} with {sql}: {error}").into())
    }

    /// A query whose answer is one number.
    ///
    /// # Errors
    /// As [`Books::read`].
    pub async fn count(&self, service: &str, sql: &str) -> Result<i64, Failure> {
        let lines = self.read(service, sql).await?;
        lines.first().ok_or("a count without a row")?.number(0)
    }
}

fn read_sqlite(folder: &std::path::Path, service: &str, sql: &str) -> Result<Vec<Line>, Failure> {
    let file = folder.join(format!("{service}.db"));
    // Not read-only: after a crash the first who opens the file brings it up to its log.
    let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    conn.execute_batch("PRAGMA busy_timeout = 10000; PRAGMA query_only = ON")?;
    let mut statement = conn.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = (0..columns).map(|column| row.get_ref(column).map(text));
        lines.push(Line(cells.collect::<Result<_, _>>()?));
    }
    Ok(lines)
}

fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

async fn read_postgres(url: &str, schema: &str, sql: &str) -> Result<Vec<Line>, Failure> {
    let client = database::connect(url).await?;
    client
        .batch_execute(&format!("SET search_path = {schema}"))
        .await?;
    let mut lines = Vec::new();
    for message in client.simple_query(sql).await? {
        if let SimpleQueryMessage::Row(row) = message {
            let cells = (0..row.len()).map(|column| row.get(column).map(ToOwned::to_owned));
            lines.push(Line(cells.collect()));
        }
    }
    Ok(lines)
}
