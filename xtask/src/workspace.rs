//! Where the repository is, what is in it, and how cargo is called in it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::failure::{Failure, Outcome, WhileDoing};

pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Cargo tells the folder of xtask's manifest at run time; the one it was compiled with may
    /// have been moved since.
    pub(crate) fn find() -> Outcome<Workspace> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .parent()
            .ok_or_else(|| Failure::new("xtask does not lie inside a workspace"))?;
        Ok(Workspace {
            root: root.to_owned(),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The cargo that runs us, so that a chosen toolchain stays chosen.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root);
        cargo
    }

    pub(crate) fn metadata(&self) -> Outcome<Value> {
        let mut cargo = self.cargo();
        cargo.args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ]);
        let printed = output_of(cargo, "read the workspace with cargo metadata")?;
        serde_json::from_slice(&printed).while_doing("read what cargo metadata printed")
    }

    /// Every file that is committed or could be, relative to the root. What git ignores is not
    /// ours; what is new counts before it is added, so that nobody learns of it only from CI.
    pub(crate) fn files(&self) -> Outcome<Vec<PathBuf>> {
        let mut git = Command::new("git");
        git.current_dir(&self.root);
        git.args(["ls-files", "-z", "--cached", "--others"]);
        git.arg("--exclude-standard");
        let printed = output_of(git, "list the repository's files with git")?;
        let mut files: Vec<PathBuf> = String::from_utf8_lossy(&printed)
            .split_terminator('\0')
            .map(PathBuf::from)
            .filter(|file| self.root.join(file).is_file())
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }
}

fn output_of(mut command: Command, attempt: &str) -> Outcome<Vec<u8>> {
    let output = command.output().while_doing(attempt)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!(
        "failed to {attempt}: {}",
        complaint.trim()
    )))
}
