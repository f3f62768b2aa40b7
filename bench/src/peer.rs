//! Other libraries that do the same, each a program of its own: what they depend on is not
//! what we depend on.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tidings::Storage;

use crate::Outcome;
use crate::network::Contender;

/// The peers as programs.
pub(crate) struct Peers {
    jobs: PathBuf,
    python: PathBuf,
    workflows: PathBuf,
    /// Where pg-boss and the Node that it wants are installed, and what is run with them.
    node: PathBuf,
    pgboss: PathBuf,
}

/// What a peer printed: a name and a figure a line.
pub(crate) struct Figures(HashMap<String, f64>);

impl Figures {
    pub(crate) fn get(&self, name: &str) -> Outcome<f64> {
        let figure = self.0.get(name).copied();
        figure.ok_or_else(|| format!("the peer does not say {name}").into())
    }
}

impl Peers {
    /// Builds and installs what is not there yet, at fixed versions.
    pub(crate) fn prepare(jobs: bool, workflows: bool, network: bool) -> Outcome<Self> {
        let sources = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers");
        let target = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/peers");
        let peers = Self {
            jobs: target.join("release/peers"),
            python: target.join("venv/bin/python"),
            workflows: sources.join("dbos/workflows.py"),
            node: target.join("pgboss"),
            pgboss: sources.join("pgboss/network.mjs"),
        };
        if jobs || network {
            let mut build = Command::new("cargo");
            build.args(["build", "--release", "--locked", "--manifest-path"]);
            build.arg(sources.join("rust/Cargo.toml"));
            build.arg("--target-dir").arg(&target);
            succeed(&mut build)?;
        }
        if workflows {
            let venv = target.join("venv");
            succeed(Command::new("python3").args(["-m", "venv"]).arg(venv))?;
            let mut install = Command::new(&peers.python);
            install.args(["-m", "pip", "install", "--quiet", "--requirement"]);
            succeed(install.arg(sources.join("dbos/requirements.txt")))?;
        }
        if network {
            std::fs::create_dir_all(&peers.node)?;
            let package = "package.json";
            let source = sources.join("pgboss").join(package);
            std::fs::copy(source, peers.node.join(package))?;
            let mut install = Command::new("npm");
            install.args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"]);
            succeed(install.arg(&peers.node))?;
        }
        Ok(peers)
    }

    /// Who carries messages over PostgreSQL.
    pub(crate) fn network(&self) -> Vec<Contender> {
        let rust = |name, who: &str| Contender {
            name,
            program: self.jobs.clone(),
            first: vec!["network".to_owned(), who.to_owned()],
            nats: None,
        };
        let modules = self.node.join("package.json");
        let pgboss = Contender {
            name: "pg-boss",
            program: self.node.join("node_modules/.bin/node"),
            first: [&self.pgboss, &modules]
                .map(|path| path.display().to_string())
                .to_vec(),
            nats: None,
        };
        vec![
            rust("pgmq, one by one", "pgmq"),
            rust("pgmq, as sets", "pgmq-sets"),
            rust("graphile_worker", "graphile"),
            pgboss,
        ]
    }

    /// Jobs with graphile_worker on PostgreSQL, with apalis on SQLite.
    pub(crate) fn jobs(&self, storage: &Storage, part: &str, jobs: u64) -> Outcome<Figures> {
        let mut command = Command::new(&self.jobs);
        match storage {
            Storage::Postgres(url) => command.args(["postgres", url]),
            Storage::Sqlite(path) => command.arg("sqlite").arg(path.join("peer.db")),
            Storage::Memory => return Err("nothing to measure".into()),
        };
        figures(command.args([part, &jobs.to_string()]))
    }

    /// Workflows of ten steps with DBOS.
    pub(crate) fn workflows(&self, storage: &Storage, workflows: u64) -> Outcome<Figures> {
        let url = match storage {
            Storage::Postgres(url) => url.clone(),
            Storage::Sqlite(path) => format!("sqlite:///{}", path.join("peer.db").display()),
            Storage::Memory => return Err("nothing to measure".into()),
        };
        let mut command = Command::new(&self.python);
        figures(
            command
                .arg(&self.workflows)
                .args([url, workflows.to_string()]),
        )
    }
}

fn succeed(command: &mut Command) -> Outcome<()> {
    let status = command.status()?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{command:?} ended with {status}").into()),
    }
}

fn figures(command: &mut Command) -> Outcome<Figures> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{command:?} ended with {}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let figures = lines.filter_map(|(name, figure)| Some((name.to_owned(), figure.parse().ok()?)));
    Ok(Figures(figures.collect()))
}
