//! One installation in several processes on one PostgreSQL database.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::site::free_port;
use crate::{Books, Database, Failure, Server};

const SECRET: &str = "thirty-two bytes that these processes share";

/// What outlives the processes: a folder with their settings, and the database.
///
/// The first process whose services have the gateway among them is where clients ask.
#[derive(Debug)]
pub struct Parts {
    binary: PathBuf,
    folder: Option<TempDir>,
    path: PathBuf,
    database: Database,
    bus: Option<String>,
    parts: Vec<Part>,
}

/// One of the processes.
#[derive(Clone, Debug)]
struct Part {
    only: String,
    port: u16,
}

impl Parts {
    /// An installation whose processes run these services, as `--only` takes them; each knows
    /// from `tidings.toml` where the others are.
    ///
    /// # Errors
    /// When there is no server, no room or no port.
    pub async fn on_postgres(binary: &str, parts: &[&str]) -> Result<Self, Failure> {
        Self::on(binary, parts, Database::create().await?, None)
    }

    /// As [`Parts::on_postgres`], on a database of the test's choice and with a broker if there
    /// is one; without, they follow each other's feeds over HTTP.
    ///
    /// # Errors
    /// When there is no room or no port.
    pub fn on(
        binary: &str,
        parts: &[&str],
        database: Database,
        bus: Option<&str>,
    ) -> Result<Self, Failure> {
        let folder = TempDir::with_prefix("tidings-system-test-")?;
        let mut all: Vec<Part> = Vec::new();
        for only in parts {
            let mut port = free_port()?;
            while all.iter().any(|part| part.port == port) {
                port = free_port()?;
            }
            let only = (*only).to_owned();
            all.push(Part { only, port });
        }
        let parts = Self {
            binary: binary.into(),
            path: folder.path().to_owned(),
            folder: Some(folder),
            database,
            bus: bus.map(ToOwned::to_owned),
            parts: all,
        };
        fs::write(parts.path.join("secret"), SECRET)?;
        fs::write(parts.path.join("tidings.toml"), parts.settings()?)?;
        Ok(parts)
    }

    /// Adds to the settings of all processes that are started from now on.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn say(&self, settings: &str) -> Result<(), Failure> {
        let file = self.path.join("tidings.toml");
        let before = fs::read_to_string(&file)?;
        Ok(fs::write(file, format!("{before}\n{settings}"))?)
    }

    fn settings(&self) -> Result<String, Failure> {
        let mut text = format!(
            "database = \"{}\"\nsecret_file = \"secret\"\ndemo = false\n",
            self.database.url()
        );
        if let Some(bus) = &self.bus {
            writeln!(text, "bus = \"{bus}\"")?;
        }
        // A service that runs in several processes is asked for at the first of them.
        let mut told = BTreeSet::from(["gateway"]);
        for part in &self.parts {
            for name in part.only.split(',').filter(|name| told.insert(*name)) {
                let port = part.port;
                write!(
                    text,
                    "[services.{name}]\nurl = \"http://127.0.0.1:{port}\"\n"
                )?;
            }
        }
        Ok(text)
    }

    /// Where a process listens.
    #[must_use]
    pub fn address(&self, part: usize) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.parts[part].port).into()
    }

    /// Where clients ask.
    #[must_use]
    pub fn gateway(&self) -> SocketAddr {
        let has_gateway = |part: &Part| part.only.split(',').any(|name| name == "gateway");
        let found = self.parts.iter().position(has_gateway);
        self.address(found.unwrap_or_default())
    }

    /// How many processes there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    /// Where the test keeps what it wants to have if it fails.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.path
    }

    /// The database's address.
    #[must_use]
    pub fn database(&self) -> String {
        self.database.url()
    }

    /// The databases, read without asking anybody.
    #[must_use]
    pub fn books(&self) -> Books {
        Books::Postgres(self.database.url())
    }

    /// Starts a process, and does not wait for it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(&self, part: usize) -> Result<Server, Failure> {
        self.spawn_with(part, &[])
    }

    /// As [`Parts::spawn`], with variables of its environment.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn_with(&self, part: usize, variables: &[(&str, &str)]) -> Result<Server, Failure> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_file(part))?;
        let address = self.address(part);
        let mut command = self.command(&["serve"]);
        command.arg("--only").arg(&self.parts[part].only);
        command.arg("--listen").arg(address.to_string());
        command.envs(variables.iter().copied());
        // Its end is the process's end, should this test be killed.
        command.stdin(Stdio::piped());
        command.stdout(log.try_clone()?).stderr(log);
        Ok(Server::new(command.process_group(0).spawn()?, address))
    }

    /// Starts a process and waits until it can work.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn start(&self, part: usize) -> Result<Server, Failure> {
        let mut server = self.spawn(part)?;
        server.ready().await?;
        Ok(server)
    }

    /// Starts all of them.
    ///
    /// # Errors
    /// As [`Parts::start`].
    pub async fn start_all(&self) -> Result<Vec<Server>, Failure> {
        let mut servers = Vec::new();
        for part in 0..self.count() {
            servers.push(self.spawn(part)?);
        }
        for server in &mut servers {
            server.ready().await?;
        }
        Ok(servers)
    }

    /// Runs another command of the program beside them to its end.
    ///
    /// # Errors
    /// When it fails.
    pub fn run(&self, arguments: &[&str]) -> Result<String, Failure> {
        let mut command = self.command(arguments);
        command.arg("--database").arg(self.database.url());
        // It ends when its standard input does, as the servers do.
        command.stdin(Stdio::piped());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let _input = child.stdin.take();
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("{arguments:?}: {text}").into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(&self.path);
        command
    }

    fn log_file(&self, part: usize) -> PathBuf {
        self.path.join(format!("server-{part}.log"))
    }

    /// Everything that a process has printed.
    #[must_use]
    pub fn log(&self, part: usize) -> String {
        let mut bytes = Vec::new();
        let read =
            File::open(self.log_file(part)).and_then(|mut file| file.read_to_end(&mut bytes));
        read.map_or_else(
            |error| error.to_string(),
            |_| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// Removes all that is left behind. Only for a test that has succeeded: whoever does not get
    /// here leaves everything for people to look at.
    ///
    /// # Errors
    /// When the database server refuses.
    pub async fn remove(mut self) -> Result<(), Failure> {
        self.database.remove().await?;
        if let Some(folder) = self.folder.take() {
            folder.close()?;
        }
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        let Some(folder) = self.folder.take() else {
            return;
        };
        eprintln!("left for you to look at: {}", folder.keep().display());
        eprintln!("and the database {}", self.database.url());
        for part in 0..self.count() {
            let log = self.log(part);
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("{}:", self.parts[part].only);
            for line in lines.iter().skip(lines.len().saturating_sub(20)) {
                eprintln!("  {line}");
            }
        }
    }
}
