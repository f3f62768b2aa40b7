//! Measures the toolkit beside a hand-written loop of the same SQL, in one run.
//!
//! Every figure of ours stands beside its ceiling, measured in turns on the same
//! disk in the same minutes, because the ratio is what a shared machine can tell.

mod ceiling;
mod ours;
mod report;

use std::time::Duration;

use report::Report;
use tidings::Storage;

/// Turns that ours and the ceiling take; the median counts.
const ROUNDS: usize = 3;
const SPAN: Duration = Duration::from_secs(3);
/// Writers at once.
const WRITERS: [usize; 2] = [1, 32];
const BACKLOG: u64 = 20_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let folder = tempfile::tempdir_in(".")?;
    let mut report = Report::new();
    println!("SQLite, in {}", folder.path().display());
    sqlite(&mut report, folder.path()).await?;
    match std::env::var("TIDINGS_TEST_POSTGRES") {
        Ok(url) => {
            println!("PostgreSQL");
            postgres(&mut report, &url).await?;
        }
        Err(_) => return Err("run `cargo xtask bench`, which starts PostgreSQL".into()),
    }
    println!("\n{}", report.table());
    Ok(())
}

async fn sqlite(report: &mut Report, folder: &std::path::Path) -> Outcome<()> {
    let mut turn = 0;
    let mut fresh = |what: &str| {
        turn += 1;
        let path = folder.join(format!("{what}-{turn}"));
        std::fs::create_dir_all(&path).map(|()| path)
    };
    for writers in WRITERS {
        for _ in 0..ROUNDS {
            let ours = ours::commits(Storage::Sqlite(fresh("ours")?), writers, SPAN).await?;
            let hand = ceiling::sqlite_commits(&fresh("hand")?.join("hand.db"), SPAN)?;
            report.add(
                "SQLite",
                &format!("commits/s, {writers} writers, 1 event each"),
                ours,
                hand,
            );
        }
    }
    for _ in 0..ROUNDS {
        let hand = ceiling::sqlite_backlog(&fresh("hand")?.join("hand.db"), BACKLOG)?;
        let single = ours::backlog(Storage::Sqlite(fresh("ours")?), BACKLOG, false).await?;
        let slice = ours::backlog(Storage::Sqlite(fresh("ours")?), BACKLOG, true).await?;
        report.add(
            "SQLite",
            "events/s applied from a backlog, one by one",
            single,
            hand,
        );
        report.add(
            "SQLite",
            "events/s applied from a backlog, as slices",
            slice,
            hand,
        );
    }
    let live = ours::live(Storage::Sqlite(fresh("live")?), 32, SPAN).await?;
    report.note(
        "SQLite",
        "events/s committed and applied live, 32 writers",
        live,
    );
    let (p50, p99) = ours::latency(Storage::Sqlite(fresh("latency")?), 200).await?;
    report.note("SQLite", "ms from begin to applied at 200/s, p50", p50);
    report.note("SQLite", "ms from begin to applied at 200/s, p99", p99);
    Ok(())
}

async fn postgres(report: &mut Report, url: &str) -> Outcome<()> {
    let mut turn = 0;
    let mut fresh = async || -> Outcome<String> {
        turn += 1;
        ceiling::postgres_database(url, &format!("bench_{turn}")).await
    };
    for writers in WRITERS {
        for _ in 0..ROUNDS {
            let ours = ours::commits(Storage::Postgres(fresh().await?), writers, SPAN).await?;
            let hand = ceiling::postgres_commits(&fresh().await?, writers, SPAN).await?;
            let what = format!("commits/s, {writers} writers, 1 event each");
            report.add("PostgreSQL", &what, ours, hand);
        }
    }
    for _ in 0..ROUNDS {
        let hand = ceiling::postgres_backlog(&fresh().await?, BACKLOG).await?;
        let single = ours::backlog(Storage::Postgres(fresh().await?), BACKLOG, false).await?;
        let slice = ours::backlog(Storage::Postgres(fresh().await?), BACKLOG, true).await?;
        report.add(
            "PostgreSQL",
            "events/s applied from a backlog, one by one",
            single,
            hand,
        );
        report.add(
            "PostgreSQL",
            "events/s applied from a backlog, as slices",
            slice,
            hand,
        );
    }
    let live = ours::live(Storage::Postgres(fresh().await?), 32, SPAN).await?;
    report.note(
        "PostgreSQL",
        "events/s committed and applied live, 32 writers",
        live,
    );
    let (p50, p99) = ours::latency(Storage::Postgres(fresh().await?), 200).await?;
    report.note("PostgreSQL", "ms from begin to applied at 200/s, p50", p50);
    report.note("PostgreSQL", "ms from begin to applied at 200/s, p99", p99);
    Ok(())
}
