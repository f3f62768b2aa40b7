//! PostgreSQL's errors by their meaning.

use deadpool_postgres::{HookError, PoolError};
use tokio_postgres::error::{Severity, SqlState};

use crate::Error;

pub(super) fn pool_fault(error: PoolError) -> Error {
    match error {
        PoolError::Timeout(_) => Error::Busy(Box::new(error)),
        PoolError::PostCreateHook(HookError::Message(unsafe_setting)) => {
            Error::Unsafe(unsafe_setting.into_owned())
        }
        // The pool's own words ("while creating a new object") help nobody.
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            connect_fault(error)
        }
        other => Error::ConnectionLost(Box::new(other)),
    }
}

/// Why there is no connection: nobody answers, which may change by itself, or somebody has said
/// no, which a person must mend.
fn connect_fault(error: tokio_postgres::Error) -> Error {
    let Some(db) = error.as_db_error() else {
        return if error.is_closed() || error.source_is_io() {
            Error::ConnectionLost(Box::new(error))
        } else {
            Error::Refused(Box::new(error))
        };
    };
    let cause: crate::Cause = db.to_string().into();
    match db.code().code() {
        // Class 28: who we say we are. 3D: the database's name. 42501: what we may.
        code if code.starts_with("28") || code.starts_with("3D") || code == "42501" => {
            Error::Refused(cause)
        }
        code if code.starts_with("53") => Error::Busy(cause),
        _ => Error::ConnectionLost(cause),
    }
}

/// COMMIT was sent and failed. Only an ordinary error of the server says that nothing has
/// happened: it may also close the connection (FATAL) when the commit is already done.
pub(super) fn commit_fault(error: tokio_postgres::Error) -> Error {
    let ordinary = error
        .as_db_error()
        .is_some_and(|db| db.parsed_severity() == Some(Severity::Error));
    if ordinary {
        fault(error)
    } else {
        Error::OutcomeUnknown(Box::new(error))
    }
}

pub(super) fn fault(error: tokio_postgres::Error) -> Error {
    let Some(db) = error.as_db_error() else {
        return if error.is_closed() || error.source_is_io() {
            Error::ConnectionLost(Box::new(error))
        } else {
            Error::Sql(Box::new(error))
        };
    };
    let code = db.code().clone();
    let what = db
        .constraint()
        .or(db.column())
        .unwrap_or_default()
        .to_owned();
    // `tokio_postgres::Error` displays as a bare "db error"; its cause has the text.
    let cause: crate::Cause = db.to_string().into();
    match code {
        SqlState::UNIQUE_VIOLATION => Error::Unique {
            what,
            source: cause,
        },
        code if code.code().starts_with("23") => Error::Constraint {
            what,
            source: cause,
        },
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
            Error::Serialization(cause)
        }
        SqlState::IN_FAILED_SQL_TRANSACTION => Error::Aborted,
        SqlState::LOCK_NOT_AVAILABLE | SqlState::QUERY_CANCELED => Error::Busy(cause),
        // Class 08: connection; 57P: shutdown and crash; 53: out of resources.
        code if code.code().starts_with("08") || code.code().starts_with("57P") => {
            Error::ConnectionLost(cause)
        }
        code if code.code().starts_with("53") => Error::Busy(cause),
        _ => Error::Sql(cause),
    }
}

/// Whether the driver's error comes from the socket.
trait SourceIsIo {
    fn source_is_io(&self) -> bool;
}

impl SourceIsIo for tokio_postgres::Error {
    fn source_is_io(&self) -> bool {
        std::error::Error::source(self).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
    }
}
