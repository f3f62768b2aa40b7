//! Licences, sources and banned crates, by cargo-deny and `deny.toml`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{Options, must_succeed};
use crate::failure::Outcome;
use crate::workspace::Workspace;

/// Pinned, so that a new release cannot fail a tree that has not changed.
const VERSION: &str = "0.20.2";

pub(super) fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let mut deny = Command::new(find_or_install(workspace)?);
    deny.current_dir(workspace.root());
    deny.args([
        "--locked",
        "--all-features",
        "check",
        "--hide-inclusion-graph",
    ]);
    deny.args(["bans", "licenses", "sources"]);
    if options.advisories {
        deny.arg("advisories");
    }
    must_succeed(deny)
}

fn find_or_install(workspace: &Workspace) -> Outcome<PathBuf> {
    let on_path = PathBuf::from("cargo-deny");
    if runs(&on_path) {
        return Ok(on_path);
    }
    let tools = workspace.root().join(".tools");
    let own = tools.join("bin/cargo-deny");
    if runs(&own) {
        return Ok(own);
    }
    println!("xtask: cargo-deny is missing: building it into .tools takes some minutes");
    let mut cargo = workspace.cargo();
    cargo.args(["install", "cargo-deny", "--version", VERSION, "--locked"]);
    cargo.arg("--root").arg(tools);
    must_succeed(cargo)?;
    Ok(own)
}

fn runs(program: &PathBuf) -> bool {
    let mut version = Command::new(program);
    version.arg("--version");
    version.stdout(Stdio::null()).stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}
