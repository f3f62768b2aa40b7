//! Two instances, and a process that dies in the middle of the night.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use contracts::tasks::AssignmentEvent;
use serde_json::{Value, json};
use tidings::crash::{Plan, with_plan};
use tidings::{Clock, Db, FromRow, Installation, Setup, Storage, Worker};
use tidings_test::{Database, World};

use crate::stage::{TODAY, added, assigned, at, completed, publish, services, settings, user};

const NIGHT: Duration = Duration::from_secs(12 * 3600 + 301);

/// Everybody of these has done a task.
fn worked(people: u128, now: tidings::Timestamp) -> Vec<AssignmentEvent> {
    let work = |number| {
        [
            added(number, now),
            assigned(number, 100 + number, 1, now),
            completed(number, 100 + number, now),
        ]
    };
    (0..people).flat_map(work).collect()
}

async fn open(setup: Setup, clock: &Clock) -> (Installation, Vec<Worker>) {
    let setup = setup.clock(clock.clone());
    let setup = services(settings()).into_iter().fold(setup, Setup::service);
    let mut installation = setup.open().await.unwrap();
    let workers = installation.workers();
    (installation, workers)
}

async fn settle(workers: &mut [Worker]) {
    let mut moved = true;
    while moved {
        moved = false;
        for worker in &mut *workers {
            moved |= worker.step().await.unwrap();
        }
    }
}

async fn rows<T: FromRow>(installation: &Installation, service: &str, sql: &str) -> Vec<T> {
    let handle = installation.handle(service).unwrap();
    let mut conn = handle.read().await.unwrap();
    conn.query(sql, &[]).await.unwrap()
}

/// What the night has come to: people paid, their payouts in the ledger, letters, days told.
async fn night(installation: &Installation) -> [i64; 4] {
    let count = |rows: Vec<(i64,)>| rows[0].0;
    let of = "SELECT count(*) FROM ledger WHERE kind = 'payout'";
    [
        count(rows(installation, "accounting", "SELECT count(*) FROM payouts").await),
        count(rows(installation, "accounting", of).await),
        count(
            rows(
                installation,
                "notifications",
                "SELECT count(*) FROM letters",
            )
            .await,
        ),
        count(
            rows(
                installation,
                "ear",
                "SELECT count(*) FROM heard WHERE name = 'billing_day.closed'",
            )
            .await,
        ),
    ]
}

async fn owed(installation: &Installation) -> i64 {
    let sql = "SELECT count(*) FROM accounts WHERE balance_minor > 0";
    rows::<(i64,)>(installation, "accounting", sql).await[0].0
}

/// B-26: the schedule fires in two processes, and an administrator presses the button in both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b_26_a_day_closed_by_two_instances_at_once_pays_once() {
    let database = Database::postgres().await;
    let clock = Clock::manual(at("2026-01-01T12:00:00Z"));
    let (one, mut workers) = open(Setup::new(database.storage()), &clock).await;
    publish(&one.handle("tasks").unwrap(), 9, worked(130, clock.now())).await;
    settle(&mut workers).await;
    let owed = owed(&one).await;
    assert!(owed > 115, "{owed}");
    let (two, mut others) = open(Setup::new(database.storage()), &clock).await;

    clock.advance(NIGHT);
    for _ in 0..40 {
        tokio::join!(settle(&mut workers), settle(&mut others));
        clock.advance(Duration::from_secs(10));
    }
    assert_eq!(night(&one).await, [owed, owed, owed, 1]);
    assert_eq!(night(&two).await, [owed, owed, owed, 1]);
}

/// What outlives a crash.
struct Disk {
    clock: Clock,
    databases: Vec<(&'static str, Db)>,
}

impl Disk {
    fn new() -> Self {
        let names = ["accounting", "ear", "notifications", "auth", "tasks"];
        Self {
            clock: Clock::manual(at("2026-01-01T12:00:00Z")),
            databases: names.map(|name| (name, Db::memory().unwrap())).to_vec(),
        }
    }

    async fn start(&self) -> (Installation, Vec<Worker>) {
        let databases = self.databases.iter().cloned();
        let setup = Setup::new(Storage::Memory).seed(1);
        let setup = databases.fold(setup, |setup, (name, db)| setup.database(name, db));
        open(setup, &self.clock).await
    }
}

/// Closes a day on which three people have worked, crashes at the given passage of a crash point,
/// and goes on from what was on disk. Gives what it has come to, and whether it crashed.
async fn night_with_a_crash(crash_at: u32) -> ([i64; 4], i64, bool) {
    let disk = Disk::new();
    let (installation, mut workers) = disk.start().await;
    let tasks = installation.handle("tasks").unwrap();
    publish(&tasks, 9, worked(3, disk.clock.now())).await;
    settle(&mut workers).await;
    let owed = owed(&installation).await;

    let crashed = Arc::new(AtomicBool::new(false));
    let (flag, passed) = (Arc::clone(&crashed), AtomicU32::new(0));
    let plan = Plan::new(move |_| {
        let is_here = passed.fetch_add(1, Ordering::Relaxed) == crash_at;
        flag.fetch_or(is_here, Ordering::Relaxed);
        is_here
    });
    let clock = disk.clock.clone();
    // Only the books' own work: what others do of it is theirs to survive.
    workers.retain(|worker| worker.name().starts_with("accounting"));
    let closing = Box::pin(async {
        clock.advance(NIGHT);
        for _ in 0..3 {
            settle(&mut workers).await;
            clock.advance(Duration::from_secs(10));
        }
    });
    with_plan(&plan, closing).await;
    drop((installation, workers, tasks));

    let (installation, mut workers) = disk.start().await;
    for _ in 0..8 {
        settle(&mut workers).await;
        disk.clock.advance(Duration::from_secs(45));
    }
    let told = night(&installation).await;
    (told, owed, crashed.load(Ordering::Relaxed))
}

/// B-26: at every point in turn until one run meets none.
#[tokio::test]
async fn b_26_a_crash_at_any_point_of_the_night_pays_everybody_once() {
    let mut crashes = 0;
    loop {
        let (night, owed, crashed) = Box::pin(night_with_a_crash(crashes)).await;
        assert_eq!(night, [owed, owed, owed, 1], "crash {crashes}");
        if !crashed {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 20, "only {crashes} points were met");
}

/// 1. A run closes the day. 2. It is stuck, and a person gives it up. 3. Somebody asks again.
#[tokio::test]
async fn a_day_whose_run_was_given_up_can_be_closed_by_another() {
    let mut stage = crate::stage::Stage {
        world: World::new(services(settings())).await,
    };
    stage.work(1, 1, true).await;
    let token = stage.token(91, &["admin"]);
    let path = format!("/api/accounting/days/{TODAY}/close");
    let asked = stage.world.send("POST", &path, Some(&token), Value::Null);
    assert_eq!(asked.await.status, 202);
    let service = stage.service();
    let mut tx = service.begin_own().await.unwrap();
    let sql = "UPDATE tidings_workflows SET state = 'cancelled', job_id = NULL";
    tx.execute(sql, &[]).await.unwrap();
    tx.execute("DELETE FROM tidings_jobs", &[]).await.unwrap();
    tx.commit().await.unwrap();
    stage.world.settle().await;
    assert_eq!(stage.heard("payout.made").await, Vec::<Value>::new());
    stage.close(TODAY).await;
    let paid = stage.heard("payout.made").await;
    assert_eq!(
        json!([paid.len(), paid[0]["account_id"]]),
        json!([1, user(1)])
    );
}
