//! A second database beside a service's own, for work that takes its place when it is done.

use std::fmt::Write;
use std::path::PathBuf;

use rusqlite::types::ToSqlOutput;

use super::{Conn, Db, Kind};
use crate::Error;
use crate::stream::fnv1a;

/// Where a second database is.
pub(crate) enum Beside {
    /// In memory, gone when it is closed.
    Memory,
    /// In a file beside the service's.
    File(PathBuf),
    /// In a schema of the same PostgreSQL database.
    Schema {
        /// The database.
        url: String,
        /// The schema's name.
        schema: String,
    },
}

impl Db {
    /// Where a database of that name is beside this one. It need not exist.
    pub(crate) fn beside(&self, name: &str) -> Beside {
        // The name may be anything and the database's name may not.
        let name = format!("{:016x}", fnv1a(name.bytes()));
        match &*self.0 {
            Kind::Sqlite(sqlite) => match sqlite.path() {
                Some(path) => Beside::File(path.with_extension(format!("{name}.rebuild"))),
                None => Beside::Memory,
            },
            Kind::Elsewhere => Beside::Memory,
            Kind::Postgres(postgres) => Beside::Schema {
                url: postgres.url().to_owned(),
                schema: format!("{}_rebuild_{name}", postgres.schema()),
            },
        }
    }

    /// Removes the database that is there, if there is one.
    pub(crate) async fn remove(&self, place: &Beside) -> Result<(), Error> {
        match place {
            Beside::Memory => Ok(()),
            Beside::File(path) => {
                for suffix in ["", "-wal", "-shm"] {
                    let mut file = path.clone().into_os_string();
                    file.push(suffix);
                    match std::fs::remove_file(&file) {
                        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                            return Err(Error::Busy(Box::new(error)));
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
            Beside::Schema { schema, .. } => {
                let mut conn = self.begin().await?;
                conn.execute_batch(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE"))
                    .await?;
                self.commit(conn).await
            }
        }
    }
}

impl Beside {
    /// Opens it; made if it is missing.
    pub(crate) async fn open(&self) -> Result<Db, Error> {
        match self {
            Beside::Memory => Db::memory(),
            Beside::File(path) => Db::sqlite(path),
            Beside::Schema { url, schema } => Db::postgres(url, schema).await,
        }
    }
}

/// A name as it stands in a statement.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Puts the rows of a table of one SQLite database in the place of another's: all of them, or
/// those of one subscription.
pub(crate) fn replace_rows(
    from: &Conn,
    to: &Conn,
    table: &str,
    subscription: Option<&str>,
) -> Result<(), Error> {
    let (Some(from), Some(to)) = (from.as_sqlite(), to.as_sqlite()) else {
        return Err(Error::Unsafe("rows are copied by PostgreSQL itself".into()));
    };
    copy(from, to, table, subscription).map_err(|error| Error::Sql(Box::new(error)))
}

fn copy(
    from: &rusqlite::Connection,
    to: &rusqlite::Connection,
    table: &str,
    subscription: Option<&str>,
) -> rusqlite::Result<()> {
    let which = match subscription {
        Some(_) => "WHERE subscription = ?1",
        None => "WHERE ?1 IS NULL",
    };
    // Without those that are computed of others.
    let columns = from
        .prepare("SELECT name FROM pragma_table_info(?1)")?
        .query_map([table], |row| row.get::<_, String>(0))?
        .collect::<rusqlite::Result<Vec<String>>>()?;
    let (mut names, mut marks) = (String::new(), String::new());
    for (place, column) in columns.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        let _ = write!(names, "{comma}{}", quoted(column));
        let _ = write!(marks, "{comma}?{}", place + 1);
    }
    let table = quoted(table);
    to.execute(&format!("DELETE FROM {table} {which}"), [subscription])?;
    let mut insert = to.prepare(&format!("INSERT INTO {table} ({names}) VALUES ({marks})"))?;
    let mut select = from.prepare(&format!("SELECT {names} FROM {table} {which}"))?;
    let mut rows = select.query([subscription])?;
    while let Some(row) = rows.next()? {
        for place in 0..columns.len() {
            let value = ToSqlOutput::Borrowed(row.get_ref(place)?);
            insert.raw_bind_parameter(place + 1, value)?;
        }
        insert.raw_execute()?;
    }
    Ok(())
}
