//! What `tidings schema` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Layout;

/// What to do with the schemas.
#[derive(Args, Clone, Debug)]
pub(crate) struct Schema {
    #[command(subcommand)]
    pub(crate) command: SchemaCommand,
}

#[derive(Subcommand, Clone, Debug)]
pub(crate) enum SchemaCommand {
    /// Name every event and command that this build knows, with its versions.
    List {
        /// Print them as JSON, with their schemas, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of an event or a command.
    Show {
        /// Its name, with a version where not the newest is meant: task.created or
        /// task.created/1.
        #[arg(value_name = "NAME[/VERSION]")]
        name: String,
    },
    /// Say what is not as it must be with the committed schemas, or with --against what of an
    /// installation this build could not read.
    ///
    /// Without --against: whether each schema is in its file, whether a change of one breaks
    /// somebody and needs a new version, whether every older version is still read, and whether
    /// events are named in the past tense and commands in the imperative.
    ///
    /// With --against: decodes some of each kind of what is in flight in the installation that
    /// the settings name, as `tidings doctor` finds it: stored events, commands on their way,
    /// parked and dead events, jobs, runs of workflows with their steps and messages. It only
    /// reads, also beside a running server. Run it with a new build before it is rolled out.
    ///
    /// The exit code is 1 when something is not as it must be.
    Check(Box<SchemaCheck>),
    /// Write the schemas that are new or have changed so that nobody is broken, for you to commit.
    ///
    /// A change that breaks somebody and has no new version is refused, and nothing is written.
    Write {
        /// Where the files are.
        #[arg(long, value_name = "DIR", default_value = "contracts/schemas")]
        dir: PathBuf,
    },
}

/// What to compare with.
#[derive(Args, Clone, Debug)]
pub(crate) struct SchemaCheck {
    /// Where the files are.
    #[arg(long, value_name = "DIR", default_value = "contracts/schemas")]
    pub(crate) dir: PathBuf,
    /// Look at what is in flight in an installation, instead of at the files.
    #[arg(long)]
    pub(crate) against: bool,
    /// Print what was found as JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) layout: Layout,
}
