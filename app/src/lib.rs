//! Every service in one process: `serve`, `demo`, and the operator's commands.
//!
//! It is a library too, so that tests can build the same program with crash points in it.

mod accounts;
mod bus;
mod cli;
mod config;
mod demo;
mod doctor;
mod door;
mod error;
mod folder;
mod front;
mod grant;
mod map;
mod move_to;
mod observe;
mod opening;
mod operate;
mod process;
mod rebuild;
mod schema;
mod serve;
mod services;
mod settle;

use std::io::Write;
use std::process::ExitCode;

use clap::{ArgMatches, FromArgMatches};

use cli::{Cli, Command, Layout};
use config::Config;
pub use config::Origin;
pub use error::Error;
use observe::Observing;
pub use services::open;

/// Runs the program as the command line says. A failure is one line on stderr and exit code 1.
#[must_use]
pub fn main() -> ExitCode {
    let parsed = Cli::told().try_get_matches();
    let parsed = parsed.and_then(|found| Ok((Cli::from_arg_matches(&found)?, found)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(told) => return tell(&told),
    };
    match observed(cli, &matches) {
        Ok(code) => code,
        Err(error) => {
            // If nobody can read it, there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "tidings: {}", error.line());
            ExitCode::from(error.exit_code())
        }
    }
}

/// Help is not a failure; a wrong flag is, and says how to get help.
fn tell(told: &clap::Error) -> ExitCode {
    let _ = told.print();
    if told.use_stderr() {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}

/// Runs the command with its log, and with traces if somebody wants them.
fn observed(cli: Cli, matches: &ArgMatches) -> Result<ExitCode, Error> {
    let observing = Observing::of(&cli, matches)?;
    observing.begin();
    run(cli, matches, observing)
}

fn run(cli: Cli, matches: &ArgMatches, observing: Observing) -> Result<ExitCode, Error> {
    // Flags stand behind the command, where there is one.
    let mut matches = matches;
    while let Some((_, own)) = matches.subcommand() {
        matches = own;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let config = |layout: &Layout| Config::of(layout, matches);
    let outcome = runtime.block_on(observing.around(async {
        match cli.command {
            None => serve::serve(Config::read(&cli.serve, matches)?).await,
            Some(Command::Serve(options)) => serve::serve(Config::read(&options, matches)?).await,
            Some(Command::Config(options)) => {
                let config = Config::read(&options, matches)?;
                Ok(config.print(&mut std::io::stdout())?)
            }
            Some(Command::Demo) => demo::tell(&mut std::io::stdout()).await,
            Some(Command::Doctor(options)) => {
                return doctor::doctor(config(&options.layout)?, options).await;
            }
            Some(Command::Settle(options)) => {
                settle::settle(config(&options.layout)?, options).await
            }
            Some(Command::Move(options)) => {
                move_to::move_to(config(&options.layout)?, options).await
            }
            Some(Command::Grant(options)) => grant::grant(config(&options.layout)?, options).await,
            Some(Command::Revoke(options)) => {
                grant::revoke(config(&options.layout)?, options).await
            }
            Some(Command::Map(options)) => {
                map::map(&config(&options.layout)?, &options, &mut std::io::stdout())
            }
            Some(Command::Rebuild(options)) => {
                rebuild::rebuild(config(&options.layout)?, options).await
            }
            Some(Command::Schema(options)) => {
                return schema::schema(options.command, config).await;
            }
            Some(Command::Events(what)) => return operate::events(what, config).await,
            Some(Command::Dead(what)) => return operate::dead(what, config).await,
            Some(Command::Subscriptions(what)) => {
                return operate::subscriptions(what, config).await;
            }
            Some(Command::Jobs(what)) => return operate::jobs(what, config).await,
            Some(Command::Alerts(what)) => return operate::alerts(what, config).await,
        }
        .map(|()| ExitCode::SUCCESS)
    }));
    // What still runs has had its time; a blocking read must not keep the process.
    runtime.shutdown_background();
    outcome
}

/// The examples of the guide to work that takes time, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guides/work.md")]
struct WorkThatTakesTime;
