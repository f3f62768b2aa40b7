//! No lint complains. Warnings are errors here only, so that a first `cargo check` stays friendly.

use super::{Options, must_succeed};
use crate::failure::Outcome;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, _: &Options) -> Outcome {
    let mut cargo = workspace.cargo();
    cargo.args(["clippy", "--workspace", "--all-targets", "--locked"]);
    cargo.args(["--", "-D", "warnings"]);
    must_succeed(cargo)
}
