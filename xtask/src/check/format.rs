//! rustfmt would change nothing.

use super::{Options, must_succeed};
use crate::failure::Outcome;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, _: &Options) -> Outcome {
    let mut cargo = workspace.cargo();
    cargo.args(["fmt", "--all", "--", "--check"]);
    must_succeed(cargo)
}
