//! `tidings move`, killed again and again (F-14): nothing that is half moved is taken for moved,
//! and whoever runs it again is told what to do.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use system_tests::{Crowd, Database, Failure, History, Parts, Site, Size, checker, pause};

use crate::{BINARY, seed, tell};

/// People at work before the move, and after it.
const AT_WORK: Duration = Duration::from_secs(3);
const SIZE: Size = Size {
    sellers: 2,
    buyers: 3,
};
const REST_LIMIT: Duration = Duration::from_secs(240);
/// In the midst of a table, between two services, and where one side is given up for the other.
const POINTS: [&str; 5] = ["M2:1", "M0:7", "M0:90", "M1:3", "M3:1"];
const RANDOM_KILLS: u32 = 4;
const ALL: [&str; 1] = [
    "auth,tickets,orders,expiration,payments,notifications,tasks,accounting,analytics,platforms,commands,gateway",
];
const SCHEMAS: i64 = 11;

/// From where, and to where.
struct Move {
    source: PathBuf,
    target: String,
}

/// How far the target is.
#[derive(Debug, PartialEq, Eq)]
enum Far {
    /// Nothing is there.
    Nothing,
    /// Every schema says that it is unfinished.
    HalfWay,
    /// All is there.
    Whole,
}

impl Move {
    fn spawn(&self, again: bool, crash: Option<&str>) -> Result<Child, Failure> {
        let mut command = Command::new(BINARY);
        let from = format!("sqlite:{}", self.source.display());
        command.args(["move", "--from", &from, "--to", &self.target]);
        command.args(again.then_some("--again"));
        command.envs(crash.map(|point| ("TIDINGS_CRASH", point)));
        // It ends when its standard input does.
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Ok(command.stderr(Stdio::piped()).spawn()?)
    }

    /// Runs it to its end.
    fn run(&self, again: bool, crash: Option<&str>) -> Result<Output, Failure> {
        ended(self.spawn(again, crash)?)
    }

    fn note(&self) -> PathBuf {
        self.source.join("moved.txt")
    }

    /// What the target looks like to somebody who knows nothing of moves but the mark.
    async fn far(&self, parts: &Parts) -> Result<Far, Failure> {
        let books = parts.books();
        let of = |mark: &str| {
            format!(
                "SELECT count(*) FROM pg_tables WHERE schemaname IN ('auth', 'tickets', 'orders',
                    'expiration', 'payments', 'notifications', 'tasks', 'accounting',
                    'analytics', 'platforms', 'commands')
                    AND tablename {mark}"
            )
        };
        let marks = books
            .count("public", &of("= 'tidings_unfinished_move'"))
            .await?;
        let tables = books
            .count("public", &of("<> 'tidings_unfinished_move'"))
            .await?;
        match (marks, tables) {
            (0, 0) => Ok(Far::Nothing),
            (0, _) => Ok(Far::Whole),
            (SCHEMAS, _) => Ok(Far::HalfWay),
            _ => Err(format!("{marks} of {SCHEMAS} schemas say that they are unfinished").into()),
        }
    }

    /// A move that was killed: nobody starts on what is half there, not even in part, nor on a
    /// source that was given up; and the next move says what to do. Gives whether that was
    /// `--again`.
    async fn check(&self, parts: &Parts) -> Result<bool, Failure> {
        let far = self.far(parts).await?;
        let has_note = self.note().exists();
        match far {
            Far::Nothing => assert!(!has_note, "the source was given up for nothing"),
            Far::Whole => return Err("the move was over before it was killed".into()),
            Far::HalfWay => {
                for only in ["auth", "notifications"] {
                    let refused = serve(&["--only", only, "--database", &self.target])?;
                    assert!(refused.contains("--again"), "{refused}");
                }
                let told = text(&self.run(false, None)?);
                assert!(told.contains("--again"), "{told}");
            }
        }
        if has_note {
            let data = self.source.display().to_string();
            let refused = serve(&["--data", &data])?;
            assert!(refused.contains("moved.txt"), "{refused}");
        }
        Ok(far == Far::HalfWay)
    }
}

fn ended(mut child: Child) -> Result<Output, Failure> {
    let _input = child.stdin.take();
    Ok(child.wait_with_output()?)
}

fn text(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Tries to start, which must be refused.
fn serve(arguments: &[&str]) -> Result<String, Failure> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(BINARY);
    command.args(["serve", "--port", "0"]).args(arguments);
    command.env("TIDINGS_SECRET", "thirty-two bytes that nobody else has");
    command.current_dir(folder.path()).stdin(Stdio::piped());
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    Ok(text(&ended(child)?))
}

/// 1. People work on SQLite.
/// 2. The installation is moved, and the move is killed at named points and at random moments.
/// 3. At last it is killed when all is done and nobody was told; people go on on PostgreSQL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_is_killed_again_and_again_ends_well_and_is_never_taken_for_done()
-> Result<(), Failure> {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let site = Site::on_sqlite(BINARY)?;
    let history = Arc::new(History::create(&site.folder().join("history.jsonl"))?);
    let server = site.start().await?;
    let crowd = Crowd::gather(site.address(), &history, SIZE, seed).await?;
    pause(AT_WORK).await;
    crowd.send_home().await?;
    server.stop(REST_LIMIT).await?;

    // The shorter of two: the machine may have had other work during one.
    let full = full_move(&site).await?.min(full_move(&site).await?);
    let database = Database::create().await?;
    let this = Move {
        source: site.data(),
        target: database.url(),
    };
    let parts = Parts::on(BINARY, &ALL, database, None)?;
    let mut again = false;
    for point in POINTS {
        let output = this.run(again, Some(point))?;
        assert_eq!(output.status.code(), None, "{point}: {output:?}");
        again = this.check(&parts).await?;
    }
    for _ in 0..RANDOM_KILLS {
        let mut child = this.spawn(again, None)?;
        pause(full.mul_f64(random.random_range(0.0..0.7))).await;
        child.kill()?;
        child.wait()?;
        again = this.check(&parts).await?;
    }
    let output = this.run(again, Some("M4:1"))?;
    assert_eq!(output.status.code(), None, "{output:?}");
    assert_eq!(this.far(&parts).await?, Far::Whole);
    let told = text(&this.run(false, None)?);
    assert!(told.contains("start it there"), "{told}");

    let server = parts.start(0).await?;
    let crowd = Crowd::gather(parts.gateway(), &history, SIZE, seed + 1).await?;
    pause(AT_WORK).await;
    crowd.send_home().await?;
    let rest = checker::come_to_rest(&parts.books(), REST_LIMIT).await?;
    let snapshot = checker::check(&parts.books(), &history).await?;
    tell(&format!(
        "a move of {full:.1?} was killed {} times; operations {}; {} events, {} orders, {} \
         payments; at rest after {rest:.1?}",
        POINTS.len() + RANDOM_KILLS as usize + 1,
        history.tally(),
        snapshot.events.len(),
        snapshot.orders.len(),
        snapshot.payments.len(),
    ));
    drop(server);
    parts.remove().await?;
    site.remove().await
}

/// Moves it once somewhere else, to learn how long that takes, and takes the note away.
async fn full_move(site: &Site) -> Result<Duration, Failure> {
    let database = Database::create().await?;
    let this = Move {
        source: site.data(),
        target: database.url(),
    };
    let begun = Instant::now();
    let output = this.run(false, None)?;
    assert!(output.status.success(), "{output:?}");
    let took = begun.elapsed();
    fs::remove_file(this.note())?;
    database.remove().await?;
    Ok(took)
}
