//! A PostgreSQL server of a test's own, which is shut down without warning.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::site::free_port;
use crate::{Failure, database, pause};

/// A busy machine with a log to recover from.
const STARTED_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The server's folder and port, and its process while it runs. Dropping it ends the process.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Postgres {
    /// Makes and starts a server with the programs in `TIDINGS_TEST_POSTGRES_BIN`, as the user
    /// who owns `TIDINGS_TEST_POSTGRES_DATA`: PostgreSQL refuses to run as root.
    ///
    /// # Errors
    /// When there are no such programs: a test that needs them fails without.
    pub async fn start() -> Result<Self, Failure> {
        let mut server = Self {
            folder: TempDir::with_prefix("tidings-system-postgres-")?,
            port: free_port()?,
            child: None,
        };
        let user = owner()?;
        chown(server.folder.path(), Some(user.0), Some(user.1))?;
        let mut initdb = server.program("initdb")?;
        initdb.arg("--pgdata").arg(server.data());
        initdb.args(["--username=postgres", "--auth=trust", "--no-sync"]);
        initdb.args(["--encoding=UTF8", "--locale=C"]);
        let output = initdb.output()?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("initdb: {text}").into());
        }
        server.run().await?;
        Ok(server)
    }

    /// The database that is always there.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Result<Command, Failure> {
        let bin = variable("TIDINGS_TEST_POSTGRES_BIN")?;
        let (uid, gid) = owner()?;
        let mut command = Command::new(Path::new(&bin).join(name));
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        if fs::metadata("/proc/self")?.uid() != uid {
            command.uid(uid).gid(gid);
        }
        Ok(command)
    }

    /// Starts it again, at the same address, and waits until it has recovered.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn run(&mut self) -> Result<(), Failure> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("postgres.log"))?;
        let mut command = self.program("postgres")?;
        command.arg("-D").arg(self.data());
        command.args(["-p", &self.port.to_string()]);
        for setting in [
            "fsync=on",
            "max_connections=200",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
        ] {
            command.args(["-c", setting]);
        }
        command.stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn()?);
        let begun = Instant::now();
        loop {
            match database::connect(&self.url()).await {
                Ok(_) => return Ok(()),
                Err(error) if begun.elapsed() > STARTED_WITHIN => return Err(error),
                Err(_) => pause(LOOK_EVERY).await,
            }
        }
    }

    /// The immediate shutdown: every connection is cut and nothing is written down, so that the
    /// next start recovers from the log.
    ///
    /// # Errors
    /// When it was not running.
    pub fn stop_immediately(&mut self) -> Result<(), Failure> {
        let mut child = self.child.take().ok_or("PostgreSQL does not run")?;
        quit(&child)?;
        child.wait()?;
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended already, and then there is nothing to do.
            let _ = quit(child);
            let _ = child.wait();
        }
    }
}

fn quit(child: &Child) -> Result<(), Failure> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    Ok(kill_process(pid.ok_or("no process id")?, Signal::QUIT)?)
}

fn owner() -> Result<(u32, u32), Failure> {
    let data = fs::metadata(variable("TIDINGS_TEST_POSTGRES_DATA")?)?;
    Ok((data.uid(), data.gid()))
}

fn variable(name: &str) -> Result<String, Failure> {
    std::env::var(name).map_err(|_| {
        format!("{name} is not set: run `cargo xtask test`, which brings a server").into()
    })
}
