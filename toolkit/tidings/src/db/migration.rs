//! Migrations: applied once, in order, each in the transaction that records it.

use std::borrow::Cow;

use super::{Conn, Db, Dialect};
use crate::{Error, params};

/// One step of a service's schema.
///
/// ```
/// use tidings::Migration;
///
/// const ALL: &[Migration] = &[Migration::new(
///     "0001_orders",
///     "CREATE TABLE orders (id TEXT PRIMARY KEY, total_minor BIGINT NOT NULL)",
/// )];
/// ```
///
/// Names are applied in the order given and never edited once they have been
/// released: an edited one is refused at the start. A crash leaves it applied
/// or not applied, never half.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

impl Migration {
    /// A migration whose text suits both databases.
    #[must_use]
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self {
            name,
            sqlite: sql,
            postgres: sql,
        }
    }

    /// Another text for PostgreSQL.
    #[must_use]
    pub const fn postgres(mut self, sql: &'static str) -> Self {
        self.postgres = sql;
        self
    }
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS tidings_migrations (
    name TEXT PRIMARY KEY,
    sql TEXT NOT NULL
)";

/// Brings the database up to date. Two processes that start at once wait for each other.
pub(crate) async fn migrate(db: &Db, migrations: &[Migration]) -> Result<(), Error> {
    let mut conn = db.begin().await?;
    if conn.dialect() == Dialect::Postgres {
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.tidings', 0))::text";
        conn.query::<(Option<String>,)>(lock, &[]).await?;
    }
    conn.execute_batch(TABLE).await?;
    for migration in migrations {
        apply(&mut conn, migration).await?;
    }
    db.commit(conn).await
}

async fn apply(conn: &mut Conn, migration: &Migration) -> Result<(), Error> {
    let sql = conn.dialect().pick(migration.sqlite, migration.postgres);
    let refuse = |reason: Cow<'static, str>| Error::Migration {
        what: migration.name.to_owned(),
        reason: reason.into_owned(),
    };
    let find = "SELECT sql FROM tidings_migrations WHERE name = $1";
    match conn
        .query_opt::<(String,)>(find, params![migration.name])
        .await?
    {
        Some((applied,)) if applied == sql => Ok(()),
        Some(_) => Err(refuse("it was edited after it had been applied".into())),
        None => {
            let run = conn.execute_batch(sql).await;
            run.map_err(|error| refuse(crate::chain(&error).into()))?;
            let insert = "INSERT INTO tidings_migrations (name, sql) VALUES ($1, $2)";
            conn.execute(insert, params![migration.name, sql]).await?;
            Ok(())
        }
    }
}

/// How a database differs from what this program's migrations would make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaDifference {
    /// It was not applied yet; a start will do it.
    Pending,
    /// It was edited after it had been applied; no start will accept it.
    Edited,
    /// It was applied by another version of the program; this one does not know it.
    Unknown,
}

impl std::fmt::Display for SchemaDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pending => "not applied yet",
            Self::Edited => "not what was applied",
            Self::Unknown => "not known to this version",
        })
    }
}

/// Compares a database with the migrations that it should have; only reads.
pub(crate) async fn differences(
    conn: &mut Conn,
    migrations: &[Migration],
) -> Result<Vec<(String, SchemaDifference)>, Error> {
    let there = conn.dialect().pick(
        "SELECT count(*) FROM sqlite_master WHERE name = 'tidings_migrations'",
        "SELECT count(to_regclass(quote_ident(current_schema()) || '.tidings_migrations'))",
    );
    let (there,): (i64,) = conn.query_one(there, &[]).await?;
    let applied: Vec<(String, String)> = match there {
        0 => Vec::new(),
        _ => {
            let sql = "SELECT name, sql FROM tidings_migrations ORDER BY name";
            conn.query(sql, &[]).await?
        }
    };
    let mut found = Vec::new();
    for migration in migrations {
        let sql = conn.dialect().pick(migration.sqlite, migration.postgres);
        match applied.iter().find(|(name, _)| name == migration.name) {
            None => found.push((migration.name.to_owned(), SchemaDifference::Pending)),
            Some((_, text)) if text != sql => {
                found.push((migration.name.to_owned(), SchemaDifference::Edited));
            }
            Some(_) => {}
        }
    }
    let unknown = applied
        .into_iter()
        .filter(|(name, _)| !migrations.iter().any(|one| one.name == name));
    found.extend(unknown.map(|(name, _)| (name, SchemaDifference::Unknown)));
    Ok(found)
}
