//! A NATS server of a test's own, on a free port with a folder of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tidings::Clock;
use tidings_test::Proxy;

const STARTED_WITHIN_MS: u64 = 10_000;
const LOOK_EVERY_MS: u64 = 20;

/// Dropping it kills the server, also when the test has panicked.
pub(crate) struct NatsServer {
    folder: TempDir,
    port: u16,
    more: String,
    child: Option<Child>,
}

impl NatsServer {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// With more lines in its configuration.
    pub(crate) async fn start_with(more: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut server = Self {
            folder: TempDir::new().unwrap(),
            port,
            more: more.to_owned(),
            child: None,
        };
        server.run().await;
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it again, on the same port with what it has stored.
    pub(crate) async fn run(&mut self) {
        let program = std::env::var_os("TIDINGS_TEST_NATS")
            .expect("run `cargo xtask test`, which brings nats-server");
        let configuration = self.configure();
        let mut command = Command::new(program);
        command.arg("--config").arg(configuration);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        for _ in 0..STARTED_WITHIN_MS / LOOK_EVERY_MS {
            if self.answers() {
                return;
            }
            let pause = Duration::from_millis(LOOK_EVERY_MS);
            Clock::system().sleep(pause).await;
        }
        panic!("nats-server has not started");
    }

    fn configure(&self) -> PathBuf {
        let configuration = self.folder.path().join("nats.conf");
        let text = format!(
            "listen: \"{}\"\njetstream {{ store_dir: \"{}\" }}\n{}\n",
            self.address(),
            self.store().display(),
            self.more
        );
        fs::write(&configuration, text).unwrap();
        configuration
    }

    /// Has it take other lines for those, while it runs.
    pub(crate) fn reload_with(&mut self, more: &str) {
        more.clone_into(&mut self.more);
        self.configure();
        let pid = self.child.as_ref().unwrap().id().to_string();
        let told = Command::new("kill").args(["-HUP", &pid]).status().unwrap();
        assert!(told.success());
    }

    /// Throws away what it has stored; only while it is down.
    pub(crate) fn forget_all(&self) {
        assert!(self.child.is_none());
        fs::remove_dir_all(self.store()).unwrap();
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn answers(&self) -> bool {
        let Ok(stream) = TcpStream::connect(self.address()) else {
            return false;
        };
        let mut greeting = String::new();
        let read = BufReader::new(stream).read_line(&mut greeting);
        read.is_ok() && greeting.starts_with("INFO")
    }
}

/// The broker's address by a way that can be cut.
pub(crate) fn by(proxy: &Proxy) -> String {
    format!("nats://{}", proxy.address())
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
