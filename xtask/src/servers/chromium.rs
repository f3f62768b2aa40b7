//! The browser of the browser tests and the driver that they talk to. Each test starts its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Apt, on_path};
use crate::failure::{Failure, Outcome, WhileDoing};

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const DRIVERS: [&str; 1] = ["chromedriver"];

pub(crate) struct Chromium {
    browser: PathBuf,
    driver: PathBuf,
}

impl Chromium {
    pub(crate) fn find_or_install(apt: &mut Apt) -> Outcome<Chromium> {
        if first_on_path(&BROWSERS).is_none() || first_on_path(&DRIVERS).is_none() {
            apt.install("Chromium", &["chromium", "chromium-driver"])?;
        }
        let browser = first_on_path(&BROWSERS).ok_or_else(|| missing("browser"))?;
        let driver = first_on_path(&DRIVERS).ok_or_else(|| missing("driver"))?;
        // A wrapper of a snap or a missing library shows here, not as forty failed tests.
        println!("xtask: {} at {}", version(&browser)?, browser.display());
        println!("xtask: {} at {}", version(&driver)?, driver.display());
        Ok(Chromium { browser, driver })
    }

    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("TIDINGS_TEST_CHROMIUM", &self.browser);
        command.env("TIDINGS_TEST_CHROMEDRIVER", &self.driver);
    }
}

fn first_on_path(names: &[&str]) -> Option<PathBuf> {
    names.iter().find_map(|name| on_path(name))
}

fn missing(part: &str) -> Failure {
    Failure::new(format!(
        "Chromium cannot be had: apt-get ended well but there is no {part}"
    ))
}

fn version(program: &Path) -> Outcome<String> {
    let output = Command::new(program)
        .arg("--version")
        .stderr(Stdio::null())
        .output()
        .while_doing(format!("start {}", program.display()))?;
    if !output.status.success() {
        return Err(Failure::new(format!(
            "Chromium cannot be had: {} --version ended with {}",
            program.display(),
            output.status
        )));
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    // "ChromeDriver 156.0.1 (revision)": the revision says nothing here.
    let name = printed.split(['(', '\n']).next().unwrap_or_default();
    Ok(name.trim().to_owned())
}
