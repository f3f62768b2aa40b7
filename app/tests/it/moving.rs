//! A marketplace moves from SQLite to PostgreSQL half-way, and goes on.

use std::path::Path;
use std::time::{Duration, Instant};

use contracts::users::{User, UserEvent};
use serde_json::Value;
use tidings::{Clock, Handle, Installation, Storage, Uuid, Worker, dead, jobs, params, workflow};

use crate::postgres;
use crate::program::{Server, run};

/// Longer than an event takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const JSON: &str = "content-type: application/json\r\n";

/// Services whose parts are stepped by hand.
struct Stage {
    installation: Installation,
    workers: Vec<Worker>,
}

impl Stage {
    async fn open(storage: Storage, clock: &Clock) -> Self {
        let opened = tidings_app::open(storage, clock.clone()).await;
        let mut installation = opened.unwrap();
        let workers = installation.workers();
        Self {
            installation,
            workers,
        }
    }

    fn handle(&self, service: &str) -> Handle {
        self.installation.handle(service).unwrap()
    }

    async fn settle(&mut self) {
        for _ in 0..10_000 {
            let mut moved = false;
            for worker in &mut self.workers {
                moved |= worker.step().await.unwrap();
            }
            if !moved {
                return;
            }
        }
        panic!("the story goes in circles");
    }
}

fn body_of(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).expect(answer)
}

/// The buyer's cookie and the order: a ticket is held.
fn order(server: &Server) -> (String, String) {
    let (email, password) = &server.accounts[0];
    let answer = server.sign_in(email, password);
    let cookie = answer
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: __Host-session="))
        .and_then(|rest| rest.split(';').next())
        .unwrap();
    let cookie = format!("cookie: __Host-session={cookie}\r\n");
    let listings = body_of(&server.ask("GET /api/tickets", "", ""));
    let wish = format!("{{\"ticket_id\":{}}}", listings[0]["id"]);
    let headers = format!("{JSON}{cookie}origin: http://{}\r\n", server.address);
    let since = Instant::now();
    let placed = loop {
        let placed = server.ask("POST /api/orders", &headers, &wish);
        // The orders may not have heard of the ticket yet.
        let is_early = placed.starts_with("HTTP/1.1 404") && placed.contains("retry-after");
        if !is_early || since.elapsed() > PATIENCE {
            break placed;
        }
    };
    assert!(placed.starts_with("HTTP/1.1 201"), "{placed}");
    let id = body_of(&placed)["id"].as_str().unwrap().to_owned();
    (cookie, id)
}

async fn sign_up(auth: &Handle, number: u128) {
    let mut tx = auth.begin_own().await.unwrap();
    let user = User {
        user_id: Uuid::from_u128(number).into(),
        email: format!("{number}@example.com"),
        name: String::new(),
        roles: Vec::new(),
        disabled: false,
        version: 1,
    };
    tx.publish(UserEvent::Created(user)).unwrap();
    tx.commit().await.unwrap();
}

async fn known_users(stage: &Stage, number: u128) -> i64 {
    let mut conn = stage.handle("notifications").read().await.unwrap();
    let sql = "SELECT count(*) FROM users WHERE id = $1";
    let id = params![Uuid::from_u128(number)];
    let (users,): (i64,) = conn.query_one(sql, id).await.unwrap();
    users
}

async fn rename(service: &Handle, sql: &str) {
    let mut tx = service.begin_own().await.unwrap();
    tx.execute_batch(sql).await.unwrap();
    tx.commit().await.unwrap();
}

/// One event that cannot be applied and is parked, and one that nobody has read yet.
async fn leave_work(folder: &Path, clock: &Clock) {
    let mut stage = Stage::open(Storage::Sqlite(folder.to_owned()), clock).await;
    let notifications = stage.handle("notifications");
    stage.settle().await;
    rename(&notifications, "ALTER TABLE users RENAME TO away").await;
    sign_up(&stage.handle("auth"), 1).await;
    stage.settle().await;
    let parked = dead::events(&notifications, 9).await.unwrap();
    assert_eq!(parked.len(), 1);
    rename(&notifications, "ALTER TABLE away RENAME TO users").await;
    sign_up(&stage.handle("auth"), 2).await;
}

/// 1. A ticket is held for a buyer, an event is parked, another one is not read yet.
/// 2. The installation moves; the old files cannot be started by accident.
/// 3. The buyer is still signed in and sees the order; the hold runs out; all is applied.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_marketplace_that_has_moved_ends_what_was_begun_before() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let server = Server::start(folder.path(), &[]);
    let (cookie, order) = order(&server);
    let show = format!("GET /api/orders/{order}");
    let before = body_of(&server.ask(&show, &cookie, ""));
    server.stop();
    let clock = Clock::manual(Clock::system().now());
    leave_work(folder.path(), &clock).await;

    let (_database, url) = postgres::database().await;
    let from = format!("sqlite:{data}");
    let ended = run(&["move", "--from", &from, "--to", &url]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for words in [
        "tidings_outbox",
        "sum of cursors",
        "counted on both sides",
        "moved.txt",
    ] {
        assert!(ended.out.contains(words), "{words}: {}", ended.out);
    }
    let refused = run(&["--port", "0", "--data", data]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("moved.txt"), "{refused:?}");
    let twice = run(&["move", "--from", &from, "--to", &url]);
    assert_eq!(twice.code, Some(1));

    // The order's page is the same for the same session, and the accounts are not made anew.
    let server = Server::start(folder.path(), &["--database", &url]);
    let after = body_of(&server.ask(&show, &cookie, ""));
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["expires_at"], before["expires_at"]);
    server.stop();

    let mut stage = Stage::open(Storage::Postgres(url), &clock).await;
    let expiration = stage.handle("expiration");
    let holds = workflow::counts(&expiration).await.unwrap();
    assert_eq!(holds.len(), 1, "{holds:?}");
    let waiting = jobs::counts(&expiration).await.unwrap();
    assert!(
        waiting.iter().any(|job| job.state == "ready"),
        "{waiting:?}"
    );
    clock.advance(Duration::from_secs(16 * 60));
    stage.settle().await;
    assert_eq!(
        (known_users(&stage, 1).await, known_users(&stage, 2).await),
        (1, 1)
    );
    let left = dead::events(&stage.handle("notifications"), 9).await;
    assert!(left.unwrap().is_empty());
    let sql = "SELECT status, cancel_reason FROM orders WHERE id = $1";
    let mut conn = stage.handle("orders").read().await.unwrap();
    let row: (String, Option<String>) = conn.query_one(sql, params![&order]).await.unwrap();
    assert_eq!(row, ("cancelled".to_owned(), Some("expired".to_owned())));
    drop(conn);
    let holds = workflow::counts(&expiration).await.unwrap();
    assert!(holds.is_empty(), "{holds:?}");
    for handle in stage.installation.handles() {
        let open = tidings::alert::open(handle).await.unwrap();
        assert_eq!(open, [], "{}", handle.name());
    }
}

#[test]
fn a_move_out_of_nowhere_makes_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let from = format!("sqlite:{}", nowhere.display());
    let ended = run(&["move", "--from", &from, "--to", "postgres://127.0.0.1:1/x"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("--from"), "{ended:?}");
    assert!(!nowhere.exists());
}

/// The files that a running server writes to would be copied half-way.
#[test]
fn a_running_server_is_not_moved() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--no-demo"]);
    let from = format!("sqlite:{}", folder.path().display());
    let ended = run(&["move", "--from", &from, "--to", "postgres://127.0.0.1:1/x"]);
    assert!(
        ended.err.contains("another tidings is running"),
        "{ended:?}"
    );
    server.stop();
}
