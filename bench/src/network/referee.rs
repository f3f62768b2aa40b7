//! Sets contenders to work one after the other, and says what each has used.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio_postgres::Client;

use super::processes::{alone, parent, peak, with_children};
use crate::Outcome;
use crate::ceiling::{connect, postgres_database};

/// A contender that has not ended by then never will.
const PATIENCE: Duration = Duration::from_secs(600);

/// A program that carries events, and how it is started.
#[derive(Clone)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) first: Vec<String>,
    /// Where the broker is, if it takes one.
    pub(crate) nats: Option<String>,
}

/// What a turn has given: figures by name.
pub(super) type Figures = HashMap<String, f64>;

/// Where contenders work.
pub(super) struct Referee {
    url: String,
    /// The server's first process.
    postgres: u32,
    pub(super) nats: Option<u32>,
    turns: u32,
}

impl Referee {
    pub(super) async fn new(url: String, nats: Option<u32>) -> Outcome<Self> {
        let client = connect(&url).await?;
        let row = client.query_one("SELECT pg_backend_pid()", &[]).await?;
        let backend: i32 = row.get(0);
        let postgres = parent(u32::try_from(backend)?).ok_or("the server is elsewhere")?;
        Ok(Self {
            url,
            postgres,
            nats,
            turns: 0,
        })
    }

    /// One contender's turn at one part, in a fresh database.
    pub(super) async fn turn(
        &mut self,
        who: &Contender,
        part: &str,
        count: u64,
    ) -> Outcome<Figures> {
        self.turns += 1;
        let name = format!("bench_network_{}", self.turns);
        let url = postgres_database(&self.url, &name).await?;
        let mut command = Command::new(&who.program);
        command
            .args(&who.first)
            .args([part, &url, &count.to_string()]);
        command.args(&who.nats);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn()?;
        let talk = tokio::time::timeout(PATIENCE, self.watch(&mut child, &url));
        let mut figures = talk
            .await
            .map_err(|_| format!("{} does not end", who.name))?
            .map_err(|error| format!("{}, {part}: {error}", who.name))?;
        child.wait().await?;
        let client = connect(&url).await?;
        rows_written_over(&client, &mut figures).await?;
        drop(client);
        let server = connect(&self.url).await?;
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        server.batch_execute(&drop).await?;
        Ok(figures)
    }

    async fn watch(&self, child: &mut Child, url: &str) -> Outcome<Figures> {
        let pid = child.id().ok_or("it has ended")?;
        let mut stdin = child.stdin.take().ok_or("no way to talk to it")?;
        let stdout = child.stdout.take().ok_or("no way to hear it")?;
        let mut lines = BufReader::new(stdout).lines();
        until(&mut lines, "ready").await?;
        let client = connect(url).await?;
        let before = self.usage(pid, &client).await?;
        go(&mut stdin).await?;
        let mut figures = until(&mut lines, "done").await?;
        let after = self.usage(pid, &client).await?;
        for (name, begin, end) in [
            ("cpu", before.own, after.own),
            ("postgres", before.postgres, after.postgres),
            ("broker", before.broker, after.broker),
            ("wal", before.wal, after.wal),
        ] {
            figures.insert(name.to_owned(), end - begin);
        }
        figures.insert("peak".to_owned(), peak(pid)?);
        go(&mut stdin).await?;
        Ok(figures)
    }

    async fn usage(&self, pid: u32, client: &Client) -> Outcome<Usage> {
        let sql = "SELECT (pg_current_wal_insert_lsn() - '0/0')::float8";
        let row = client.query_one(sql, &[]).await?;
        Ok(Usage {
            own: alone(pid)?,
            postgres: with_children(self.postgres)?,
            broker: self.nats.map(alone).transpose()?.unwrap_or(0.0),
            wal: row.get(0),
        })
    }
}

/// Seconds of processor time, and bytes of the server's log.
struct Usage {
    own: f64,
    postgres: f64,
    broker: f64,
    wal: f64,
}

/// Rows that an UPDATE or a DELETE has left dead; the connections have ended, so the server
/// knows of all.
async fn rows_written_over(client: &Client, figures: &mut Figures) -> Outcome<()> {
    let sql = "SELECT coalesce(sum(n_tup_upd + n_tup_del), 0)::float8,
            coalesce(sum(n_tup_upd - n_tup_hot_upd + n_tup_del), 0)::float8,
            coalesce(sum(n_tup_upd + n_tup_del) FILTER (
                WHERE relname IN ('tidings_outbox', 'tidings_numbers')), 0)::float8
        FROM pg_stat_user_tables";
    let row = client.query_one(sql, &[]).await?;
    for (place, name) in ["dead", "dead_kept", "dead_events"].iter().enumerate() {
        figures.insert((*name).to_owned(), row.get(place));
    }
    Ok(())
}

async fn go(stdin: &mut ChildStdin) -> Outcome<()> {
    stdin.write_all(b"\n").await?;
    Ok(stdin.flush().await?)
}

/// Figures up to a line that says that it is so far.
async fn until(lines: &mut Lines<BufReader<ChildStdout>>, so_far: &str) -> Outcome<Figures> {
    let mut figures = Figures::new();
    while let Some(line) = lines.next_line().await? {
        if line == so_far {
            return Ok(figures);
        }
        if let Some((name, figure)) = line.split_once(' ')
            && let Ok(figure) = figure.parse()
        {
            figures.insert(name.to_owned(), figure);
        }
    }
    Err(format!("ended before it was {so_far}").into())
}
