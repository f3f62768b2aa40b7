//! Real processes that are killed at every step boundary, on both databases (F-14).
//!
//! The test runs its own program again: each process carries one trip to its end on a clock
//! that it moves by itself, unless `TIDINGS_CRASH` ends it with SIGKILL before that.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use serde::{Deserialize, Serialize};
use tidings::workflow::{self, RunState};
use tidings::{Clock, Setup, Storage, Timestamp, Workflow};

use super::MINUTE;
use super::trip::{Trip, book, book_trip, expected, services};
use crate::bed::{Bed, Stage, on_both};

const ORDERS: &str = "TIDINGS_KILLED_PROCESS";

on_both!(
    killed_at_each_boundary_of_a_trip_that_fails,
    killed_after_each_step_of_a_trip_that_goes_well,
    killed_five_times_in_a_row,
);

/// What a process is to do.
#[derive(Serialize, Deserialize)]
struct Orders {
    folder: Option<std::path::PathBuf>,
    url: String,
    trip: Trip,
    start: i64,
}

/// The process itself; in the test run proper there are no orders, and nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_killed() {
    let Ok(orders) = std::env::var(ORDERS) else {
        return;
    };
    let orders: Orders = serde_json::from_str(&orders).unwrap();
    let storage = match orders.folder {
        Some(folder) => Storage::Sqlite(folder),
        None => Storage::Postgres(orders.url),
    };
    let clock = Clock::manual(Timestamp::from_micros(orders.start));
    let setup = Setup::new(storage).clock(clock.clone()).seed(1);
    let setup = services().into_iter().fold(setup, Setup::service);
    let mut stage = Box::pin(Stage::open(setup, clock)).await;
    let shop = stage.handle("shop");
    if !book(&shop).await.contains_key(&orders.trip.id) {
        book_trip(&shop, &orders.trip).await.unwrap();
    }
    for _ in 0..100 {
        Box::pin(stage.settle()).await;
        if state_of(&stage, &orders.trip).await.is_some_and(has_ended) {
            return;
        }
        stage.clock.advance(MINUTE);
    }
    panic!("the trip does not end");
}

fn has_ended(state: RunState) -> bool {
    matches!(state, RunState::Done | RunState::Compensated)
}

async fn state_of(stage: &Stage, trip: &Trip) -> Option<RunState> {
    let mut conn = stage.handle("trips").read().await.unwrap();
    let run = workflow::find(&mut conn, Trip::NAME, &trip.id)
        .await
        .unwrap();
    run.map(|run| run.state)
}

/// Starts processes on one database, and reads what they have left there.
struct Killer {
    bed: Bed,
    reader: Stage,
    processes: i64,
}

impl Killer {
    async fn new(bed: Bed) -> Self {
        let setup = services()
            .into_iter()
            .fold(bed.setup(&crate::bed::clock()), Setup::service);
        let reader = Stage::open(setup, crate::bed::clock()).await;
        Self {
            bed,
            reader,
            processes: 0,
        }
    }

    /// Runs a process to its end. Says whether it was killed.
    fn run(&mut self, trip: &Trip, crash: Option<&str>) -> bool {
        let (folder, url) = match self.bed.is_sqlite() {
            true => (Some(self.bed.folder().to_owned()), String::new()),
            false => (None, self.bed.url().to_owned()),
        };
        // A day later each time: the leases of those who were killed have ended.
        self.processes += 1;
        let start = self.reader.clock.now().as_micros() + self.processes * 86_400_000_000;
        let trip = trip.clone();
        let orders = Orders {
            folder,
            url,
            trip,
            start,
        };
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "workflows::killed::the_process_that_is_killed"])
            .env(ORDERS, serde_json::to_string(&orders).unwrap());
        if let Some(crash) = crash {
            command.env("TIDINGS_CRASH", crash);
        }
        let output = command.output().unwrap();
        let killed = output.status.signal() == Some(9);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(killed || output.status.success(), "{crash:?}: {text}");
        assert!(crash.is_some() || !killed);
        killed
    }

    async fn each_effect_is_there_once(&self, trip: &Trip, crash: &str) {
        let (ours, theirs) = expected(trip.fails);
        let lines = book(&self.reader.handle("trips")).await;
        assert_eq!(lines[&trip.id], ours, "after a kill at {crash}");
        let lines = book(&self.reader.handle("bank")).await;
        assert_eq!(lines[&trip.id], theirs, "after a kill at {crash}");
        let state = state_of(&self.reader, trip).await;
        assert!(state.is_some_and(has_ended), "{state:?}");
    }

    /// Kills a process the first, second, … time it passes a point, a trip for each, until
    /// there is no such time. Says how often that was.
    async fn kill_at_each(&mut self, point: &str, fails: bool) -> usize {
        for kills in 0.. {
            let crash = format!("{point}:{}", kills + 1);
            let id = format!("{crash} {fails}");
            // One time in three, the answers of the other side are lost besides.
            let doubt = [0, 1, 2][kills % 3];
            let trip = Trip { id, fails, doubt };
            let killed = self.run(&trip, Some(&crash));
            if killed {
                self.run(&trip, None);
            }
            self.each_effect_is_there_once(&trip, &crash).await;
            if !killed {
                return kills;
            }
        }
        0
    }
}

async fn killed_at_each_boundary_of_a_trip_that_fails(bed: Bed) {
    let mut killer = Killer::new(bed).await;
    let mut kills = Vec::new();
    for point in ["S0", "S1", "S2", "S3", "S4"] {
        kills.push((point, killer.kill_at_each(point, true).await));
    }
    println!("kills: {kills:?}");
    let least = [("S0", 5), ("S1", 14), ("S2", 14), ("S3", 1), ("S4", 4)];
    let enough = kills
        .iter()
        .zip(least)
        .all(|(kill, least)| kill.1 >= least.1);
    assert!(enough, "not each boundary was met: {kills:?}");
}

async fn killed_after_each_step_of_a_trip_that_goes_well(bed: Bed) {
    let mut killer = Killer::new(bed).await;
    let kills = killer.kill_at_each("S2", false).await;
    assert!(kills >= 12, "ten steps, two of them calls: {kills}");
}

/// At the same place (S0, S1), or further on each time (S2, S4); the processes that recover
/// are killed too.
async fn killed_five_times_in_a_row(bed: Bed) {
    let mut killer = Killer::new(bed).await;
    for point in ["S0", "S1", "S2", "S4"] {
        let id = format!("{point} in a row");
        let (fails, doubt) = (true, 0);
        let trip = Trip { id, fails, doubt };
        let crash = format!("{point}:1");
        let kills = (0..5).filter(|_| killer.run(&trip, Some(&crash))).count();
        assert_eq!(kills, 5, "at {point}");
        killer.run(&trip, None);
        killer.each_effect_is_there_once(&trip, &crash).await;
    }
}
