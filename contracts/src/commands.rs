//! Written by `commands`: the command lines that solve the problems of platforms, and who
//! used them.
//!
//! Two streams. `commands` holds the record of every command for those who keep a replica;
//! `usages` tells of each use. No event holds the values that somebody filled in.

mod record;

use tidings::{Stream, Timestamp};

use crate::{CommandId, UsageId, UserId};

pub use record::{CommandRecord, Outcome, Param, ParamType, Risk, Shell, Status};

/// What becomes of the records of commands; each event holds the whole record.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "commands", key = "command_id", state, schemas)]
pub enum CommandEvent {
    /// Somebody has written it down.
    #[event("command.created")]
    Created(CommandRecord),
    /// It says something else now; its revision is its version.
    #[event("command.updated")]
    Updated(CommandRecord),
    /// It shall not be used any more.
    #[event("command.deprecated")]
    Deprecated(CommandRecord),
}

impl CommandEvent {
    /// The record that it holds.
    #[must_use]
    pub fn record(&self) -> &CommandRecord {
        let (Self::Created(record) | Self::Updated(record) | Self::Deprecated(record)) = self;
        record
    }
}

/// What happens with commands.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "usages", key = "command_id", schemas)]
pub enum UsageEvent {
    /// Somebody has used it, or says what came of that.
    #[event("command.used")]
    Used {
        /// The use; a second event of it says what came of it.
        usage_id: UsageId,
        /// The command.
        command_id: CommandId,
        /// Which revision of it.
        revision: u64,
        /// Who.
        user_id: UserId,
        /// What came of it, once somebody has said so.
        outcome: Option<Outcome>,
        /// When.
        at: Timestamp,
    },
}
