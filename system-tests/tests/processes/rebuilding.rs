//! `tidings rebuild`, killed again and again beside the running service (F-14): the live
//! projection is whole at every moment and goes on, and the next run ends well.

use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use system_tests::{Account, Books, Database, Failure, Parts, pause};

use crate::fleet::Fleet;
use crate::{BINARY, seed, tell};

/// Made anew, not yet applied; applied, not swapped; swapped, not committed; committed.
const POINTS: [&str; 5] = ["R1:1", "C2:1", "R2:1", "R3:1", "R4:1"];
const RANDOM_KILLS: u32 = 4;
/// So that a rebuild takes a while.
const MORE_EVENTS: i64 = 1_000;
const LOOK_EVERY: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(30);

const KNOWN: &str = "SELECT count(*) FROM users";

fn spawn(parts: &Parts, crash: Option<&str>) -> Result<Child, Failure> {
    let mut command = Command::new(BINARY);
    command.args(["rebuild", "users", "--service", "notifications"]);
    command.args(["--database", &parts.database()]);
    command.envs(crash.map(|point| ("TIDINGS_CRASH", point)));
    // It ends when its standard input does.
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    Ok(command.stderr(Stdio::piped()).spawn()?)
}

fn run(parts: &Parts, crash: Option<&str>) -> Result<Output, Failure> {
    let mut child = spawn(parts, crash)?;
    let _input = child.stdin.take();
    Ok(child.wait_with_output()?)
}

/// Somebody who reads the projection all the time: it must never know less than before.
async fn read_all_the_time(books: Books, stop: Arc<AtomicBool>) -> Result<usize, String> {
    let (mut reads, mut most) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let known = books.count("notifications", KNOWN).await;
        let known = known.map_err(|error| error.to_string())?;
        if known < most {
            return Err(format!("{known} users were known after {most}"));
        }
        (reads, most) = (reads + 1, known);
        pause(LOOK_EVERY).await;
    }
    Ok(reads)
}

/// Somebody new is known to the live projection soon.
async fn goes_on(fleet: &Fleet) -> Result<(), Failure> {
    let books = fleet.parts.books();
    let before = books.count("notifications", KNOWN).await?;
    Account::sign_up(fleet.parts.gateway()).await?;
    let begun = Instant::now();
    while books.count("notifications", KNOWN).await? <= before {
        if begun.elapsed() > PATIENCE {
            return Err("the live projection stands still".into());
        }
        pause(LOOK_EVERY).await;
    }
    Ok(())
}

/// A history, of users who were told of again and again.
async fn lengthen(fleet: &Fleet) -> Result<(), Failure> {
    let books = fleet.parts.books();
    let sql = format!(
        "INSERT INTO tidings_outbox
            (stream, slot, key, type, version, data, time, actor, correlation_id, causation_id)
        SELECT stream, slot, key, type, version, data, time, actor, correlation_id, causation_id
        FROM tidings_outbox, generate_series(1, {MORE_EVENTS} /
            (SELECT count(*) FROM tidings_outbox WHERE stream = 'users')) AS more
        WHERE stream = 'users'"
    );
    books.read("auth", &sql).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_is_killed_again_and_again_leaves_the_live_projection_whole()
-> Result<(), Failure> {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let mut fleet = Fleet::start(Database::create().await?, None).await?;
    let crowd = fleet.crowd(seed).await?;
    lengthen(&fleet).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn(read_all_the_time(fleet.parts.books(), Arc::clone(&stop)));

    let begun = Instant::now();
    let output = run(&fleet.parts, None)?;
    assert!(output.status.success(), "{output:?}");
    let full = begun.elapsed();
    for point in POINTS {
        let output = run(&fleet.parts, Some(point))?;
        assert_eq!(output.status.code(), None, "{point}: {output:?}");
        goes_on(&fleet).await?;
    }
    for _ in 0..RANDOM_KILLS {
        let mut child = spawn(&fleet.parts, None)?;
        pause(full.mul_f64(random.random_range(0.1..0.9))).await;
        child.kill()?;
        child.wait()?;
        goes_on(&fleet).await?;
    }
    let output = run(&fleet.parts, None)?;
    assert!(output.status.success(), "{output:?}");
    stop.store(true, Ordering::Relaxed);
    let reads = reading.await??;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let sql = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%rebuild%'";
    assert_eq!(fleet.parts.books().count("public", sql).await?, 0, "{told}");
    let found = fleet.settle(crowd).await?;
    tell(&format!(
        "a rebuild of {full:.1?} was killed {} times and read {reads} times meanwhile; {found}; {}",
        POINTS.len() + RANDOM_KILLS as usize,
        told.trim_end(),
    ));
    fleet.remove().await
}
