//! The folder of a test run: what the tests and their servers write and nobody reads afterwards.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Outcome, WhileDoing};

/// Memory that looks like a disk, on every Linux.
const MEMORY: &str = "/dev/shm";

/// Some times what a run has at once. Its databases are dropped as their tests end.
const ROOM_KIB: u64 = 6 * 1024 * 1024;

/// Everybody may write here, and remove what is their own.
const FOR_EVERYBODY: u32 = 0o1777;

/// Dropping it removes the folder, unless it is left.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// In memory where there is room: a test waits for the disk with every commit, and no test
    /// looks at what a machine that loses its power has kept. Somewhere else if `TMPDIR` says so.
    pub(crate) fn make() -> Outcome<Scratch> {
        let told = std::env::var_os("TMPDIR").is_some();
        let parent = match !told && has_room() {
            true => PathBuf::from(MEMORY),
            false => std::env::temp_dir(),
        };
        let folder = parent.join(format!("tidings-test-{}", std::process::id()));
        let attempt = format!("make {}", folder.display());
        fs::create_dir(&folder).while_doing(&attempt)?;
        let scratch = Scratch(folder);
        let rights = fs::Permissions::from_mode(FOR_EVERYBODY);
        fs::set_permissions(scratch.folder(), rights).while_doing(&attempt)?;
        Ok(scratch)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    /// Leaves what failed tests have left to be looked at.
    pub(crate) fn leave(self) {
        let folder = self.0.display();
        println!("xtask: {folder} has what the tests left; remove it when you have seen it");
        std::mem::forget(self);
    }

    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("TMPDIR", self.folder());
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(cause) = fs::remove_dir_all(&self.0) {
            eprintln!("xtask: left {} behind: {cause}", self.0.display());
        }
    }
}

/// The file system may promise more than the machine has.
fn has_room() -> bool {
    let output = Command::new("df").args(["-Pk", MEMORY]).output();
    let shown = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let memory = fs::read_to_string("/proc/meminfo");
    let (on_it, behind_it) = (shown.unwrap_or_default(), memory.unwrap_or_default());
    available_on(&on_it).min(available_behind(&behind_it)) >= ROOM_KIB
}

/// What `df -Pk` tells of one file system.
fn available_on(shown: &str) -> u64 {
    let line = shown.lines().nth(1).unwrap_or_default();
    let number = line.split_whitespace().nth(3);
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// What `/proc/meminfo` tells of the machine.
fn available_behind(memory: &str) -> u64 {
    let mut lines = memory.lines();
    let line = lines.find_map(|line| line.strip_prefix("MemAvailable:"));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{available_behind, available_on};

    #[test]
    fn room_is_read_from_what_the_system_tells() {
        let shown = "Filesystem 1024-blocks Used Available Capacity Mounted on\n\
                     tmpfs         24644788  126  24644662       1% /dev/shm\n";
        assert_eq!(available_on(shown), 24_644_662);
        let memory = "MemTotal:       24644788 kB\nMemAvailable:   19000000 kB\n";
        assert_eq!(available_behind(memory), 19_000_000);
    }

    #[test]
    fn a_system_that_tells_nothing_has_no_room() {
        assert_eq!((available_on(""), available_behind("")), (0, 0));
        assert_eq!(available_on("df: /dev/shm: No such file or directory"), 0);
    }
}
