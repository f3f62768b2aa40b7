//! A connection, whichever database it is of.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Dialect, FromRow, Value, postgres, sqlite};
use crate::Error;

/// A connection: where statements run.
pub struct Conn {
    pub(super) inner: Inner,
    pub(super) used_for: Use,
    /// Behind a shared reference, because the driver's own connection is lent out by one.
    written: AtomicBool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Statements by themselves, which must not write: nothing could be published with them.
    Reading,
    Transaction,
    /// A statement of the transaction has failed. PostgreSQL runs no others then, and
    /// answers COMMIT as if nothing were wrong. SQLite would go on, and after some
    /// errors (a full disk) without the transaction, so it is held to the same.
    Failed,
}

pub(super) enum Inner {
    Sqlite(sqlite::Handle),
    Postgres(postgres::Handle),
}

impl Conn {
    pub(super) fn new(inner: Inner, used_for: Use) -> Self {
        Self {
            inner,
            used_for,
            written: AtomicBool::new(false),
        }
    }

    /// Whether anything may have been written here; the driver's own connection may always have.
    pub(crate) fn has_written(&self) -> bool {
        self.written.load(Ordering::Relaxed)
    }

    fn note_written(&self) {
        self.written.store(true, Ordering::Relaxed);
    }

    fn check(&self) -> Result<(), Error> {
        match self.used_for {
            Use::Failed => Err(Error::Aborted),
            Use::Reading | Use::Transaction => Ok(()),
        }
    }

    fn check_writing(&self) -> Result<(), Error> {
        match self.used_for {
            Use::Reading => Err(Error::Unsafe("a write outside a transaction".into())),
            Use::Failed | Use::Transaction => self.check(),
        }
    }

    /// Remembers a failure on its way to the caller.
    pub(crate) fn note<T>(&mut self, outcome: Result<T, Error>) -> Result<T, Error> {
        if outcome.is_err() && self.used_for == Use::Transaction {
            self.used_for = Use::Failed;
        }
        outcome
    }

    /// Which SQL this connection speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match &self.inner {
            Inner::Sqlite(_) => Dialect::Sqlite,
            Inner::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement and says how many rows it touched.
    ///
    /// # Errors
    /// See [`Error`]; after an error the transaction can only be rolled back. A connection
    /// for reading refuses.
    pub async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, Error> {
        self.check_writing()?;
        let outcome = match &mut self.inner {
            Inner::Sqlite(conn) => conn.execute(sql, params),
            Inner::Postgres(conn) => conn.execute(sql, params).await,
        };
        if !matches!(outcome, Ok(0)) {
            self.note_written();
        }
        self.note(outcome)
    }

    /// Runs a statement and reads all its rows.
    ///
    /// # Errors
    /// As [`Conn::execute`], and [`Error::Decode`] when a row is not what `T` expects.
    pub async fn query<T: FromRow>(
        &mut self,
        sql: &str,
        params: &[Value],
    ) -> Result<Vec<T>, Error> {
        self.check()?;
        // INSERT … RETURNING is a query too.
        let verb = sql.trim_start().get(..6).unwrap_or_default();
        if !verb.eq_ignore_ascii_case("select") {
            self.note_written();
        }
        let outcome = match &mut self.inner {
            Inner::Sqlite(conn) => conn.query(sql, params),
            Inner::Postgres(conn) => conn.query(sql, params).await,
        };
        self.note(outcome)?.iter().map(T::from_row).collect()
    }

    /// Reads the first row, if there is one.
    ///
    /// # Errors
    /// As [`Conn::query`].
    pub async fn query_opt<T: FromRow>(
        &mut self,
        sql: &str,
        params: &[Value],
    ) -> Result<Option<T>, Error> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Reads the first row.
    ///
    /// # Errors
    /// As [`Conn::query`], and [`Error::NoRow`] when there is none.
    pub async fn query_one<T: FromRow>(&mut self, sql: &str, params: &[Value]) -> Result<T, Error> {
        self.query_opt(sql, params).await?.ok_or(Error::NoRow)
    }

    /// Runs several statements that take no parameters and give no rows.
    ///
    /// # Errors
    /// As [`Conn::execute`].
    pub async fn execute_batch(&mut self, sql: &str) -> Result<(), Error> {
        self.check_writing()?;
        self.note_written();
        let outcome = match &mut self.inner {
            Inner::Sqlite(conn) => conn.execute_batch(sql),
            Inner::Postgres(conn) => conn.execute_batch(sql).await,
        };
        self.note(outcome)
    }

    /// The SQLite driver's own connection, for what this API does not cover.
    #[must_use]
    pub fn as_sqlite(&self) -> Option<&rusqlite::Connection> {
        self.note_written();
        match &self.inner {
            Inner::Sqlite(conn) => conn.raw(),
            Inner::Postgres(_) => None,
        }
    }

    /// The PostgreSQL driver's own client, for what this API does not cover (COPY, pipelines).
    #[must_use]
    pub fn as_postgres(&self) -> Option<&tokio_postgres::Client> {
        self.note_written();
        match &self.inner {
            Inner::Sqlite(_) => None,
            Inner::Postgres(conn) => conn.raw(),
        }
    }
}

/// A statement of a PostgreSQL pipeline with its parameters.
pub(crate) type Piped<'a> = (&'a str, &'a [Param<'a>]);
pub(crate) type Param<'a> = &'a (dyn tokio_postgres::types::ToSql + Sync);

impl Conn {
    /// Feeds a PostgreSQL COPY statement with what comes, until the other end is closed.
    pub(crate) async fn copy_in(
        &mut self,
        sql: &str,
        chunks: &mut tokio::sync::mpsc::Receiver<Result<Vec<u8>, Error>>,
    ) -> Result<(), Error> {
        self.check_writing()?;
        self.note_written();
        let outcome = match &mut self.inner {
            Inner::Sqlite(_) => Err(Error::Unsafe("SQLite has no COPY".into())),
            Inner::Postgres(conn) => conn.copy_in(sql, chunks).await,
        };
        self.note(outcome)
    }

    /// Sends PostgreSQL statements one behind the other without waiting in between.
    pub(crate) async fn pipeline(&mut self, statements: &[Piped<'_>]) -> Result<(), Error> {
        self.note_written();
        let outcome = match &mut self.inner {
            Inner::Sqlite(_) => Err(Error::Unsafe("SQLite has no pipeline".into())),
            Inner::Postgres(conn) => conn.pipeline(statements).await,
        };
        self.note(outcome)
    }
}
