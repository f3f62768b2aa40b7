//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tidings::Storage;

/// A ticket marketplace made of services that talk by events.
#[derive(Parser)]
#[command(name = "tidings", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run everything, with web pages and API on one port. This is what happens without a command.
    Serve(Serve),
    /// Tell one story event by event, in memory: listed, reserved, expired, released, bought.
    Demo,
    /// Make an account an operator, who may open the console.
    GrantOperator(GrantOperator),
}

/// How to serve.
#[derive(Args, Clone, Debug)]
pub(crate) struct Serve {
    /// The port on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Make demonstration accounts and listings (the default).
    #[arg(long, overrides_with = "no_demo")]
    demo: bool,
    /// Make no accounts and no listings.
    #[arg(long, overrides_with = "demo")]
    no_demo: bool,
}

impl Serve {
    /// Whether demonstration accounts are wanted; the later of two contrary flags counts.
    pub(crate) fn is_demo(&self) -> bool {
        self.demo || !self.no_demo
    }
}

/// Where the data is.
#[derive(Args, Clone, Debug)]
pub(crate) struct Place {
    /// The folder for databases and the demonstration accounts' passwords.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(crate) data: PathBuf,
    /// Keep the databases in PostgreSQL instead, one schema a service: postgres://user@host/name.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
}

impl Place {
    pub(crate) fn storage(&self) -> Storage {
        match &self.database {
            Some(url) => Storage::Postgres(url.clone()),
            None => Storage::Sqlite(self.data.clone()),
        }
    }
}

/// Whom to make an operator.
#[derive(Args, Clone, Debug)]
pub(crate) struct GrantOperator {
    /// The account's e-mail address.
    pub(crate) email: String,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Cli;

    #[test]
    fn of_two_contrary_flags_the_later_counts() {
        let is_demo = |flags: &[&str]| {
            let arguments = ["tidings"].iter().chain(flags);
            Cli::try_parse_from(arguments).unwrap().serve.is_demo()
        };
        assert!(is_demo(&[]));
        assert!(is_demo(&["--no-demo", "--demo"]));
        assert!(!is_demo(&["--no-demo"]));
        assert!(!is_demo(&["--demo", "--no-demo"]));
    }
}
