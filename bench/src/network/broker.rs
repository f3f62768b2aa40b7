//! A nats-server of our own, with its storage in a folder that goes with it.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Outcome;

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ends with its last use.
pub(super) struct Broker {
    server: Child,
    port: u16,
    _folder: TempDir,
}

impl Broker {
    /// Starts what `TIDINGS_TEST_NATS` names, as `cargo xtask bench` says; none without it.
    pub(super) fn start() -> Outcome<Option<Self>> {
        let Ok(program) = std::env::var("TIDINGS_TEST_NATS") else {
            return Ok(None);
        };
        // On the disk where the database also is, not in memory.
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let mut command = Command::new(program);
        command.args(["--addr", "127.0.0.1", "--port", &port.to_string()]);
        command
            .arg("--jetstream")
            .arg("--store_dir")
            .arg(folder.path());
        let server = command.stderr(Stdio::null()).spawn()?;
        let broker = Self {
            server,
            port,
            _folder: folder,
        };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if Instant::now() > end {
                return Err("nats-server does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(broker))
    }

    pub(super) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(super) fn pid(&self) -> u32 {
        self.server.id()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
