//! The real `tasks` and `accounting` in worlds whose clock the test moves: the books are away
//! for an hour that has midnight in it, and one event nobody can read.

use std::time::Duration;

use contracts::users::{User, UserEvent};
use contracts::{TaskId, UserId};
use serde_json::{Value, json};
use tidings::{Service, Storage, Uuid, params};
use tidings_test::World;

const WORKERS: u128 = 5;
const TASKS: usize = 12;
const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);

fn user(number: u128) -> UserId {
    UserId::from(Uuid::from_u128(0x1000 + number))
}

/// Without the books there is nobody who prices or charges.
fn services(with_books: bool) -> Vec<Service> {
    let mut all = vec![
        Service::new("auth").publishes::<UserEvent>(),
        tasks::service(tasks::Settings {
            seed: Some(7),
            ..tasks::Settings::default()
        }),
        notifications::service(notifications::Settings::mailbox()),
    ];
    if with_books {
        all.push(accounting::service(accounting::Settings::default()));
    }
    all
}

struct Stage {
    world: World,
}

impl Stage {
    async fn open(folder: &tempfile::TempDir, with_books: bool) -> Self {
        let storage = Storage::Sqlite(folder.path().to_owned());
        let world = World::on(storage, services(with_books)).await;
        Self { world }
    }

    async fn hire(&mut self) {
        let auth = self.world.service("auth");
        let mut tx = auth.begin_own().await.expect("a transaction");
        for number in 0..WORKERS {
            let worker = User {
                user_id: user(number),
                email: format!("{number}@example.com"),
                name: format!("Worker {number}"),
                roles: vec!["worker".to_owned()],
                disabled: false,
                version: 1,
            };
            tx.publish(UserEvent::Created(worker)).expect("an event");
        }
        tx.commit().await.expect("a commit");
        self.world.settle().await;
    }

    async fn send(&self, who: UserId, role: &str, path: &str, body: Value) -> (u16, Value) {
        let token = self.world.token(who.uuid(), &[role]);
        let answer = self.world.send("POST", path, Some(&token), body).await;
        (answer.status.as_u16(), answer.json)
    }

    async fn create(&mut self, number: usize) -> TaskId {
        let body = json!({ "title": format!("Task {number}") });
        let (status, task) = self.send(user(99), "manager", "/api/tasks", body).await;
        assert_eq!(status, 201, "{task}");
        self.world.settle().await;
        task["id"].as_str().expect("an id").parse().expect("an id")
    }

    async fn shuffle(&mut self) {
        let path = "/api/tasks/shuffle";
        let (status, run) = self.send(user(99), "manager", path, Value::Null).await;
        assert_eq!(status, 202, "{run}");
        self.world.settle().await;
    }

    async fn complete(&mut self, id: TaskId) {
        let holder = self.holder(id).await;
        let path = format!("/api/tasks/{id}/complete");
        let (status, task) = self.send(holder, "worker", &path, Value::Null).await;
        assert_eq!(status, 200, "{task}");
    }

    async fn holder(&self, id: TaskId) -> UserId {
        let sql = "SELECT assignee_id FROM tasks WHERE id = $1";
        let tasks = self.world.service("tasks");
        let mut conn = tasks.read().await.expect("a connection");
        let (holder,) = conn.query_one(sql, params![id]).await.expect("a row");
        holder
    }

    async fn rows<T: tidings::FromRow>(&self, service: &str, sql: &str) -> Vec<T> {
        let handle = self.world.service(service);
        let mut conn = handle.read().await.expect("a connection");
        conn.query(sql, &[]).await.expect("rows")
    }

    async fn count(&self, service: &str, sql: &str) -> i64 {
        self.rows::<(i64,)>(service, sql).await[0].0
    }

    /// What the tasks say was earned on each day, at the prices of the books (B-25, B-34).
    async fn oracle(&self) -> Vec<(String, i64)> {
        let prices = self
            .rows::<(String, i64, i64)>(
                "accounting",
                "SELECT task_id, assign_fee_minor, reward_minor FROM prices",
            )
            .await;
        let price = |task: &str| {
            prices
                .iter()
                .find(|price| price.0 == task)
                .expect("a price")
        };
        let mut days = std::collections::BTreeMap::<String, i64>::new();
        let sql = "SELECT task_id, at FROM assignments";
        for (task, at) in self.rows::<(String, i64)>("tasks", sql).await {
            *days.entry(day(at)).or_default() += price(&task).1;
        }
        let sql = "SELECT id, completed_at FROM tasks WHERE status = 'completed'";
        for (task, at) in self.rows::<(String, i64)>("tasks", sql).await {
            *days.entry(day(at)).or_default() -= price(&task).2;
        }
        days.into_iter().collect()
    }

    /// What the books say.
    async fn earned(&self) -> Vec<(String, i64)> {
        let sql = "SELECT billing_day, SUM(CASE kind WHEN 'assign_fee' THEN amount_minor
                WHEN 'task_reward' THEN -amount_minor ELSE 0 END)
            FROM ledger GROUP BY billing_day ORDER BY billing_day";
        self.rows("accounting", sql).await
    }
}

fn day(at: i64) -> String {
    tidings::Timestamp::from_micros(at).to_string()[..10].to_owned()
}

/// 1. Half an hour before midnight the books go away; everything is dealt before and after
///    midnight, and some is completed.
/// 2. Half an hour after midnight they are back: what was missed is posted on its own day, and
///    only then the night's closing, which was missed too, closes that day, once.
#[tokio::test]
async fn books_that_were_away_for_an_hour_over_midnight_put_everything_on_its_own_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stage = Stage::open(&folder, true).await;
    stage.hire().await;
    stage.world.advance(11 * HOUR + 25 * MINUTE).await;
    let mut ids = Vec::new();
    for number in 0..TASKS {
        ids.push(stage.create(number).await);
    }
    stage.world.advance(5 * MINUTE).await;
    let now = stage.world.clock().now();
    drop(stage);

    let mut stage = Stage::open(&folder, false).await;
    let behind = now.since(stage.world.clock().now());
    stage.world.advance(behind).await;
    for minutes in 0..6_u32 {
        stage.shuffle().await;
        let done = ids.pop().expect("a task");
        stage.complete(done).await;
        // Three runs before midnight, three after it.
        stage.world.advance((4 + minutes * 2) * MINUTE).await;
    }
    let now = stage.world.clock().now();
    assert_eq!(day(now.as_micros()), "2026-01-02");
    drop(stage);

    let mut stage = Stage::open(&folder, true).await;
    let behind = now.since(stage.world.clock().now());
    stage.world.clock().advance(behind);
    stage.world.settle().await;
    for _ in 0..12 {
        stage.world.advance(Duration::from_secs(10)).await;
    }
    let oracle = stage.oracle().await;
    assert_eq!(oracle.len(), 2, "both days have something: {oracle:?}");
    assert_eq!(stage.earned().await, oracle);
    let late = "SELECT count(*) FROM ledger WHERE late";
    assert_eq!(
        stage.count("accounting", late).await,
        0,
        "the night has waited"
    );
    let sql = "SELECT date, status FROM billing_days";
    let closed: Vec<(String, String)> = stage.rows("accounting", sql).await;
    assert_eq!(closed, [("2026-01-01".to_owned(), "closed".to_owned())]);
    let fees = "SELECT count(*) FROM ledger WHERE kind = 'assign_fee'";
    let dealt = "SELECT count(*) FROM assignments";
    let dealt = stage.count("tasks", dealt).await;
    assert_eq!(stage.count("accounting", fees).await, dealt);
    assert!(dealt > 50, "{dealt}");
}

/// 1. While the books are away one assignment of one task becomes unreadable.
/// 2. They are back: what is readable is posted at once, the rest of that task waits behind the
///    event, which is set aside where people see it.
/// 3. Somebody discards it: what has waited is posted, and the books are right but for it.
#[tokio::test]
async fn an_event_that_nobody_can_read_holds_up_its_own_task_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stage = Stage::open(&folder, false).await;
    stage.hire().await;
    let mut ids = Vec::new();
    for number in 0..TASKS {
        ids.push(stage.create(number).await);
    }
    stage.shuffle().await;
    let tasks = stage.world.service("tasks");
    let mut tx = tasks.begin_own().await.expect("a transaction");
    let sql = "UPDATE tidings_outbox SET data = '{\"task_id\": 7}'
        WHERE type = 'task.assigned' AND key = $1 AND data LIKE '%\"created\"%'";
    let spoilt = tx.execute(sql, params![ids[3]]).await.expect("a row");
    assert_eq!(spoilt, 1);
    tx.commit().await.expect("a commit");
    drop((tasks, stage));

    let mut stage = Stage::open(&folder, true).await;
    stage.world.settle().await;
    stage.world.advance(MINUTE).await;
    let fees = "SELECT count(*) FROM ledger WHERE kind = 'assign_fee'";
    let all = i64::try_from(2 * TASKS).expect("a number");
    assert_eq!(stage.count("accounting", fees).await, all - 2);
    let books = stage.world.service("accounting");
    let aside = tidings::dead::events(&books, 10).await.expect("a list");
    let states: Vec<(&str, &str)> = aside
        .iter()
        .map(|one| (one.state.as_str(), one.event.key.as_str()))
        .collect();
    let key = ids[3].to_string();
    assert_eq!(states, [("dead", key.as_str()), ("waiting", &key)]);

    let mut tx = books.begin_own().await.expect("a transaction");
    let (by, event) = (&aside[0].subscription, &aside[0].event.id);
    let discarded = tidings::dead::discard(&mut tx, by, event, "nobody can read it").await;
    assert!(discarded.expect("it is discarded"));
    tx.commit().await.expect("a commit");
    stage.world.settle().await;
    stage.world.advance(MINUTE).await;
    assert_eq!(stage.count("accounting", fees).await, all - 1);
    let sum = "SELECT CAST(SUM(balance_minor) AS BIGINT) + (SELECT management_minor FROM books)
        FROM accounts";
    assert_eq!(stage.count("accounting", sum).await, 0);
}
