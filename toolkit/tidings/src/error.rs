//! What can go wrong below a service, and whether trying again may help.

use std::error::Error as StdError;

/// The cause of an error, as the driver gave it.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Every fault of the database, the outbox and the jobs, by its type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A row with the same unique value exists already.
    #[error("store a duplicate of {what}")]
    Unique {
        /// The constraint (PostgreSQL) or the column (SQLite).
        what: String,
        /// The driver's error.
        #[source]
        source: Cause,
    },
    /// Another rule of the table was broken: NOT NULL, CHECK, a foreign key.
    #[error("keep the rule {what}")]
    Constraint {
        /// The constraint or the column.
        what: String,
        /// The driver's error.
        #[source]
        source: Cause,
    },
    /// Concurrent transactions could not be put in an order; the whole transaction may be repeated.
    #[error("put concurrent transactions in an order")]
    Serialization(#[source] Cause),
    /// The database did not answer in time or refused more work for now.
    #[error("get the database's turn in time")]
    Busy(#[source] Cause),
    /// The connection was lost before COMMIT was sent: nothing has happened.
    #[error("reach the database")]
    ConnectionLost(#[source] Cause),
    /// The connection was lost after COMMIT was sent: the transaction may or may not have happened.
    #[error("learn whether the transaction was committed")]
    OutcomeUnknown(#[source] Cause),
    /// The database server did not let us in, or has no such database: a person must mend the
    /// settings, here or there.
    #[error("be let into the database")]
    Refused(#[source] Cause),
    /// The disk did not take what was written. The database takes no more commits until a
    /// restart, which shows whether this one was kept.
    #[error("bring the database to disk; restart after the disk is mended")]
    SyncFailed(#[source] Cause),
    /// Any other error of a statement.
    #[error("run a statement")]
    Sql(#[source] Cause),
    /// The transaction was used or to be committed although one of its statements had failed.
    #[error("go on with a transaction in which a statement has failed")]
    Aborted,
    /// A statement that must give one row gave none.
    #[error("find the row")]
    NoRow,
    /// Something stored could not be read as the type that was asked for.
    #[error("read {what}: {reason}")]
    Decode {
        /// What was read.
        what: String,
        /// What was found instead.
        reason: String,
    },
    /// The broker was not reached, or did not take or give what was asked for.
    #[error("reach the bus")]
    Bus(#[source] Cause),
    /// A value could not be written as JSON.
    #[error("write {what} as JSON")]
    Encode {
        /// What was to be written.
        what: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A service published a stream or enqueued a job that its definition does not name.
    #[error("use {what}: the service does not declare it")]
    Undeclared {
        /// The stream, job or resource.
        what: String,
    },
    /// An event or job is larger than a message may be.
    #[error("publish {what}: {bytes} bytes are over the limit of {limit}")]
    TooLarge {
        /// The event type or job kind.
        what: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A migration could not be applied, or one that was applied has been edited since.
    #[error("migrate {what}: {reason}")]
    Migration {
        /// The migration.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// The set-up cannot keep what Tidings promises.
    #[error("accept the set-up: {0}")]
    Unsafe(String),
    /// A feed or a transport elsewhere could not be reached, or has answered what is no answer.
    #[error("follow {from}")]
    Elsewhere {
        /// What was asked.
        from: String,
        /// What came of it.
        #[source]
        source: Cause,
    },
    /// Two transactions tried to do the same work; this one lost and has left nothing behind.
    #[error("be the first: somebody else has done this already")]
    Overtaken,
    /// Somebody has asked a job to stop.
    #[error("go on: somebody has asked the job to stop")]
    Cancelled,
}

impl Error {
    /// Whether the same transaction may succeed when it is tried again, through no change of its own.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Error::Serialization(_)
                | Error::Busy(_)
                | Error::ConnectionLost(_)
                | Error::Refused(_)
                | Error::OutcomeUnknown(_)
                | Error::SyncFailed(_)
                | Error::Bus(_)
                | Error::Elsewhere { .. }
                | Error::Overtaken
        )
    }

    /// Whether the database was not there, or had no place for one more: it may be there later,
    /// and nobody has to change anything for that.
    #[must_use]
    pub fn is_away(&self) -> bool {
        matches!(
            self,
            Error::ConnectionLost(_) | Error::OutcomeUnknown(_) | Error::Busy(_)
        )
    }

    /// Whether a unique rule was broken.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        matches!(self, Error::Unique { .. })
    }
}

/// What should become of an event or a job whose handler failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The ground is missing (connection, disk): try again with backoff; no attempt is counted.
    Wait,
    /// The handler failed: count an attempt, try again, park, at last give it to a person.
    Retry,
    /// Trying again cannot help: give it to a person at once.
    Fail,
}

/// An error that knows whether its work is worth trying again.
///
/// Handlers and jobs return such errors, so the decision stands next to the error
/// and not in a configuration:
///
/// ```
/// use tidings::{Fate, Fault};
///
/// #[derive(Debug, thiserror::Error)]
/// enum Error {
///     #[error("use the store")]
///     Store(#[from] tidings::Error),
///     #[error("understand the price")]
///     Price,
/// }
///
/// impl Fault for Error {
///     fn fate(&self) -> Fate {
///         match self {
///             Error::Store(error) => error.fate(),
///             Error::Price => Fate::Fail,
///         }
///     }
/// }
/// ```
pub trait Fault: StdError + Send + Sync + 'static {
    /// What should become of the work.
    fn fate(&self) -> Fate;

    /// What kind of failure it is, for code: told to the sender of a
    /// [`Command`](crate::Command) that cannot be carried out.
    fn code(&self) -> &'static str {
        "failed"
    }
}

impl Fault for Error {
    fn fate(&self) -> Fate {
        if self.is_transient() {
            Fate::Wait
        } else {
            Fate::Retry
        }
    }
}

/// An error with all its causes on one line, for logs and for the parked table.
#[must_use]
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        // Some drivers have put their cause into their own text already.
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::chain;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Told {
        said: &'static str,
        source: io::Error,
    }

    #[test]
    fn what_a_driver_has_said_of_its_cause_already_is_not_said_again() {
        let told = |said| Told {
            said,
            source: io::Error::other("connection refused"),
        };
        let once = "connect: connection refused";
        assert_eq!(chain(&told("connect")), once);
        assert_eq!(chain(&told("connect: connection refused")), once);
    }
}
