//! One installation: a folder, a port, databases, and the process that comes and goes.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rand::RngExt;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{Account, Books, Client, Database, Failure, pause};

/// A debug build on a busy machine with databases to recover.
const READY_LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What outlives the processes of one installation.
#[derive(Debug)]
pub struct Site {
    binary: PathBuf,
    folder: Option<TempDir>,
    path: PathBuf,
    port: u16,
    database: Option<Database>,
    has_demonstration: bool,
}

impl Site {
    /// An installation on SQLite files in a folder of its own.
    ///
    /// # Errors
    /// When there is no room or no port.
    pub fn on_sqlite(binary: &str) -> Result<Self, Failure> {
        let folder = TempDir::with_prefix("tidings-system-test-")?;
        Ok(Self {
            binary: binary.into(),
            path: folder.path().to_owned(),
            folder: Some(folder),
            port: free_port()?,
            database: None,
            has_demonstration: false,
        })
    }

    /// An installation on a PostgreSQL database of its own.
    ///
    /// # Errors
    /// When there is no server.
    pub async fn on_postgres(binary: &str) -> Result<Self, Failure> {
        let mut site = Self::on_sqlite(binary)?;
        site.database = Some(Database::create().await?);
        Ok(site)
    }

    /// The same installation, which begins with the demonstration.
    #[must_use]
    pub fn with_demonstration(mut self) -> Self {
        self.has_demonstration = true;
        self
    }

    /// The password of an account of the demonstration.
    ///
    /// # Errors
    /// When there is no such account yet.
    pub fn demonstration_password(&self, email: &str) -> Result<String, Failure> {
        let accounts = std::fs::read_to_string(self.data().join("demo-accounts.txt"))?;
        let mut lines = accounts.lines().filter_map(|line| line.split_once(' '));
        let found = lines.find(|(of, _)| *of == email);
        let (_, password) = found.ok_or_else(|| format!("{email} is nobody"))?;
        Ok(password.trim().to_owned())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Where the test keeps what it wants to have if it fails.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.path
    }

    /// Its databases, read without asking it.
    #[must_use]
    pub fn books(&self) -> Books {
        match &self.database {
            Some(database) => Books::Postgres(database.url()),
            None => Books::Sqlite(self.data()),
        }
    }

    /// Everything its processes have printed.
    #[must_use]
    pub fn log(&self) -> String {
        let mut bytes = Vec::new();
        let read = File::open(self.log_file()).and_then(|mut file| file.read_to_end(&mut bytes));
        read.map_or_else(
            |error| error.to_string(),
            |_| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// Starts a process and waits until it can work.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn start(&self) -> Result<Server, Failure> {
        self.start_with(&[]).await
    }

    /// As [`Site::start`], with variables of its environment.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn start_with(&self, variables: &[(&str, String)]) -> Result<Server, Failure> {
        let mut server = self.spawn(variables)?;
        server.ready().await?;
        Ok(server)
    }

    /// Gives a new account the role of an admin, and starts a process. It is started twice: on
    /// SQLite only a process that is alone can give the first role.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn start_with_admin(
        &self,
        variables: &[(&str, String)],
    ) -> Result<(Server, Account), Failure> {
        let server = self.start().await?;
        let admin = Account::sign_up(self.address()).await?;
        drop(server);
        self.run(&["grant", "admin", &admin.email])?;
        Ok((self.start_with(variables).await?, admin))
    }

    /// Runs another command of the program to its end; on SQLite while no process runs.
    ///
    /// # Errors
    /// When it fails.
    pub fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--data").arg(self.data());
        if let Some(database) = &self.database {
            command.arg("--database").arg(database.url());
        }
        // It ends when its standard input does, as the servers do.
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let _input = child.stdin.take();
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("{arguments:?}: {text}").into());
        }
        Ok(())
    }

    /// Starts a process that is to kill itself the `count`-th time it passes a named point.
    ///
    /// # Errors
    /// When it cannot be started at all.
    pub fn start_to_crash(&self, point: &str, count: u32) -> Result<Server, Failure> {
        self.spawn(&[("TIDINGS_CRASH", format!("{point}:{count}"))])
    }

    fn spawn(&self, variables: &[(&str, String)]) -> Result<Server, Failure> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_file())?;
        let mut command = Command::new(&self.binary);
        command.arg("--port").arg(self.port.to_string());
        command.arg("--data").arg(self.data());
        if !self.has_demonstration {
            command.arg("--no-demo");
        }
        if let Some(database) = &self.database {
            command.arg("--database").arg(database.url());
        }
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        // Its end is the process's end, should this test be killed.
        command.stdin(Stdio::piped());
        command.stdout(log.try_clone()?).stderr(log);
        command.current_dir(&self.path).process_group(0);
        Ok(Server {
            child: command.spawn()?,
            address: self.address(),
        })
    }

    /// The folder that it keeps its data in.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    fn log_file(&self) -> PathBuf {
        self.path.join("server.log")
    }

    /// Removes all that it has left behind. Only for a test that has succeeded: whoever
    /// does not get here leaves everything for people to look at.
    ///
    /// # Errors
    /// When the database server refuses.
    pub async fn remove(mut self) -> Result<(), Failure> {
        if let Some(database) = &self.database {
            database.remove().await?;
        }
        if let Some(folder) = self.folder.take() {
            folder.close()?;
        }
        Ok(())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let Some(folder) = self.folder.take() else {
            return;
        };
        eprintln!("left for you to look at: {}", folder.keep().display());
        if let Some(database) = &self.database {
            eprintln!("and the database {}", database.url());
        }
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        for line in lines.iter().skip(lines.len().saturating_sub(40)) {
            eprintln!("  {line}");
        }
    }
}

/// Below the ports that the system gives to outgoing connections, which could take ours
/// while the process is down between two starts.
pub(crate) fn free_port() -> Result<u16, Failure> {
    for _ in 0..100 {
        let port = rand::rng().random_range(20_000..30_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err("no free port in a hundred tries".into())
}

/// A running process. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    pub(crate) fn new(child: Child, address: SocketAddr) -> Self {
        Self { child, address }
    }

    /// Waits until it says that it can work.
    ///
    /// # Errors
    /// When it ends before, or takes too long.
    pub async fn ready(&mut self) -> Result<(), Failure> {
        let client = Client::new(self.address);
        let begun = Instant::now();
        while begun.elapsed() < READY_LIMIT {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the process ended before it was ready: {status}").into());
            }
            match client.get("/readyz").await {
                Ok(answer) if answer.status == 200 => return Ok(()),
                _ => pause(LOOK_EVERY).await,
            }
        }
        Err(format!("not ready after {READY_LIMIT:?}").into())
    }

    /// Whether it is still running.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn is_running(&mut self) -> Result<bool, Failure> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Kills it in the midst of what it does.
    ///
    /// # Errors
    /// When it was not running, so that nothing was killed.
    pub fn kill(mut self) -> Result<(), Failure> {
        if !self.is_running()? {
            return Err("the process to be killed had ended by itself".into());
        }
        self.child.kill()?;
        let status = self.child.wait()?;
        if is_killed(status) {
            Ok(())
        } else {
            Err(format!("the process ended by itself: {status}").into())
        }
    }

    /// Waits until it ends by itself, and says how; `None` if it does not.
    ///
    /// # Errors
    /// When the system does not say.
    pub async fn ended(&mut self, limit: Duration) -> Result<Option<ExitStatus>, Failure> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if begun.elapsed() > limit {
                return Ok(None);
            }
            pause(LOOK_EVERY).await;
        }
    }

    /// Asks it to end, and says how it did and how long it took.
    ///
    /// # Errors
    /// When it does not end within the limit.
    pub async fn stop(mut self, limit: Duration) -> Result<(ExitStatus, Duration), Failure> {
        let begun = Instant::now();
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.ok_or("no process id")?, Signal::TERM)?;
        match self.ended(limit).await? {
            Some(status) => Ok((status, begun.elapsed())),
            None => Err(format!("still running {limit:?} after SIGTERM").into()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a process was ended by SIGKILL.
#[must_use]
pub fn is_killed(status: ExitStatus) -> bool {
    status.signal() == Some(Signal::KILL.as_raw())
}
