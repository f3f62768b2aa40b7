//! `cargo xtask check`: everything that can be said of the code without running it.

mod arrows;
mod clippy;
mod deny;
mod docs;
mod format;
mod machine_paths;
mod promises;
mod sizes;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use crate::failure::{Failure, Outcome, WhileDoing};
use crate::workspace::Workspace;

struct Check {
    name: &'static str,
    shows: &'static str,
    run: fn(&Workspace, &Options) -> Outcome,
}

#[derive(Default)]
struct Options {
    /// The advisory database comes over the network, so it is asked only where there is one.
    advisories: bool,
}

/// The quick ones first: they answer while the long ones still build.
const CHECKS: [Check; 8] = [
    Check {
        name: "format",
        shows: "rustfmt would change nothing",
        run: format::run,
    },
    Check {
        name: "arrows",
        shows: "crates depend on each other in one direction",
        run: arrows::run,
    },
    Check {
        name: "sizes",
        shows: "no Rust file is over 400 lines",
        run: sizes::run,
    },
    Check {
        name: "machine-paths",
        shows: "no file names a place outside the repository",
        run: machine_paths::run,
    },
    Check {
        name: "promises",
        shows: "each promise of the README names a test that exists",
        run: promises::run,
    },
    Check {
        name: "clippy",
        shows: "no lint complains",
        run: clippy::run,
    },
    Check {
        name: "docs",
        shows: "the documentation builds without a warning",
        run: docs::run,
    },
    Check {
        name: "deny",
        shows: "dependencies have allowed licences and sources, none is banned",
        run: deny::run,
    },
];

struct Result {
    check: &'static Check,
    outcome: Outcome,
    took: Duration,
}

pub(crate) fn run(arguments: &[String]) -> Outcome<ExitCode> {
    let (chosen, options) = choose(arguments)?;
    let workspace = Workspace::find()?;
    let results: Vec<Result> = chosen
        .into_iter()
        .map(|check| run_one(check, &workspace, &options))
        .collect();
    print_table(&results);
    if results.iter().all(|result| result.outcome.is_ok()) {
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

fn choose(arguments: &[String]) -> Outcome<(Vec<&'static Check>, Options)> {
    let mut options = Options::default();
    let mut chosen = Vec::new();
    for argument in arguments {
        if argument == "--advisories" {
            options.advisories = true;
            continue;
        }
        let check = CHECKS.iter().find(|check| check.name == argument);
        chosen.push(check.ok_or_else(|| unknown(argument))?);
    }
    if chosen.is_empty() {
        chosen = CHECKS.iter().collect();
    }
    Ok((chosen, options))
}

fn unknown(argument: &str) -> Failure {
    let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
    Failure::new(format!(
        "there is no check `{argument}`; there are {}",
        names.join(", ")
    ))
}

fn run_one(check: &'static Check, workspace: &Workspace, options: &Options) -> Result {
    println!("xtask: {}: {}?", check.name, check.shows);
    let begun = Instant::now();
    let outcome = (check.run)(workspace, options);
    if let Err(failure) = &outcome {
        eprintln!("xtask: {}: {failure}", check.name);
    }
    Result {
        check,
        outcome,
        took: begun.elapsed(),
    }
}

fn print_table(results: &[Result]) {
    println!();
    for result in results {
        let verdict = if result.outcome.is_ok() {
            "ok"
        } else {
            "FAILED"
        };
        let (name, seconds) = (result.check.name, result.took.as_secs_f32());
        println!("{name:<14} {verdict:<7} {seconds:>7.1} s");
    }
}

/// For checks that are another program's: its output is the explanation.
fn must_succeed(mut command: Command) -> Outcome {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or_default();
    let program = program.to_string_lossy().into_owned();
    let status = command.status().while_doing(format!("start {program}"))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("{program} ended with {status}")))
}

#[cfg(test)]
mod tests {
    use super::{CHECKS, choose};

    #[test]
    fn without_a_name_every_check_runs() {
        let (chosen, options) = choose(&["--advisories".to_owned()]).unwrap();
        assert_eq!(chosen.len(), CHECKS.len());
        assert!(options.advisories);
    }

    #[test]
    fn a_misspelt_check_is_refused_instead_of_passing() {
        assert!(choose(&["arows".to_owned()]).is_err());
    }
}
