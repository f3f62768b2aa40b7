//! The documentation builds, and every link in it leads somewhere.

use super::{Options, must_succeed};
use crate::failure::Outcome;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, _: &Options) -> Outcome {
    let mut cargo = workspace.cargo();
    cargo.args(["doc", "--workspace", "--no-deps", "--locked"]);
    cargo.env("RUSTDOCFLAGS", "-D warnings");
    must_succeed(cargo)
}
