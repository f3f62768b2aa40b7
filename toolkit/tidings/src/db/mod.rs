//! One API over SQLite and PostgreSQL: statements with `$1`, rows, typed errors.
//!
//! A thin layer on purpose. The outbox shares the transaction of the service's own
//! statements, so whatever a database layer costs is paid on every statement of
//! every service; a general library was measured at five times the cost of bare
//! SQLite on small transactions.

mod beside;
mod conn;
mod group_commit;
mod migration;
mod place;
mod postgres;
mod row;
mod sqlite;
mod value;

use std::path::Path;
use std::sync::Arc;

pub(crate) use beside::{Beside, quoted, replace_rows};
pub use conn::Conn;
use conn::{Inner, Use};
pub(crate) use conn::{Param, Piped};
pub use migration::{Migration, SchemaDifference};
pub(crate) use migration::{differences, migrate};
pub(crate) use postgres::CONNECTIONS;
pub use row::{FromRow, Row};
pub use value::{FromValue, Value};

use crate::Error;

/// Which SQL is spoken, for the few statements where the dialects differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, bundled.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// Picks the text for this dialect.
    #[must_use]
    pub fn pick<'a>(self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        match self {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        }
    }
}

/// The database of one service. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Kind>);

enum Kind {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
    /// Another process has it, and nothing can be seen of it here.
    Elsewhere,
}

impl Db {
    /// Opens or creates an SQLite file in WAL mode; commits are acknowledged once they are on disk.
    ///
    /// # Errors
    /// When the file cannot be opened or written.
    pub fn sqlite(path: &Path) -> Result<Self, Error> {
        Ok(Self(Arc::new(Kind::Sqlite(sqlite::Sqlite::open(path)?))))
    }

    /// Opens an SQLite file only to read it, also beside a process that writes to it.
    pub(crate) fn sqlite_to_read(path: &Path) -> Result<Self, Error> {
        let sqlite = sqlite::Sqlite::open_to_read(path)?;
        Ok(Self(Arc::new(Kind::Sqlite(sqlite))))
    }

    /// A database in memory that dies with its last handle, for tests and demonstrations.
    ///
    /// It has one connection: hold no [`Db::read`] connection while a transaction is begun.
    ///
    /// # Errors
    /// When SQLite cannot be started.
    pub fn memory() -> Result<Self, Error> {
        Ok(Self(Arc::new(Kind::Sqlite(sqlite::Sqlite::memory()?))))
    }

    /// Connects to PostgreSQL; the service's tables live in the schema of the given name,
    /// which is created if it is missing.
    ///
    /// # Errors
    /// When the server cannot be reached or its settings would lose acknowledged commits.
    pub async fn postgres(url: &str, schema: &str) -> Result<Self, Error> {
        let postgres = postgres::Postgres::connect(url, schema).await?;
        Ok(Self(Arc::new(Kind::Postgres(postgres))))
    }

    /// As [`Db::postgres`], without making anything or asking the server now: the schema is
    /// another process's.
    pub(crate) fn attached(url: &str, schema: &str) -> Result<Self, Error> {
        let postgres = postgres::Postgres::attach(url, schema)?;
        Ok(Self(Arc::new(Kind::Postgres(postgres))))
    }

    /// No database: that of a service in another process. Whatever is asked of it fails.
    pub(crate) fn elsewhere() -> Self {
        Self(Arc::new(Kind::Elsewhere))
    }

    pub(crate) fn is_reachable(&self) -> bool {
        !matches!(&*self.0, Kind::Elsewhere)
    }

    /// Connects to PostgreSQL only to read, whatever its settings promise.
    pub(crate) async fn postgres_to_read(url: &str, schema: &str) -> Result<Self, Error> {
        let postgres = postgres::Postgres::connect_to_read(url, schema).await?;
        Ok(Self(Arc::new(Kind::Postgres(postgres))))
    }

    /// Which SQL this database speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match &*self.0 {
            Kind::Elsewhere | Kind::Sqlite(_) => Dialect::Sqlite,
            Kind::Postgres(_) => Dialect::Postgres,
        }
    }

    /// A connection for reading, given back when it is dropped.
    ///
    /// On SQLite it may already show a commit that is on its way to the disk;
    /// decide in a transaction, show with a reader.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn read(&self) -> Result<Conn, Error> {
        let inner = match &*self.0 {
            Kind::Sqlite(sqlite) => Inner::Sqlite(sqlite.read().await?),
            Kind::Postgres(postgres) => Inner::Postgres(postgres.read().await?),
            Kind::Elsewhere => return Err(is_elsewhere()),
        };
        Ok(Conn::new(inner, Use::Reading))
    }

    /// Waits until everything that a reader could have seen so far is on disk.
    ///
    /// # Errors
    /// [`Error::SyncFailed`] when the disk refuses.
    pub(crate) async fn wait_synced(&self) -> Result<(), Error> {
        match &*self.0 {
            Kind::Sqlite(sqlite) => sqlite.wait_synced().await,
            Kind::Postgres(_) | Kind::Elsewhere => Ok(()),
        }
    }

    /// Begins a transaction that may write. Dropping the connection rolls it back.
    pub(crate) async fn begin(&self) -> Result<Conn, Error> {
        let inner = match &*self.0 {
            Kind::Sqlite(sqlite) => Inner::Sqlite(sqlite.begin().await?),
            Kind::Postgres(postgres) => Inner::Postgres(postgres.begin().await?),
            Kind::Elsewhere => return Err(is_elsewhere()),
        };
        Ok(Conn::new(inner, Use::Transaction))
    }

    /// As [`Db::begin`], with a question that changes nothing in the same round trip, if there
    /// is one at all.
    pub(crate) async fn begin_asking<T: FromRow>(
        &self,
        sql: &str,
        params: &[Value],
    ) -> Result<(Conn, Vec<T>), Error> {
        if let Kind::Postgres(postgres) = &*self.0 {
            let (inner, rows) = postgres.begin_asking(sql, params).await?;
            let conn = Conn::new(Inner::Postgres(inner), Use::Transaction);
            return Ok((
                conn,
                rows.iter().map(T::from_row).collect::<Result<_, _>>()?,
            ));
        }
        let mut conn = self.begin().await?;
        let rows = conn.query(sql, params).await?;
        Ok((conn, rows))
    }

    /// Commits; returns when the commit is on disk.
    pub(crate) async fn commit(&self, conn: Conn) -> Result<(), Error> {
        if conn.used_for == Use::Failed {
            return Err(Error::Aborted);
        }
        match (&*self.0, conn.inner) {
            (Kind::Sqlite(sqlite), Inner::Sqlite(conn)) => sqlite.commit(conn).await,
            (_, Inner::Postgres(conn)) => conn.commit_with(&[]).await.map(drop),
            (Kind::Postgres(_) | Kind::Elsewhere, Inner::Sqlite(_)) => {
                Err(Error::Unsafe("commit elsewhere".into()))
            }
        }
    }

    /// Runs the last statements of a PostgreSQL transaction and commits, in one round trip;
    /// says how many rows each touched.
    pub(crate) async fn commit_with(
        &self,
        conn: Conn,
        last: &[Piped<'_>],
    ) -> Result<Vec<u64>, Error> {
        match (conn.used_for, conn.inner) {
            (Use::Failed, _) => Err(Error::Aborted),
            (_, Inner::Postgres(conn)) => conn.commit_with(last).await,
            (_, Inner::Sqlite(_)) => Err(Error::Unsafe("SQLite has no pipeline".into())),
        }
    }
}

fn is_elsewhere() -> Error {
    Error::ConnectionLost("the service runs in another process".into())
}
