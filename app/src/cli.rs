//! The command line.

#[cfg(test)]
mod documented;
mod layout;
mod operate;
mod schema;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory, Parser, Subcommand};
use tidings::Start;

use crate::map::Format;

pub(crate) use layout::Layout;
pub(crate) use operate::{
    Alerts, Asking, Dead, DeadOne, EventFilter, Events, Jobs, Listing, OneSubscription,
    Subscriptions,
};
pub(crate) use schema::{Schema, SchemaCheck, SchemaCommand};

/// A ticket marketplace made of services that talk by events.
#[derive(Parser)]
#[command(
    name = "tidings",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "The options are those of `serve`, which is what happens without a command. \
        `tidings COMMAND --help` tells what each command does and takes."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

impl Cli {
    /// What is read, and told by `--help`. What the environment holds is `tidings config`'s to
    /// tell: here it could be a password, and would stand between the words.
    pub(crate) fn told() -> clap::Command {
        fn quiet(command: clap::Command) -> clap::Command {
            let quiet_args = command.mut_args(|arg| arg.hide_env_values(true));
            quiet_args.mut_subcommands(quiet)
        }
        quiet(Self::command())
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run everything, with web pages and API on one port, or with --only a part of it.
    Serve(Box<Serve>),
    /// Print what is in force for `serve` with the same flags, and who has said it, with
    /// secrets masked.
    Config(Box<Serve>),
    /// Tell one story event by event, in memory: listed, reserved, expired, released, bought.
    Demo,
    /// Say what is promised in this installation as it is set up now, and what is not.
    ///
    /// Reads the settings of the database, the versions of its tables, what is kept of each
    /// stream, and how each subscription stands. It only reads, also beside a running server.
    /// The exit code is 1 when there is a problem.
    Doctor(Doctor),
    /// Let slots of a subscription go on that stand still until a person decides.
    ///
    /// They do after the producer's database was restored from a backup (alert `ahead`), or when
    /// it no longer has what comes next (alert `gone`). Say from when on its events are to be
    /// applied: the moment when the restored database was started again, or `now` to pass over
    /// what it has written since. What was applied stays applied. The server must be stopped if
    /// it is on SQLite.
    Settle(Settle),
    /// Move an installation from SQLite to PostgreSQL, with everything it knows.
    ///
    /// Every table of every service is copied and counted on both sides: accounts and sessions,
    /// orders and payments, events with their addresses, what subscriptions have applied, parked
    /// events, jobs, holds, refunds. The server must be stopped. The source is only read; when
    /// everything has come over, a file in its folder keeps it from being started by accident.
    /// If the move is broken off, nothing starts on the target, and --again begins anew.
    Move(Move),
    /// Give an account a role: operator, reader or publisher.
    ///
    /// It is in force with the account's next access token, within five minutes. The server must
    /// be stopped if it is on SQLite.
    Grant(Grant),
    /// Take a role from an account.
    ///
    /// Access tokens that are out are good for five more minutes at the most. The server must be
    /// stopped if it is on SQLite.
    Revoke(Grant),
    /// Build a projection anew of all its events, beside the one in use, and swap.
    ///
    /// A projection is a subscription whose tables are made of events alone, as `users` of
    /// notifications. The one in use is read and kept up to date until the new one takes its
    /// place, in one transaction. On PostgreSQL the server may run meanwhile; on SQLite it must
    /// be stopped. Broken off at any point, even by kill -9, the command has changed nothing, or
    /// the new one is in use; what it has left half built, the next run removes.
    Rebuild(Rebuild),
    /// What events and commands may say: list and show their schemas, keep the committed files to
    /// the types, and try out whether this build can read what is in flight somewhere.
    Schema(Schema),
    /// Show which service publishes which events, and who reads them.
    ///
    /// It comes from the definitions in this program: no server and no database is asked. What
    /// nobody reads, and what is read but never published, is told at the end.
    Map(Map),
    /// Find stored events, follow new ones, and see what they have led to.
    ///
    /// This and the following commands ask the running server, and act in the record under the
    /// name that is given with --as. They end with the code 1 when something fails, 2 when they
    /// are typed wrongly, 3 with --exit-code when a list is not empty, 4 when what was named is
    /// not there, 5 when somebody else was faster.
    #[command(subcommand)]
    Events(Events),
    /// Events that a subscription could not apply: look, try, repair, apply again, give up.
    #[command(subcommand)]
    Dead(Dead),
    /// What each subscription owes; pause one, let it go on, build a projection anew.
    #[command(subcommand)]
    Subscriptions(Subscriptions),
    /// Jobs that failed, run, wait or are done.
    #[command(subcommand)]
    Jobs(Jobs),
    /// What is wrong now, or was; say that a person sees to it.
    #[command(subcommand)]
    Alerts(Alerts),
}

/// How to serve.
#[derive(Args, Clone, Debug)]
pub(crate) struct Serve {
    /// The address and port to listen on: 127.0.0.1:8080 where nothing is said. Port 0 takes any
    /// free one.
    #[arg(long, value_name = "ADDRESS:PORT", env = "TIDINGS_LISTEN")]
    pub(crate) listen: Option<String>,
    /// The port on 127.0.0.1: short for --listen 127.0.0.1:PORT.
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// The time zone in which the days of the books begin and end, as Europe/Berlin: UTC where
    /// nothing is said.
    #[arg(long, value_name = "ZONE", env = "TIDINGS_BILLING_ZONE")]
    pub(crate) billing_zone: Option<String>,
    /// Where people reach the site, for the links in letters: https://tidings.example. Where
    /// nothing is said, the gateway's address or the one to listen on.
    #[arg(long, value_name = "URL", env = "TIDINGS_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,
    /// The collector that traces are sent to, by OTLP over HTTP: http://127.0.0.1:4318. Without it,
    /// and without OTEL_EXPORTER_OTLP_ENDPOINT, there are none. OpenTelemetry's other variables
    /// count, too: headers, resource attributes, sampler.
    #[arg(long, value_name = "URL", env = "TIDINGS_OTLP")]
    pub(crate) otlp: Option<String>,
    /// Make demonstration accounts and listings (the default).
    #[arg(long, overrides_with = "no_demo")]
    demo: bool,
    /// Make no accounts and no listings.
    #[arg(long, overrides_with = "demo")]
    no_demo: bool,
    // Last, because their headings go on over what follows.
    #[command(flatten)]
    pub(crate) layout: Layout,
    #[command(flatten)]
    pub(crate) mail: Mail,
}

impl Serve {
    /// What a command that does not serve says of serving: nothing.
    pub(crate) fn nothing_but(layout: &Layout) -> Self {
        Self {
            listen: None,
            port: None,
            layout: layout.clone(),
            mail: Mail {
                smtp: None,
                from: None,
            },
            billing_zone: None,
            public_url: None,
            otlp: None,
            demo: false,
            no_demo: false,
        }
    }

    /// Whether demonstration accounts are wanted; the later of two contrary flags counts.
    pub(crate) fn is_demo(&self) -> bool {
        self.demo || !self.no_demo
    }
}

/// Where e-mail goes. Without a server nothing leaves the machine: operators read it at
/// /console/mail.
#[derive(Args, Clone)]
#[command(next_help_heading = "Mail")]
pub(crate) struct Mail {
    /// The mail server: smtps://user:password@host, smtp://user:password@host?tls=required, or
    /// smtp://host for one on this machine. Without it mail is only kept, for operators to read
    /// at /console/mail. A password is better kept in TIDINGS_SMTP, where `ps` does not show it.
    #[arg(long, value_name = "URL", env = "TIDINGS_SMTP", hide_env_values = true)]
    pub(crate) smtp: Option<String>,
    /// The address that e-mail comes from: "Tickets <no-reply@example.com>".
    #[arg(
        id = "mail_from",
        long = "mail-from",
        value_name = "ADDRESS",
        env = "TIDINGS_MAIL_FROM"
    )]
    pub(crate) from: Option<String>,
}

/// Never the address of the server, which may hold a password.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("smtp", &self.smtp.as_ref().map(|_| "…"))
            .field("mail_from", &self.from)
            .finish()
    }
}

/// What to look at.
#[derive(Args, Clone, Debug)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) layout: Layout,
    /// Where the broker tells of its settings, when it is not port 8222 of its host.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) bus_monitor: Option<String>,
    /// Print what was found as JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which slots, and how they go on.
#[derive(Args, Clone, Debug)]
pub(crate) struct Settle {
    /// The subscription, as the alert and `tidings doctor` name it: expiration/orders.
    pub(crate) subscription: String,
    /// The stream: orders.
    pub(crate) stream: String,
    /// The first events to be applied: those published from a moment on
    /// (2026-03-14T16:00:07Z), from now on, or from the beginning, those that were applied
    /// before a second time.
    #[arg(long, value_name = "now|beginning|TIME", value_parser = Start::from_str)]
    pub(crate) from: Start,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    #[command(flatten)]
    pub(crate) layout: Layout,
}

/// From where and to where.
#[derive(Args, Clone)]
pub(crate) struct Move {
    /// Where the installation is: sqlite: and the data folder, as in sqlite:data. The folder
    /// that the settings name, where nothing is said.
    #[arg(long, value_name = "sqlite:DIR", value_parser = crate::move_to::parse_from)]
    pub(crate) from: Option<MoveFrom>,
    /// Where it goes: a database of PostgreSQL without tables, as in postgres://user@host/name.
    /// An address with a password is better kept in TIDINGS_MOVE_TO, where `ps` does not show it.
    #[arg(
        long,
        value_name = "URL",
        env = "TIDINGS_MOVE_TO",
        hide_env_values = true,
        value_parser = crate::move_to::parse_to
    )]
    pub(crate) to: String,
    /// Drop what an earlier move that was broken off has left in the target, and begin anew.
    #[arg(long)]
    pub(crate) again: bool,
    #[command(flatten)]
    pub(crate) layout: Layout,
}

/// The folder that an installation moves out of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MoveFrom(pub(crate) PathBuf);

/// Which role, and whose.
#[derive(Args, Clone, Debug)]
pub(crate) struct Grant {
    /// The role: an operator opens the console, a reader reads feeds, a publisher publishes to
    /// streams that are open; worker, manager and accountant are of the task exchange;
    /// infrastructure, support, engineering and accountant of the register of platforms and the
    /// repository of commands; admin of all.
    #[arg(value_parser = PossibleValuesParser::new(auth::ROLES))]
    pub(crate) role: String,
    /// The account's e-mail address.
    pub(crate) email: String,
    #[command(flatten)]
    pub(crate) layout: Layout,
}

/// What is shown, and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct Map {
    /// How it is written.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Only what this service publishes and reads, and those on the other ends.
    #[arg(long, value_name = "NAME", value_parser = crate::map::parse_service)]
    pub(crate) service: Option<String>,
    #[command(flatten)]
    pub(crate) layout: Layout,
}

/// What to build anew.
#[derive(Args, Clone, Debug)]
pub(crate) struct Rebuild {
    /// The projection, by the name of its subscription.
    pub(crate) subscription: String,
    /// The service that keeps it, where several keep one of that name.
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// Go on although a part of the history was deleted by age: the new one knows nothing of it.
    #[arg(long)]
    pub(crate) what_is_left: bool,
    #[command(flatten)]
    pub(crate) layout: Layout,
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
