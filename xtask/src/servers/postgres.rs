//! A throw-away PostgreSQL cluster on a free port of the loopback address.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use super::{Apt, on_path};
use crate::failure::{Failure, Outcome, WhileDoing};
use crate::process::go_on_unless_interrupted;

const DEBIAN: &str = "/usr/lib/postgresql";

/// A free port can be taken by somebody between our look and the server's.
const PORTS_TRIED_MAX: u32 = 5;

/// Tests of durability are worth nothing with fsync off, and each test brings its own pool.
const SETTINGS: [&str; 6] = [
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "max_connections=400",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
];

/// The running cluster. Dropping it stops the server and removes its files.
pub(crate) struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    account: Account,
    port: u16,
}

impl Postgres {
    /// A new cluster, in a folder of its own below that one.
    pub(crate) fn start(apt: &mut Apt, parent: &Path) -> Outcome<Postgres> {
        let bin = find_or_install(apt)?;
        go_on_unless_interrupted()?;
        let account = Account::for_database()?;
        let folder = own_folder(&account, parent)?;
        // From here on a failure drops the guard, which cleans up.
        let mut cluster = Postgres {
            bin,
            folder,
            account,
            port: 0,
        };
        cluster.initialise()?;
        for _ in 1..PORTS_TRIED_MAX {
            if cluster.serve().is_ok() {
                return Ok(cluster);
            }
        }
        cluster.serve()?;
        Ok(cluster)
    }

    pub(crate) fn tell(&self, command: &mut Command) {
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres", self.port);
        command.env("TIDINGS_TEST_POSTGRES", url);
        // For tests that kill a cluster: they make their own with these, as this user.
        command.env("TIDINGS_TEST_POSTGRES_BIN", &self.bin);
        command.env("TIDINGS_TEST_POSTGRES_DATA", self.data());
        command.env("TIDINGS_TEST_POSTGRES_UID", self.account.uid().to_string());
    }

    fn initialise(&self) -> Outcome {
        let mut initdb = self.program("initdb");
        initdb.arg("--pgdata").arg(self.data());
        initdb.args(["--username=postgres", "--auth=trust", "--no-sync"]);
        initdb.args(["--encoding=UTF8", "--locale=C"]);
        self.complete(initdb, "initialise a PostgreSQL cluster")
    }

    fn serve(&mut self) -> Outcome {
        go_on_unless_interrupted()?;
        self.port = free_port()?;
        let settings = SETTINGS.map(|setting| format!("-c {setting}")).join(" ");
        let mut start = self.control("start");
        start.arg("--log").arg(self.log());
        start.arg("--options");
        start.arg(format!("-p {} {settings}", self.port));
        self.complete(start, "start PostgreSQL")?;
        println!(
            "xtask: PostgreSQL from {} on 127.0.0.1:{}, data in {}",
            self.bin.display(),
            self.port,
            self.data().display()
        );
        Ok(())
    }

    fn control(&self, action: &str) -> Command {
        let mut control = self.program("pg_ctl");
        control.args([action, "--wait", "--timeout=60", "--silent"]);
        control.arg("--pgdata").arg(self.data());
        control
    }

    fn program(&self, name: &str) -> Command {
        let mut program = Command::new(self.bin.join(name));
        program.current_dir(&self.folder);
        self.account.runs(&mut program);
        program
    }

    fn complete(&self, mut command: Command, attempt: &str) -> Outcome {
        let output = command.output().while_doing(attempt)?;
        if output.status.success() {
            return Ok(());
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        Err(Failure::new(format!(
            "failed to {attempt}: {}\n{log}",
            complaint.trim()
        )))
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The data is thrown away, so nobody waits for a checkpoint. A test may have stopped the
        // server already, and then this fails as it should.
        let _ = self.control("stop").arg("--mode=immediate").output();
        if let Err(cause) = fs::remove_dir_all(&self.folder) {
            eprintln!("xtask: left {} behind: {cause}", self.folder.display());
        }
    }
}

fn find_or_install(apt: &mut Apt) -> Outcome<PathBuf> {
    if let Some(bin) = find() {
        return Ok(bin);
    }
    apt.install("PostgreSQL", &["postgresql"])?;
    find().ok_or_else(|| {
        Failure::new(format!(
            "PostgreSQL cannot be had: apt-get ended well but there is no server in {DEBIAN}"
        ))
    })
}

/// Debian keeps the server's programs, one folder a version, off the PATH.
fn find() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, bin)| bin.join("initdb").is_file() && bin.join("postgres").is_file())
        .max();
    newest.map(|(_, bin)| bin).or_else(|| {
        let initdb = on_path("initdb")?.canonicalize().ok()?;
        initdb.parent().map(Path::to_owned)
    })
}

fn own_folder(account: &Account, parent: &Path) -> Outcome<PathBuf> {
    let name = format!("tidings-postgres-{}", std::process::id());
    let folder = parent.join(name);
    let attempt = format!("make {}", folder.display());
    fs::create_dir(&folder).while_doing(&attempt)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).while_doing(&attempt)?;
    account.gets(&folder)?;
    Ok(folder)
}

fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).while_doing("find a free port")?;
    let address = listener.local_addr().while_doing("find a free port")?;
    Ok(address.port())
}
