//! A NATS server of a test's own: it is killed, and sometimes loses what it has stored.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::site::free_port;
use crate::{Failure, pause};

const STARTED_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A server that takes connections and says nothing has not started.
const GREETS_WITHIN: Duration = Duration::from_secs(1);

/// The server's folder and port, and its process while it runs. Dropping it kills the process.
#[derive(Debug)]
pub struct Nats {
    folder: TempDir,
    port: u16,
    /// What the only user may not publish to; nothing where everybody may do everything.
    denied: Option<String>,
    child: Option<Child>,
}

impl Nats {
    /// Starts the program that `TIDINGS_TEST_NATS` names, with JetStream in a folder of its own.
    ///
    /// # Errors
    /// When there is no such program: a test that needs one fails without it.
    pub async fn start() -> Result<Self, Failure> {
        let mut nats = Self {
            folder: TempDir::with_prefix("tidings-system-nats-")?,
            port: free_port()?,
            denied: None,
            child: None,
        };
        nats.run().await?;
        Ok(nats)
    }

    /// As [`Nats::start`], with one user, who may not publish to these subjects: quoted, with
    /// commas between them.
    ///
    /// # Errors
    /// As [`Nats::start`].
    pub async fn start_with_user(denied: &str) -> Result<Self, Failure> {
        let mut nats = Self::start().await?;
        nats.kill()?;
        nats.denied = Some(denied.to_owned());
        nats.run().await?;
        Ok(nats)
    }

    /// Takes other rights from the user, while it runs.
    ///
    /// # Errors
    /// When it does not run.
    pub fn deny(&mut self, denied: &str) -> Result<(), Failure> {
        self.denied = Some(denied.to_owned());
        self.configure()?;
        let child = self.child.as_ref().ok_or("nats-server does not run")?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        Ok(kill_process(pid.ok_or("no process id")?, Signal::HUP)?)
    }

    /// What `--bus` takes.
    #[must_use]
    pub fn url(&self) -> String {
        let user = self.denied.as_ref().map_or("", |_| "shop:secret@");
        format!("nats://{user}{}", self.address())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Starts it again, at the same address with what it has stored.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn run(&mut self) -> Result<(), Failure> {
        let program = std::env::var_os("TIDINGS_TEST_NATS").ok_or(
            "TIDINGS_TEST_NATS is not set: run `cargo xtask test`, which brings nats-server",
        )?;
        let settings = self.configure()?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("nats.log"))?;
        let mut command = Command::new(program);
        command.arg("--config").arg(settings).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn()?);
        let begun = Instant::now();
        while begun.elapsed() < STARTED_WITHIN {
            if self.greets() {
                return Ok(());
            }
            pause(LOOK_EVERY).await;
        }
        Err(format!("nats-server has not started within {STARTED_WITHIN:?}").into())
    }

    fn configure(&self) -> Result<PathBuf, Failure> {
        let settings = self.folder.path().join("nats.conf");
        let (address, store) = (self.address(), self.store());
        let mut text = format!(
            "listen: \"{address}\"\njetstream {{ store_dir: \"{}\" }}\n",
            store.display()
        );
        if let Some(denied) = &self.denied {
            text.push_str(&format!(
                "authorization {{ users = [ {{ user: shop, password: secret, permissions: {{
                    publish: {{ deny: [{denied}] }} }} }} ] }}\n"
            ));
        }
        fs::write(&settings, text)?;
        Ok(settings)
    }

    fn greets(&self) -> bool {
        let Ok(stream) = TcpStream::connect(self.address()) else {
            return false;
        };
        let mut greeting = String::new();
        let is_timed = stream.set_read_timeout(Some(GREETS_WITHIN)).is_ok();
        let read = BufReader::new(stream).read_line(&mut greeting);
        is_timed && read.is_ok() && greeting.starts_with("INFO")
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// When it was not running, so that nothing was killed.
    pub fn kill(&mut self) -> Result<(), Failure> {
        let mut child = self.child.take().ok_or("nats-server does not run")?;
        if let Some(status) = child.try_wait()? {
            return Err(format!("nats-server had ended by itself: {status}").into());
        }
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Throws away what it has stored.
    ///
    /// # Errors
    /// While it runs.
    pub fn forget_all(&self) -> Result<(), Failure> {
        if self.child.is_some() {
            return Err("nats-server is using what is to be thrown away".into());
        }
        Ok(fs::remove_dir_all(self.store())?)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended already, and then there is nothing to do.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
