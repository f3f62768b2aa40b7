//! The program that drives Chromium, asked in WebDriver's words.

use std::ffi::OsString;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hyper::Method;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use system_tests::Client;

use crate::patience::eventually;

const STARTED: &str = "was started successfully on port ";

/// The group ends when our end of the pipe is closed, so that not even a test that is
/// killed leaves browsers behind.
const UNTIL_WE_END: &str = r#""$@" & read -r _; kill -s KILL 0"#;

/// A running driver. Dropping it ends it and every browser that it has started.
pub(crate) struct Driver {
    group: Child,
    client: Client,
}

impl Driver {
    /// Starts one that writes its log into a folder.
    pub(crate) async fn start(folder: &Path) -> Self {
        let log = folder.join("chromedriver.log");
        let out = File::create(&log).expect("a log file");
        let group = Command::new("sh")
            .args(["-c", UNTIL_WE_END, "sh"])
            .arg(brought("TIDINGS_TEST_CHROMEDRIVER"))
            .arg("--port=0")
            // Browsers that are killed leave things behind, and then in there.
            .envs([("HOME", folder), ("TMPDIR", folder)])
            .stdin(Stdio::piped())
            .stdout(out.try_clone().expect("a log file"))
            .stderr(out)
            .process_group(0)
            .spawn()
            .expect("a shell");
        // From here on a failure ends the group as well.
        let mut driver = Self {
            group,
            client: Client::new((Ipv4Addr::LOCALHOST, 0).into()),
        };
        let port = eventually("the driver tells its port", async || told_port(&log)).await;
        driver.client = Client::new(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        driver
    }

    /// Asks for something, and gives the answer's value or its error in words.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let answer = self.client.send(method, path, body).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let value = answer.json()["value"].take();
        match value["error"].as_str() {
            Some(error) => Err(format!("{error}: {}", value["message"])),
            None => Ok(value),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let pid = i32::try_from(self.group.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It may have ended already, and then there is nothing to do.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.group.wait();
    }
}

/// A program that the test run has brought.
pub(crate) fn brought(variable: &str) -> OsString {
    std::env::var_os(variable).expect("run `cargo xtask test`, which brings Chromium")
}

fn told_port(log: &PathBuf) -> Result<u16, String> {
    let text = std::fs::read_to_string(log).map_err(|error| error.to_string())?;
    let port = text
        .split(STARTED)
        .nth(1)
        .and_then(|rest| rest.split('.').next());
    port.and_then(|port| port.parse().ok()).ok_or(text)
}
