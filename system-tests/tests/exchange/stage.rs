//! A world with the real services of the task exchange.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::calendar::Calendar;
use contracts::tasks::{AssignmentEvent, AssignmentReason, TaskEvent};
use contracts::users::{User, UserEvent};
use contracts::{TaskId, UserId};
use serde_json::{Value, json};
use tasks::Records;
use tidings::projection::{Rebuild, rebuild};
use tidings::{Service, Storage, Stream, Timestamp, Uuid, dead};
use tidings_test::World;

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
/// So many people work.
pub(crate) const WORKERS: u128 = 4;
const MANAGER: u128 = 90;

pub(crate) struct Exchange {
    pub(crate) world: World,
}

/// The services that count, and those that the test plays.
pub(crate) fn counting(calendar: &Calendar) -> Vec<Service> {
    let books = accounting::Settings::default().prices_seed(42);
    vec![
        accounting::service(books.calendar(calendar.clone())),
        analytics::service(calendar.clone()),
        notifications::service(notifications::Settings::mailbox()),
        Service::new("auth").publishes::<UserEvent>(),
    ]
}

/// All of the exchange; tasks are told of in that version.
pub(crate) fn services(calendar: &Calendar, records: Records) -> Vec<Service> {
    let settings = tasks::Settings {
        seed: Some(7),
        records,
        ..tasks::Settings::default()
    };
    let mut all = counting(calendar);
    all.push(tasks::service(settings));
    all
}

pub(crate) fn person(number: u128) -> UserId {
    UserId::from(Uuid::from_u128(0x1000 + number))
}

fn record(number: u128, role: &str) -> User {
    User {
        user_id: person(number),
        email: format!("{number}@example.com"),
        name: format!("Person {number}"),
        roles: vec![role.to_owned()],
        disabled: false,
        version: 1,
    }
}

/// A new task falls to somebody.
pub(crate) fn assigned(task_id: TaskId, assignee_id: UserId, at: Timestamp) -> AssignmentEvent {
    AssignmentEvent::Assigned {
        task_id,
        assignee_id,
        previous_assignee_id: None,
        reason: AssignmentReason::Created,
        shuffle_id: None,
        assignment_no: 1,
        at,
    }
}

impl Exchange {
    pub(crate) async fn open(storage: Storage, services: Vec<Service>) -> Self {
        let world = World::on(storage, services).await;
        Self { world }
    }

    /// Workers and a manager have signed up.
    pub(crate) async fn staff(&mut self) {
        let workers = (1..=WORKERS).map(|number| record(number, "worker"));
        let everybody = workers.chain([record(MANAGER, "manager")]);
        let events = everybody.map(UserEvent::Created).collect();
        self.tell("auth", events).await;
    }

    pub(crate) async fn tell<S: Stream>(&mut self, owner: &str, events: Vec<S>) {
        let mut tx = self.world.service(owner).begin_own().await.unwrap();
        for event in events {
            tx.publish(event).unwrap();
        }
        tx.commit().await.unwrap();
        self.world.settle().await;
    }

    async fn post(&mut self, who: UserId, role: &str, path: &str, body: Value) -> Value {
        let token = self.world.token(who.uuid(), &[role]);
        let answer = self.world.send("POST", path, Some(&token), body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        self.world.settle().await;
        answer.json
    }

    /// A manager writes a task down; gives it, with whom it fell to.
    pub(crate) async fn create(&mut self, title: &str, jira_id: Option<&str>) -> Value {
        let body = json!({ "title": title, "jira_id": jira_id });
        self.post(person(MANAGER), "manager", "/api/tasks", body)
            .await
    }

    pub(crate) async fn shuffle(&mut self) {
        let manager = person(MANAGER);
        self.post(manager, "manager", "/api/tasks/shuffle", Value::Null)
            .await;
    }

    /// Whoever has the task now completes it.
    pub(crate) async fn complete(&mut self, task: &Value) {
        let id = task["id"].as_str().unwrap();
        let token = self.world.token(person(MANAGER).uuid(), &["manager"]);
        let path = format!("/api/tasks/{id}");
        let now = self.world.get(&path, Some(&token)).await.json;
        let holder: Uuid = now["assignee"]["id"].as_str().unwrap().parse().unwrap();
        let path = format!("{path}/complete");
        self.post(holder.into(), "worker", &path, Value::Null).await;
    }

    pub(crate) async fn close(&mut self, day: &str) {
        let path = format!("/api/accounting/days/{day}/close");
        self.post(person(91), "admin", &path, Value::Null).await;
    }

    /// Asks as an administrator.
    pub(crate) async fn look(&self, path: &str) -> Value {
        let token = self.world.token(person(91).uuid(), &["admin"]);
        let answer = self.world.get(path, Some(&token)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json
    }

    /// Lines that a statement gives, each of one text, in order.
    pub(crate) async fn lines(&self, service: &str, sql: &str) -> Vec<String> {
        let mut conn = self.world.service(service).read().await.unwrap();
        let sql = format!("SELECT line FROM ({sql}) lines ORDER BY line");
        let rows: Vec<(String,)> = conn.query(&sql, &[]).await.unwrap();
        rows.into_iter().map(|(line,)| line).collect()
    }

    /// All figures of analytics, without how many events they are of.
    pub(crate) async fn figures(&self) -> BTreeMap<&'static str, Vec<String>> {
        let tables = [
            (
                "people",
                "id || name || email || CAST(is_dealt_to AS INTEGER) || version",
            ),
            (
                "tasks",
                "id || ' ' || title || ' ' || COALESCE(jira_id, '-')",
            ),
            ("balances", "account_id || ' ' || balance_minor"),
            (
                "earnings",
                "account_id || ' ' || billing_day || ' ' || fees_minor || ' ' || rewards_minor",
            ),
            (
                "completions",
                "task_id || ' ' || reward_minor || ' ' || completed_at",
            ),
            (
                "closed_days",
                "date || ' ' || management_earned_minor || ' ' || popugs_negative",
            ),
        ];
        let mut figures = BTreeMap::new();
        for (table, columns) in tables {
            let sql = format!("SELECT {columns} AS line FROM {table}");
            figures.insert(table, self.lines("analytics", &sql).await);
        }
        figures
    }

    /// Every movement in the books, with what its task is called there.
    pub(crate) async fn movements(&self) -> Vec<String> {
        let sql = "SELECT l.kind || ' ' || l.account_id || ' ' || l.amount_minor || ' '
                || l.billing_day || ' ' || COALESCE(l.task_id, '-') || ' '
                || COALESCE(t.title, '-') || ' ' || COALESCE(t.jira_id, '-') AS line
            FROM ledger l LEFT JOIN tasks t ON t.id = l.task_id";
        self.lines("accounting", sql).await
    }

    /// Builds the figures anew of all events.
    pub(crate) async fn rebuild(&self) {
        let what = Rebuild::of("figures");
        let rebuilt = rebuild(self.world.installation(), &what, |_| {}).await;
        assert_eq!(rebuilt.unwrap().parked, 0);
    }

    /// Nothing was set aside, and the books are right.
    pub(crate) async fn ends_well(&self) {
        for service in self.world.installation().handles() {
            let name = service.name();
            let dead_events = dead::events(service, 10).await.unwrap();
            assert!(dead_events.is_empty(), "{name}: {dead_events:?}");
            let dead_jobs = dead::jobs(service, 10).await.unwrap();
            assert!(dead_jobs.is_empty(), "{name}: {dead_jobs:?}");
        }
        let check = self.look("/api/accounting/check").await;
        assert_eq!(check["is_right"], true, "{check}");
    }
}

/// A service that tells of tasks what the test says.
pub(crate) fn told_tasks() -> Service {
    Service::new("tasks")
        .publishes::<TaskEvent>()
        .publishes::<AssignmentEvent>()
}
