//! Installs what is missing with apt-get.

use std::process::{Command, Stdio};

use super::account::our_uid;
use super::on_path;
use crate::failure::{Failure, Outcome, WhileDoing};
use crate::process::go_on_unless_interrupted;

/// Package lists are fetched once a run, before the first install.
#[derive(Default)]
pub(crate) struct Apt {
    lists_are_fresh: bool,
}

impl Apt {
    pub(crate) fn install(&mut self, what: &str, packages: &[&str]) -> Outcome {
        if on_path("apt-get").is_none() {
            return Err(Failure::new(format!(
                "{what} is not on this machine and there is no apt-get to install it with"
            )));
        }
        if !self.lists_are_fresh {
            apt_get(what, &["update"])?;
            self.lists_are_fresh = true;
        }
        let install = ["install", "--yes", "--no-install-recommends"];
        apt_get(what, &[&install, packages].concat())
    }
}

fn apt_get(what: &str, arguments: &[&str]) -> Outcome {
    go_on_unless_interrupted()?;
    let mut command = as_root()?;
    // Another install may hold the lock; ten minutes is longer than one takes.
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]);
    command.args(["-o", "DPkg::Lock::Timeout=600"]);
    command.args(arguments).stdout(Stdio::null());
    println!("xtask: {what} is missing: {}", shown(&command));
    let status = command.status().while_doing("start apt-get")?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{what} cannot be had: `{}` ended with {status}",
        shown(&command)
    )))
}

/// `env` carries the variable past sudo, which clears them.
fn as_root() -> Outcome<Command> {
    if our_uid()? == 0 {
        return Ok(Command::new("env"));
    }
    if on_path("sudo").is_none() {
        return Err(Failure::new(
            "apt-get needs root, and there is no sudo: run this once as root",
        ));
    }
    let mut sudo = Command::new("sudo");
    sudo.arg("env");
    Ok(sudo)
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
