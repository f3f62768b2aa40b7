//! `cargo xtask test`: every test of the workspace against real servers.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{ChildStdout, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::Instant;

use crate::failure::{Failure, Outcome, WhileDoing};
use crate::process::{self, Group};
use crate::servers::{Apt, Chromium, NatsServer, Node, Postgres, Python, Scratch};
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(crate) fn run(for_cargo: &[String]) -> Outcome<ExitCode> {
    let begun = Instant::now();
    process::catch_interrupts()?;
    let workspace = Workspace::find()?;
    let mut apt = Apt::default();
    let chromium = Chromium::find_or_install(&mut apt)?;
    let python = Python::find_or_install(&mut apt)?;
    let nats = NatsServer::find(&python)?;
    let node = Node::find_or_install(&python)?;
    let scratch = Scratch::make()?;
    let postgres = Postgres::start(&mut apt, scratch.folder())?;

    let mut cargo = cargo_test(&workspace, for_cargo);
    chromium.tell(&mut cargo);
    python.tell(&mut cargo);
    nats.tell(&mut cargo);
    node.tell(&mut cargo);
    postgres.tell(&mut cargo);
    scratch.tell(&mut cargo);
    let (status, tally) = run_counting(cargo)?;
    // Its files are in the folder, which goes last.
    drop(postgres);
    match status.success() {
        true => drop(scratch),
        false => scratch.leave(),
    }

    println!();
    println!(
        "xtask: {} tests ran in {} s",
        tally.ran(),
        begun.elapsed().as_secs()
    );
    // A line that any program which watches test runs can read, whatever runs them.
    println!("tests: {} passed, {} failed", tally.passed, tally.failed);
    verdict(status, &tally)
}

fn cargo_test(workspace: &Workspace, for_cargo: &[String]) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--locked", "--no-fail-fast"]);
    // Cargo takes --workspace to mean all of it, even beside a --package.
    if !chooses_packages(for_cargo) {
        cargo.arg("--workspace");
    }
    cargo.args(for_cargo);
    cargo
}

fn chooses_packages(for_cargo: &[String]) -> bool {
    for_cargo
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument.starts_with("-p") || argument.starts_with("--package"))
}

fn run_counting(mut cargo: Command) -> Outcome<(ExitStatus, Tally)> {
    cargo.stdout(Stdio::piped());
    let mut group = Group::start(cargo)?;
    let output = group.leader().stdout.take();
    // Read on a thread of its own: a grandchild may hold the pipe open after cargo has ended, and
    // only waiting for cargo ends the grandchild.
    let reader = thread::spawn(|| output.map_or_else(|| Ok(Tally::default()), forward));
    let status = group.wait()?;
    let tally = reader
        .join()
        .map_err(|_| Failure::new("the reader of the tests' output panicked"))?
        .while_doing("pass on the tests' output")?;
    Ok((status, tally))
}

/// Bytes, not strings: a test may print anything.
fn forward(output: ChildStdout) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line)? > 0 {
        io::stdout().write_all(&line)?;
        tally.read(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    Ok(tally)
}

fn verdict(status: ExitStatus, tally: &Tally) -> Outcome<ExitCode> {
    if !status.success() {
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        return Ok(ExitCode::from(code.unwrap_or(1)));
    }
    match tally.objection() {
        Some(objection) => Err(Failure::new(objection)),
        None => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(test)]
mod tests {
    use super::chooses_packages;

    fn chooses(arguments: &[&str]) -> bool {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        chooses_packages(&arguments)
    }

    #[test]
    fn the_whole_workspace_is_tested_unless_packages_are_chosen() {
        assert!(!chooses(&[]));
        assert!(!chooses(&["order_is_held", "--", "-p"]));
        assert!(chooses(&["-p", "orders"]));
        assert!(chooses(&["--doc", "--package=tidings"]));
    }
}
