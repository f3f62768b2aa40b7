//! The NATS server of the tests of the bus. Each test starts its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Python, on_path};
use crate::failure::{Failure, Outcome, WhileDoing};

/// Older ones answer differently; Debian's is 2.9, which lacks half of what is asked.
const VERSION_MIN: (u32, u32) = (2, 15);

pub(crate) struct NatsServer(PathBuf);

impl NatsServer {
    /// The machine's, if it is new enough, or the one that comes with the Python packages.
    pub(crate) fn find(python: &Python) -> Outcome<NatsServer> {
        let candidates = [on_path("nats-server"), python.brought("nats-server")];
        for program in candidates.into_iter().flatten() {
            let printed = printed_version(&program)?;
            if version(&printed).is_some_and(|version| version >= VERSION_MIN) {
                println!("xtask: {} at {}", printed.trim(), program.display());
                return Ok(NatsServer(program));
            }
        }
        let (major, minor) = VERSION_MIN;
        Err(Failure::new(format!(
            "nats-server cannot be had: there is none of version {major}.{minor} or later"
        )))
    }

    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("TIDINGS_TEST_NATS", &self.0);
    }
}

fn printed_version(program: &Path) -> Outcome<String> {
    let attempt = format!("start {}", program.display());
    let output = Command::new(program)
        .arg("--version")
        .output()
        .while_doing(attempt)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Of `nats-server: v2.15.1`.
fn version(printed: &str) -> Option<(u32, u32)> {
    let (_, numbers) = printed.rsplit_once('v')?;
    let mut numbers = numbers.trim().split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?.parse().ok()?;
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::{VERSION_MIN, version};

    #[test]
    fn a_server_is_known_by_what_it_prints() {
        assert_eq!(version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert!(version("nats-server: v2.9.10").unwrap() < VERSION_MIN);
        assert_eq!(version("something else"), None);
    }
}
