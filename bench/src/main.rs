//! Measures the toolkit beside a hand-written loop of the same SQL, and beside other
//! libraries that do the same, in one run.
//!
//! Every figure of ours stands beside the others, measured in turns on the same
//! disk in the same minutes, because the ratio is what a shared machine can tell.

mod ceiling;
mod jobs;
mod network;
mod observed;
mod ours;
mod peer;
mod report;
mod workflows;

use std::path::PathBuf;
use std::time::Duration;

use peer::Peers;
use report::{Report, Turn};
use tidings::Storage;

/// Turns that ours and the ceiling take; the median counts.
const ROUNDS: usize = 3;
const SPAN: Duration = Duration::from_secs(3);
/// Writers at once.
const WRITERS: [usize; 2] = [1, 32];
const BACKLOG: u64 = 20_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// `cargo xtask bench -- sqlite backlog` runs the parts that all words name; no words, all parts.
fn wanted(database: &str, part: &str) -> bool {
    std::env::args()
        .skip(1)
        .all(|word| word == database || word == part || word.starts_with("--"))
}

/// Whether a part is wanted on any database.
fn wanted_at_all(part: &str) -> bool {
    ["sqlite", "postgres"]
        .iter()
        .any(|database| wanted(database, part))
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, rest)) = words.split_first()
        && first == "contender"
    {
        return network::contend(rest).await;
    }
    let mut report = Report::new();
    let network = network::wanted("any");
    let peers = Peers::prepare(wanted_at_all("jobs"), wanted_at_all("workflows"), network)?;
    let folder = tempfile::tempdir_in(".")?;
    for storage in [
        Place::Sqlite(folder.path().to_owned(), 0),
        Place::postgres()?,
    ] {
        let mut place = storage;
        if wanted(place.word(), "commits") {
            commits(&mut report, &mut place).await?;
        }
        if wanted(place.word(), "backlog") {
            backlog(&mut report, &mut place).await?;
        }
        if wanted(place.word(), "live") {
            live(&mut report, &mut place).await?;
        }
        if wanted(place.word(), "observed") {
            observed::run(&mut report, &mut place).await?;
        }
        if wanted(place.word(), "jobs") {
            jobs::run(&mut report, &mut place, &peers).await?;
        }
        if wanted(place.word(), "workflows") {
            workflows::run(&mut report, &mut place, &peers).await?;
        }
    }
    println!("\n{}", report.table());
    if network {
        network::run(&postgres_url()?, &peers).await?;
    }
    Ok(())
}

fn postgres_url() -> Outcome<String> {
    let url = std::env::var("TIDINGS_TEST_POSTGRES");
    url.map_err(|_| "run `cargo xtask bench`, which starts PostgreSQL".into())
}

/// Where databases are made, a fresh one each time.
enum Place {
    Sqlite(PathBuf, u32),
    Postgres(String, u32),
}

impl Place {
    fn postgres() -> Outcome<Self> {
        Ok(Place::Postgres(postgres_url()?, 0))
    }

    fn word(&self) -> &'static str {
        match self {
            Place::Sqlite(..) => "sqlite",
            Place::Postgres(..) => "postgres",
        }
    }

    async fn fresh(&mut self) -> Outcome<Storage> {
        match self {
            Place::Sqlite(folder, turn) => {
                *turn += 1;
                let path = folder.join(turn.to_string());
                std::fs::create_dir_all(&path)?;
                Ok(Storage::Sqlite(path))
            }
            Place::Postgres(url, turn) => {
                *turn += 1;
                let url = ceiling::postgres_database(url, &format!("bench_{turn}")).await?;
                Ok(Storage::Postgres(url))
            }
        }
    }
}

fn beside(ours: f64, hand: f64) -> Turn {
    Turn {
        ours,
        hand: Some(hand),
        peer: None,
    }
}

async fn commits(report: &mut Report, place: &mut Place) -> Outcome<()> {
    for writers in WRITERS {
        for _ in 0..ROUNDS {
            let ours = ours::commits(place.fresh().await?, writers, SPAN).await?;
            let hand = match place.fresh().await? {
                Storage::Postgres(url) => ceiling::postgres_commits(&url, writers, SPAN).await?,
                Storage::Sqlite(path) => ceiling::sqlite_commits(&path.join("hand.db"), SPAN)?,
                Storage::Memory => return Err("nothing to measure".into()),
            };
            let what = format!("commits/s, {writers} writers, 1 event each");
            report.add(place.word(), &what, beside(ours, hand));
        }
    }
    Ok(())
}

async fn backlog(report: &mut Report, place: &mut Place) -> Outcome<()> {
    for _ in 0..ROUNDS {
        let hand = match place.fresh().await? {
            Storage::Postgres(url) => ceiling::postgres_backlog(&url, BACKLOG).await?,
            Storage::Sqlite(path) => ceiling::sqlite_backlog(&path.join("hand.db"), BACKLOG)?,
            Storage::Memory => return Err("nothing to measure".into()),
        };
        let single = ours::backlog(place.fresh().await?, BACKLOG, false).await?;
        let slices = ours::backlog(place.fresh().await?, BACKLOG, true).await?;
        let database = place.word();
        report.add(
            database,
            "events/s applied from a backlog, one by one",
            beside(single, hand),
        );
        report.add(
            database,
            "events/s applied from a backlog, as slices",
            beside(slices, hand),
        );
    }
    Ok(())
}

async fn live(report: &mut Report, place: &mut Place) -> Outcome<()> {
    let rate = ours::live(place.fresh().await?, 32, SPAN).await?;
    let database = place.word();
    report.note(
        database,
        "events/s committed and applied live, 32 writers",
        rate,
    );
    let (p50, p99) = ours::latency(place.fresh().await?, 200).await?;
    report.note(database, "ms from begin to applied at 200/s, p50", p50);
    report.note(database, "ms from begin to applied at 200/s, p99", p99);
    Ok(())
}
