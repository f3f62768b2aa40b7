//! `tidings schema`: what events and commands may say, kept as files, and tried out against what
//! is in flight.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;
use tidings::flight::Flight;
use tidings::schema::{Contract, Findings};

use crate::cli::{Layout, SchemaCheck, SchemaCommand};
use crate::config::Config;
use crate::{Error, process, services};

/// Does what was asked; the exit code is 1 when something is not as it must be.
pub(crate) async fn schema(
    command: SchemaCommand,
    config: impl FnOnce(&Layout) -> Result<Config, Error>,
) -> Result<ExitCode, Error> {
    let out = &mut io::stdout();
    let contracts = contracts::all();
    match command {
        SchemaCommand::List { json } => {
            let all = contracts.all();
            match json {
                true => writeln!(out, "{:#}", json!(all))?,
                false => list(&all, out)?,
            }
            Ok(ExitCode::SUCCESS)
        }
        SchemaCommand::Show { name } => {
            let all = contracts.all();
            let found = find(&all, &name).ok_or(Error::NoSchema { name })?;
            writeln!(out, "{:#}", found.schema)?;
            Ok(ExitCode::SUCCESS)
        }
        SchemaCommand::Check(options) if options.against => {
            let flight = fly(&config(&options.layout)?).await?;
            tell_of_flight(&flight, options.json, out)?;
            Ok(code(is_good(&flight)))
        }
        SchemaCommand::Check(options) => {
            let checked = contracts.check(&options.dir);
            let count = contracts.all().len();
            tell_of_files(checked.as_ref().err(), count, &options, out)?;
            Ok(code(checked.is_ok()))
        }
        SchemaCommand::Write { dir } => match contracts.write(&dir) {
            Ok(written) => {
                for file in &written {
                    writeln!(out, "wrote {}", file.display())?;
                }
                if written.is_empty() {
                    writeln!(out, "Every schema is written already.")?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Err(refused) => {
                writeln!(out, "{refused}\n\nNothing was written.")?;
                Ok(ExitCode::FAILURE)
            }
        },
    }
}

/// Nothing is said of an installation that is not there.
fn is_good(flight: &Flight) -> bool {
    let is_there = !flight.looked.is_empty();
    is_there && flight.unreadable.is_empty() && flight.unseen.is_empty()
}

fn code(is_good: bool) -> ExitCode {
    match is_good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// A paragraph a stream, a line a version.
fn list(all: &[&Contract], out: &mut dyn Write) -> io::Result<()> {
    let mut gap = "";
    for stream in all.chunk_by(|one, next| one.stream == next.stream) {
        let Some(first) = stream.first() else {
            continue;
        };
        writeln!(
            out,
            "{gap}{} ({} compatible)",
            first.stream, first.compatibility
        )?;
        gap = "\n";
        for one in stream {
            let older = if one.is_newest {
                ""
            } else {
                "  (read, not written)"
            };
            writeln!(out, "  {}/{}{older}", one.name, one.version)?;
        }
    }
    Ok(())
}

/// The newest version, where none is named.
fn find<'a>(all: &[&'a Contract], name: &str) -> Option<&'a Contract> {
    let (name, version) = match name.split_once('/') {
        Some((name, version)) => (name, Some(version.parse::<u16>().ok()?)),
        None => (name, None),
    };
    let of =
        |one: &&&Contract| one.name == name && version.is_none_or(|asked| asked == one.version);
    all.iter().rfind(of).copied()
}

fn tell_of_files(
    findings: Option<&Findings>,
    count: usize,
    options: &SchemaCheck,
    out: &mut dyn Write,
) -> io::Result<()> {
    let all = findings.map_or(&[][..], |findings| &findings.0);
    if options.json {
        return writeln!(out, "{:#}", json!({ "schemas": count, "findings": all }));
    }
    for one in all {
        writeln!(out, "{} {}", one.subject, one.text)?;
    }
    match all.len() {
        0 => writeln!(out, "All {count} schemas are committed as their types say."),
        number => writeln!(
            out,
            "\n{number} of {count} schemas, files and names are not as they must be."
        ),
    }
}

/// Tries out what is in flight.
async fn fly(config: &Config) -> Result<Flight, Error> {
    let setup = services::setup(config.storage(), services::Settings::default());
    let setup = process::for_command(setup, config)?;
    setup.in_flight().await.map_err(Error::Flight)
}

fn tell_of_flight(flight: &Flight, json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        return writeln!(out, "{:#}", json!(flight));
    }
    for one in &flight.unreadable {
        writeln!(out, "{one}")?;
    }
    for (service, why) in &flight.unseen {
        writeln!(out, "{service}: cannot be looked into: {why}")?;
    }
    let Flight {
        tried, unreadable, ..
    } = flight;
    match unreadable.len() {
        0 if flight.looked.is_empty() => {
            writeln!(
                out,
                "No service has a database there: is it the right place?"
            )
        }
        0 => writeln!(
            out,
            "This build reads all {tried} events, jobs and runs that were tried."
        ),
        1 => writeln!(
            out,
            "\n1 kind of {tried} tried cannot be read by this build."
        ),
        number => writeln!(
            out,
            "\n{number} kinds of {tried} tried cannot be read by this build."
        ),
    }
}
