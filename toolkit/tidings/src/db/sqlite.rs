//! SQLite: one writer, several readers, group commit.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement, ToSql};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::group_commit::GroupCommit;
use super::row::Row;
use super::value::Value;
use crate::Error;

/// Older versions can corrupt a database when the log starts anew under load.
const OLDEST_SAFE_VERSION: i32 = 3_051_003;
const READERS: usize = 4;
/// Only another process could make us wait: inside this one the writer is a mutex.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const LOG_TRY_EVERY: Duration = Duration::from_millis(10);

pub(super) struct Sqlite {
    writer: Arc<AsyncMutex<Connection>>,
    /// A database in memory has no other connections and nothing to sync.
    file: Option<FileParts>,
}

struct FileParts {
    readers: Arc<Readers>,
    log: GroupCommit,
}

struct Readers {
    path: PathBuf,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Sqlite {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        if rusqlite::version_number() < OLDEST_SAFE_VERSION {
            let version = rusqlite::version();
            return Err(Error::Unsafe(format!(
                "SQLite {version} is older than 3.51.3"
            )));
        }
        let writer = Connection::open(path).map_err(fault)?;
        writer.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
        keep_a_log(&writer)?;
        prepare(&writer)?;
        // The first write creates the log, which the sync thread holds open.
        writer
            .execute_batch("BEGIN IMMEDIATE; PRAGMA user_version = 1; COMMIT")
            .map_err(fault)?;
        let log = GroupCommit::start(path).map_err(|error| Error::SyncFailed(Box::new(error)))?;
        let readers = Readers {
            path: path.to_owned(),
            turns: Arc::new(Semaphore::new(READERS)),
            idle: Mutex::default(),
        };
        Ok(Self {
            writer: Arc::new(AsyncMutex::new(writer)),
            file: Some(FileParts {
                readers: Arc::new(readers),
                log,
            }),
        })
    }

    /// One connection, which takes no lock that a writer could wait for.
    pub(super) fn open_to_read(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(path, flags).map_err(fault)?;
        reader.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
        Ok(Self {
            writer: Arc::new(AsyncMutex::new(reader)),
            file: None,
        })
    }

    pub(super) fn memory() -> Result<Self, Error> {
        let writer = Connection::open_in_memory().map_err(fault)?;
        prepare(&writer)?;
        Ok(Self {
            writer: Arc::new(AsyncMutex::new(writer)),
            file: None,
        })
    }

    /// Its file, if it has one.
    pub(super) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|file| file.readers.path.as_path())
    }

    pub(super) async fn read(&self) -> Result<Handle, Error> {
        match &self.file {
            Some(file) => file.readers.take().await,
            None => Ok(Handle::Writer(Some(
                Arc::clone(&self.writer).lock_owned().await,
            ))),
        }
    }

    pub(super) async fn begin(&self) -> Result<Handle, Error> {
        let mut handle = Handle::Writer(Some(Arc::clone(&self.writer).lock_owned().await));
        // After the wait for the turn: the disk may have failed meanwhile.
        if let Some(file) = &self.file {
            file.log.check()?;
        }
        // IMMEDIATE, because a deferred transaction that reads first and writes
        // later fails with SQLITE_BUSY however long it would wait.
        handle.execute("BEGIN IMMEDIATE", &[])?;
        Ok(handle)
    }

    pub(super) async fn commit(&self, mut handle: Handle) -> Result<(), Error> {
        let Some(FileParts { log, .. }) = &self.file else {
            handle.execute("COMMIT", &[])?;
            crate::crash::point("P3").await;
            return Ok(());
        };
        log.check()?;
        // Counted while the writer is held, so that "synced up to n" covers every
        // commit before the n-th.
        let number = log.announce();
        let outcome = handle.execute("COMMIT", &[]);
        log.written(number);
        outcome?;
        drop(handle);
        crate::crash::point("P3").await;
        log.wait_for(number).await
    }

    pub(super) async fn wait_synced(&self) -> Result<(), Error> {
        match &self.file {
            Some(file) => file.log.wait_for(file.log.announced()).await,
            None => Ok(()),
        }
    }
}

/// Two processes that open a new file at once both want it alone, and SQLite does not wait
/// out its busy timeout where waiting for each other could last for ever: we do.
fn keep_a_log(conn: &Connection) -> Result<(), Error> {
    let mut tries_left = BUSY_TIMEOUT.as_millis() / LOG_TRY_EVERY.as_millis();
    let mode: String = loop {
        let set = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match set.map_err(fault) {
            Err(Error::Busy(_)) if tries_left > 0 => std::thread::sleep(LOG_TRY_EVERY),
            mode => break mode?,
        }
        tries_left -= 1;
    };
    if mode == "wal" {
        return Ok(());
    }
    Err(Error::Unsafe(format!(
        "SQLite keeps a {mode} journal here, not a log"
    )))
}

fn prepare(conn: &Connection) -> Result<(), Error> {
    conn.set_prepared_statement_cache_capacity(256);
    // Without it every other value that is bound makes SQLite plan the statement anew.
    let stable_plans = DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG;
    conn.set_db_config(stable_plans, true).map_err(fault)?;
    conn.execute_batch(
        "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000;
         PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;",
    )
    .map_err(fault)
}

impl Readers {
    async fn take(self: &Arc<Self>) -> Result<Handle, Error> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|error| Error::Busy(Box::new(error)))?;
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let conn = match idle {
            Some(conn) => conn,
            None => self.open()?,
        };
        Ok(Handle::Reader(Some(Reader {
            conn,
            home: Arc::clone(self),
            _turn: turn,
        })))
    }

    fn open(&self) -> Result<Connection, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&self.path, flags).map_err(fault)?;
        conn.busy_timeout(BUSY_TIMEOUT).map_err(fault)?;
        prepare(&conn)?;
        conn.execute_batch("PRAGMA query_only = ON")
            .map_err(fault)?;
        Ok(conn)
    }
}

/// A connection on loan: the writer with its transaction, or a reader.
pub(super) enum Handle {
    Writer(Option<OwnedMutexGuard<Connection>>),
    Reader(Option<Reader>),
}

pub(super) struct Reader {
    conn: Connection,
    home: Arc<Readers>,
    _turn: OwnedSemaphorePermit,
}

impl Drop for Handle {
    fn drop(&mut self) {
        match self {
            Handle::Writer(Some(conn)) => {
                if !conn.is_autocommit()
                    && let Err(error) = conn.execute_batch("ROLLBACK")
                {
                    tracing::error!(error = %error, "a transaction could not be rolled back");
                }
            }
            Handle::Reader(reader) => {
                // A reader in a transaction of its own would show its next user the past.
                if let Some(Reader { conn, home, _turn }) = reader.take()
                    && conn.is_autocommit()
                {
                    home.idle
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(conn);
                }
            }
            Handle::Writer(None) => {}
        }
    }
}

impl Handle {
    pub(super) fn raw(&self) -> Option<&Connection> {
        match self {
            Handle::Writer(conn) => conn.as_deref(),
            Handle::Reader(reader) => reader.as_ref().map(|reader| &reader.conn),
        }
    }

    fn conn(&self) -> Result<&Connection, Error> {
        self.raw()
            .ok_or_else(|| Error::ConnectionLost("the connection was given back".into()))
    }

    pub(super) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, Error> {
        let mut statement = self.conn()?.prepare_cached(sql).map_err(fault)?;
        bind(&mut statement, params)?;
        Ok(statement.raw_execute().map_err(fault)? as u64)
    }

    pub(super) fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, Error> {
        let mut statement = self.conn()?.prepare_cached(sql).map_err(fault)?;
        let columns: Arc<[String]> = statement.column_names().map(ToOwned::to_owned).collect();
        bind(&mut statement, params)?;
        let mut rows = statement.raw_query();
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(fault)? {
            let mut values = Vec::with_capacity(columns.len());
            for index in 0..columns.len() {
                values.push(from_sqlite(row.get_ref(index).map_err(fault)?)?);
            }
            all.push(Row::new(Arc::clone(&columns), values));
        }
        Ok(all)
    }

    pub(super) fn execute_batch(&mut self, sql: &str) -> Result<(), Error> {
        self.conn()?.execute_batch(sql).map_err(fault)
    }
}

/// SQLite takes `$1` for a name and numbers names by their first use, so each is bound by
/// the number in its name.
fn bind(statement: &mut Statement<'_>, params: &[Value]) -> Result<(), Error> {
    for index in 1..=statement.parameter_count() {
        let name = statement.parameter_name(index).unwrap_or_default();
        let number = name
            .strip_prefix('$')
            .and_then(|number| number.parse::<usize>().ok());
        let value = number.and_then(|number| params.get(number.checked_sub(1)?));
        let Some(value) = value else {
            let text = format!("no value was given for the parameter {name}");
            return Err(Error::Sql(text.into()));
        };
        statement.raw_bind_parameter(index, value).map_err(fault)?;
    }
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(int) => ValueRef::Integer(*int),
            Value::Bool(bool) => ValueRef::Integer(i64::from(*bool)),
            Value::Real(real) => ValueRef::Real(*real),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn from_sqlite(value: ValueRef<'_>) -> Result<Value, Error> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(int) => Value::Int(int),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) => {
            Value::Text(
                String::from_utf8(text.to_vec()).map_err(|error| Error::Decode {
                    what: "a text column".to_owned(),
                    reason: error.to_string(),
                })?,
            )
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

fn fault(error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode::{CannotOpen, ConstraintViolation, DatabaseBusy, DatabaseLocked};
    let Some(failure) = error.sqlite_error() else {
        return Error::Sql(Box::new(error));
    };
    let what = error.to_string();
    let what = what.rsplit(": ").next().unwrap_or_default().to_owned();
    let unique = [
        rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE,
        rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
        rusqlite::ffi::SQLITE_CONSTRAINT_ROWID,
    ];
    match failure.code {
        ConstraintViolation if unique.contains(&failure.extended_code) => Error::Unique {
            what,
            source: Box::new(error),
        },
        ConstraintViolation => Error::Constraint {
            what,
            source: Box::new(error),
        },
        DatabaseBusy | DatabaseLocked => Error::Busy(Box::new(error)),
        CannotOpen => Error::ConnectionLost(Box::new(error)),
        _ => Error::Sql(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_bound_by_the_number_in_their_name() {
        let conn = Connection::open_in_memory().unwrap();
        let mut statement = conn
            .prepare("SELECT $2, '$1 costs $5', $1, $2 -- $3")
            .unwrap();
        bind(&mut statement, crate::params!["one", "two"]).unwrap();
        let mut rows = statement.raw_query();
        let row = rows.next().unwrap().unwrap();
        let texts: Vec<String> = (0..4).map(|index| row.get(index).unwrap()).collect();
        assert_eq!(texts, ["two", "$1 costs $5", "one", "two"]);
    }

    #[test]
    fn a_parameter_without_a_value_is_an_error() {
        let conn = Connection::open_in_memory().unwrap();
        let mut statement = conn.prepare("SELECT $1, $2").unwrap();
        let error = bind(&mut statement, crate::params!["one"]).unwrap_err();
        assert!(crate::chain(&error).contains("$2"), "{error:?}");
    }
}
