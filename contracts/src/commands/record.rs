//! The public record of a command, and the words in it.

use serde::{Deserialize, Serialize};
use tidings::Timestamp;
use tidings::schemars::JsonSchema;

use crate::words::words;
use crate::{CommandId, PlatformId, UserId};

words! {
    /// Who reads a command line, and so how values are quoted in it.
    pub enum Shell ("shell") {
        /// `sh` and its descendants.
        Posix = "posix",
        /// PowerShell.
        PowerShell = "powershell",
        /// The command prompt of Windows.
        Cmd = "cmd",
        /// A database.
        Sql = "sql",
        /// Nobody: it is text that a person types elsewhere.
        None = "none",
    }
}

words! {
    /// What using a command can do.
    pub enum Risk ("risk") {
        /// It changes nothing.
        Safe = "safe",
        /// It changes something that can be put right.
        Caution = "caution",
        /// It destroys something: whoever renders it must say that they mean it.
        Destructive = "destructive",
    }
}

words! {
    /// How far a command has come.
    pub enum Status ("status") {
        /// Written down, not yet approved.
        Draft = "draft",
        /// Approved for use.
        Published = "published",
        /// Not to be used any more.
        Deprecated = "deprecated",
    }
}

words! {
    /// What may be filled in for a parameter.
    pub enum ParamType ("type of parameter") {
        /// Any text.
        String = "string",
        /// A whole number.
        Int = "int",
        /// `true` or `false`.
        Bool = "bool",
        /// One of some words.
        Enum = "enum",
        /// A path of a file.
        Path = "path",
        /// A text that is kept nowhere.
        Secret = "secret",
        /// A text that is taken as it stands, without quotes: a part of the command line
        /// needs the role `infrastructure` to be saved).
        Raw = "raw",
    }
}

words! {
    /// What came of using a command.
    pub enum Outcome ("outcome") {
        /// It did what it should.
        Ok = "ok",
        /// It did not.
        Failed = "failed",
        /// Nobody knows.
        Unknown = "unknown",
    }
}

/// A parameter of a command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct Param {
    /// Its name in the template: letters, digits and underscores.
    pub name: String,
    /// What people call it; empty: the name.
    pub label: String,
    /// What may be filled in.
    #[serde(rename = "type")]
    pub kind: ParamType,
    /// Whether something must be filled in.
    pub required: bool,
    /// What is filled in when nobody says otherwise; never for a secret.
    pub default: Option<String>,
    /// What may be chosen from.
    pub allowed_values: Vec<String>,
    /// Whether nothing but the allowed values may be filled in.
    pub enforced: bool,
    /// What a value must look like, as a regular expression for the whole of it.
    pub pattern: Option<String>,
    /// Whether it may have many values: `{{name...}}`.
    pub multivalued: bool,
    /// What stands between many values.
    pub delimiter: String,
    /// What to fill in, in a sentence; may be empty.
    pub help: String,
}

/// The public record of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct CommandRecord {
    /// The command.
    pub command_id: CommandId,
    /// Its number, from 1, for those who know commands by numbers.
    pub number: i32,
    /// The platform whose problem it solves.
    pub platform_id: PlatformId,
    /// What it does, in a line: `Restart a stuck pod`.
    pub how_to: String,
    /// What else one should know; may be empty.
    pub description: String,
    /// The template: `kubectl delete pod {{pod}}`.
    pub command_line: String,
    /// Who reads the line.
    pub shell: Shell,
    /// The operating systems that it is for, in order; none means any.
    pub os: Vec<String>,
    /// What is to be filled in, in the order in which people are asked.
    pub params: Vec<Param>,
    /// Words to find it by, in order, each once.
    pub tags: Vec<String>,
    /// What using it can do.
    pub risk: Risk,
    /// How far it has come.
    pub status: Status,
    /// What a person sees when it has worked.
    pub expected_output: Option<String>,
    /// What takes it back.
    pub undo_command_id: Option<CommandId>,
    /// Who wrote it down.
    pub author: UserId,
    /// When.
    pub created_at: Timestamp,
    /// Who changed it last.
    pub last_modified_by: UserId,
    /// When.
    pub last_modified_at: Timestamp,
    /// Its revision: rises by one with every event of it on this stream, from 1.
    pub version: u64,
}
