//! The README's three ways to run, typed into a shell as they are written there.
//!
//! Three things differ from what people do: `cargo` builds nothing and runs this binary, the
//! database and the broker are those of the test run, and the ports are free ones.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tidings::Uuid;

use crate::program::ask;

const README: &str = include_str!("../../../README.md");
/// Three debug binaries on a busy machine that migrate at the same moment.
const PATIENCE: Duration = Duration::from_secs(60);
/// The whole group ends when our end of the pipe is closed, so that not even a test that is
/// killed leaves servers behind.
const UNTIL_WE_END: &str = r#"sh -e "$1" </dev/null & read -r _; kill -s KILL 0"#;
const CARGO: &str = r#"#!/bin/sh
case "$*" in
"build --release") ;;
"run --release") exec target/release/tidings ;;
"run --release -- "*) shift 3; exec target/release/tidings "$@" ;;
*) echo "nobody has said what cargo $* would do here" >&2; exit 1 ;;
esac
"#;
const SOCKET: &str = "postgres:///tidings?host=/var/run/postgresql";
const BROKER: &str = "nats://127.0.0.1:4222";

/// The code blocks of the section, in their order: language and text.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let (_, section) = README.split_once("## Three ways to run\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let blocks = section.split("```").skip(1).step_by(2);
    blocks
        .map(|block| block.split_once('\n').unwrap())
        .collect()
}

/// A place like a fresh clone in which everything has been built.
struct Clone {
    folder: TempDir,
    gateway: String,
    /// What stands in the README, and what is meant here.
    instead: Vec<(&'static str, String)>,
    shell: Option<Child>,
}

impl Clone {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let release = folder.path().join("target/release");
        fs::create_dir_all(&release).unwrap();
        symlink(env!("CARGO_BIN_EXE_tidings"), release.join("tidings")).unwrap();
        let cargo = folder.path().join("cargo");
        fs::write(&cargo, CARGO).unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o700)).unwrap();
        let [gateway, market, sales] = free_ports();
        let name = format!("tidings_readme_{}", Uuid::new_v4().simple());
        let server = server();
        let (host, _) = server.rsplit_once('/').unwrap();
        Self {
            instead: vec![
                (SOCKET, format!("{host}/{name}")),
                (
                    "createdb tidings",
                    format!("createdb --maintenance-db={server} {name}"),
                ),
                ("127.0.0.1:8080", gateway.clone()),
                ("127.0.0.1:8081", market),
                ("127.0.0.1:8082", sales),
            ],
            folder,
            gateway,
            shell: None,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What is written, for this place.
    fn here(&self, text: &str) -> String {
        let instead = self.instead.iter();
        instead.fold(text.to_owned(), |text, (written, meant)| {
            text.replace(written, meant)
        })
    }

    /// Types a block into a shell, in place of what was typed before.
    fn types(&mut self, block: &str) {
        self.ends();
        fs::write(self.path().join("typed.sh"), self.here(block)).unwrap();
        let log = fs::File::create(self.path().join("told.log")).unwrap();
        let programs = std::env::var("TIDINGS_TEST_POSTGRES_BIN").unwrap_or_default();
        let usual = std::env::var("PATH").unwrap_or_default();
        let folder = self.path().display();
        let mut shell = Command::new("sh");
        shell.args(["-c", UNTIL_WE_END, "sh", "typed.sh"]);
        shell.env("PATH", format!("{folder}:{programs}:{usual}"));
        // Where the README relies on the usual port, which others may have taken here.
        shell.env("TIDINGS_LISTEN", &self.gateway);
        for name in ["TIDINGS_DATABASE", "TIDINGS_SECRET", "TIDINGS_CONFIG"] {
            shell.env_remove(name);
        }
        shell.current_dir(self.path()).process_group(0);
        shell.stdin(Stdio::piped());
        shell.stdout(log.try_clone().unwrap()).stderr(log);
        self.shell = Some(shell.spawn().unwrap());
    }

    /// The market's listings, once there are those of the demonstration and all services answer.
    fn opens(&self) {
        let begun = Instant::now();
        loop {
            let tickets = ask(&self.gateway, "GET /api/tickets", "", "").unwrap_or_default();
            let ready = ask(&self.gateway, "GET /readyz", "", "").unwrap_or_default();
            let is_up = ready.matches("\"up\"").count() == 11;
            if is_up && tickets.contains("Parsifal") {
                return;
            }
            let told = fs::read_to_string(self.path().join("told.log")).unwrap();
            assert!(begun.elapsed() < PATIENCE, "{told}\n{ready}\n{tickets}");
            std::thread::yield_now();
        }
    }

    fn ends(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            drop(shell.stdin.take());
            shell.wait().unwrap();
            // The servers are nobody's children; they are gone when nobody listens.
            while ask(&self.gateway, "GET /healthz", "", "").is_ok() {}
        }
    }
}

impl Drop for Clone {
    fn drop(&mut self) {
        self.ends();
    }
}

fn server() -> String {
    let server = std::env::var("TIDINGS_TEST_POSTGRES");
    server.expect("run `cargo xtask test`, which starts PostgreSQL")
}

fn free_ports<const N: usize>() -> [String; N] {
    let held = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|port| port.local_addr().unwrap().to_string())
}

#[test]
fn each_of_the_three_ways_to_run_works_as_it_is_written() {
    let found = blocks();
    let [
        ("sh", sqlite),
        ("sh", postgres),
        ("toml", settings),
        ("sh", many),
    ] = found.as_slice()
    else {
        panic!("the README has other blocks now: {found:?}");
    };
    let mut clone = Clone::new();
    for (written, _) in &clone.instead {
        let all = [*postgres, *settings, *many].concat();
        assert!(all.contains(written), "{written} is not written any more");
    }

    clone.types(sqlite);
    clone.opens();
    assert!(clone.path().join("data/auth.db").exists());
    clone.ends();
    fs::remove_dir_all(clone.path().join("data")).unwrap();

    clone.types(postgres);
    clone.opens();
    assert!(!clone.path().join("data/auth.db").exists());

    let file = clone.path().join("tidings.toml");
    fs::write(&file, clone.here(settings)).unwrap();
    clone.types(many);
    clone.opens();

    let broker = Broker::start();
    let with_bus = settings.replace(&format!("# bus = \"{BROKER}\""), &broker.setting());
    assert_ne!(
        &with_bus, settings,
        "the README says no more how to set a bus"
    );
    fs::write(&file, clone.here(&with_bus)).unwrap();
    clone.types(many);
    clone.opens();
}

/// `nats-server -js` of this test.
struct Broker {
    child: Child,
    port: String,
    _folder: TempDir,
}

impl Broker {
    fn start() -> Self {
        let program = std::env::var_os("TIDINGS_TEST_NATS");
        let program = program.expect("run `cargo xtask test`, which brings nats-server");
        let folder = tempfile::tempdir().unwrap();
        let [address] = free_ports();
        let (_, port) = address.split_once(':').unwrap();
        let child = Command::new(program)
            .args(["-js", "-a", "127.0.0.1", "-p", port, "-sd"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let port = port.to_owned();
        Self {
            child,
            port,
            _folder: folder,
        }
    }

    fn setting(&self) -> String {
        format!("bus = \"nats://127.0.0.1:{}\"", self.port)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
