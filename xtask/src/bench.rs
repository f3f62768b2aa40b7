//! `cargo xtask bench`: the benchmarks, built for release, beside a throw-away PostgreSQL.

use std::process::ExitCode;

use crate::failure::Outcome;
use crate::process::{self, Group};
use crate::servers::{Apt, NatsServer, Postgres, Python};
use crate::workspace::Workspace;

/// The cluster lies in the folder for temporary files. Where that is memory, set TMPDIR to a
/// folder on a disk: an fsync that costs nothing makes every figure a lie.
pub(crate) fn run(for_bench: &[String]) -> Outcome<ExitCode> {
    process::catch_interrupts()?;
    let workspace = Workspace::find()?;
    let mut apt = Apt::default();
    let nats = NatsServer::find(&Python::find_or_install(&mut apt)?)?;
    let postgres = Postgres::start(&mut apt, &std::env::temp_dir())?;
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--release", "--locked", "-p", "bench", "--"]);
    cargo.args(for_bench);
    nats.tell(&mut cargo);
    postgres.tell(&mut cargo);
    let status = Group::start(cargo)?.wait()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
