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
