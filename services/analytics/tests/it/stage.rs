//! A world with the real `analytics`; the test plays `auth`, `tasks` and `accounting`.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::accounting::{BillingDayEvent, TransactionEvent, TransactionKind};
use contracts::calendar::{BillingDay, Calendar};
use contracts::tasks::{TaskEvent, TaskRecord, TaskStatus};
use contracts::users::{User, UserEvent};
use contracts::{TaskId, TransactionId, UserId};
use proptest::prelude::{ProptestConfig, Strategy};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use tidings::projection::{Rebuild, rebuild};
use tidings::{Context, Handle, Service, Storage, Stream, Timestamp, Uuid, dead};
use tidings_test::{Answer, World};

pub(crate) const DAY: Duration = Duration::from_secs(86_400);
/// The day on which every world begins, at noon.
pub(crate) const TODAY: &str = "2026-01-01";

pub(crate) struct Stage {
    pub(crate) world: World,
    books: Books,
}

/// What `accounting` would know: balances, and the next number of an entry.
#[derive(Default)]
struct Books {
    balances: BTreeMap<u128, i64>,
    entries: u128,
}

/// Those who write what is counted.
pub(crate) fn others() -> [Service; 3] {
    [
        Service::new("auth").publishes::<UserEvent>(),
        Service::new("tasks").publishes::<TaskEvent>(),
        Service::new("accounting")
            .publishes::<TransactionEvent>()
            .publishes::<BillingDayEvent>(),
    ]
}

pub(crate) fn services(calendar: &Calendar) -> Vec<Service> {
    let mut all = vec![analytics::service(calendar.clone())];
    all.extend(others());
    all
}

pub(crate) fn user(number: u128) -> UserId {
    UserId::from(Uuid::from_u128(0x1000 + number))
}

pub(crate) fn task(number: u128) -> TaskId {
    TaskId::from(Uuid::from_u128(0x2000 + number))
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(crate) fn day(text: &str) -> BillingDay {
    text.parse().expect("a day")
}

pub(crate) fn person(number: u128, name: &str, role: &str) -> User {
    User {
        user_id: user(number),
        email: format!("{}@example.com", name.to_lowercase()),
        name: name.to_owned(),
        roles: vec![role.to_owned()],
        disabled: false,
        version: 1,
    }
}

pub(crate) fn record(number: u128, title: &str, version: u64) -> TaskRecord {
    TaskRecord {
        task_id: task(number),
        jira_id: None,
        title: title.to_owned(),
        description: String::new(),
        assignee_id: user(1),
        status: TaskStatus::Completed,
        created_by: user(9),
        created_at: at("2026-01-01T12:00:00Z"),
        completed_at: None,
        version,
    }
}

/// A movement of money: kind, whose, about which task, how much, counted for which day.
#[derive(Clone, Copy)]
pub(crate) struct Movement {
    pub(crate) kind: TransactionKind,
    pub(crate) who: u128,
    pub(crate) task: Option<u128>,
    pub(crate) minor: i64,
    pub(crate) at: Timestamp,
    /// None is the day of Greenwich on which it happened.
    pub(crate) billing_day: Option<BillingDay>,
}

impl Books {
    fn post(&mut self, movement: &Movement) -> TransactionEvent {
        let is_given = movement.kind == TransactionKind::TaskReward;
        let delta = if is_given {
            movement.minor
        } else {
            -movement.minor
        };
        let balance = self.balances.entry(movement.who).or_default();
        *balance += delta;
        self.entries += 1;
        let own = Calendar::utc().day_of(movement.at);
        let billing_day = movement.billing_day.unwrap_or(own);
        TransactionEvent::Applied {
            transaction_id: TransactionId::from(Uuid::from_u128(0x5000 + self.entries)),
            account_id: user(movement.who),
            kind: movement.kind,
            debit_minor: (-delta).max(0),
            credit_minor: delta.max(0),
            task_id: movement.task.map(task),
            billing_day,
            at: movement.at,
            late: billing_day != own,
            balance_after_minor: *balance,
        }
    }

    fn in_the_red(&self) -> u64 {
        let owing = self.balances.values().filter(|&&minor| minor < 0);
        owing.count() as u64
    }
}

/// Runs a story with many histories.
pub(crate) fn with_histories<S: Strategy>(
    cases: u32,
    histories: &S,
    story: impl AsyncFn(S::Value),
) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let told = TestRunner::new(config).run(histories, |history| {
        runtime.block_on(story(history));
        Ok(())
    });
    told.unwrap();
}

/// Publishes events with one transaction of the service that owns their stream.
pub(crate) async fn publish<S: Stream>(service: &Handle, events: Vec<S>) {
    let context = Context {
        actor: "service:test".to_owned(),
        correlation_id: "test".to_owned(),
        causation_id: None,
    };
    let mut tx = service.begin(context).await.unwrap();
    for event in events {
        tx.publish(event).unwrap();
    }
    tx.commit().await.unwrap();
}

impl Stage {
    pub(crate) async fn on(storage: Storage) -> Self {
        Self::with(storage, Calendar::utc()).await
    }

    pub(crate) async fn with(storage: Storage, calendar: Calendar) -> Self {
        let world = World::on(storage, services(&calendar)).await;
        Self::in_world(world)
    }

    pub(crate) fn in_world(world: World) -> Self {
        let books = Books::default();
        Self { world, books }
    }

    /// A world with Ann and Ben, who work, and Mia, who manages.
    pub(crate) async fn with_people(storage: Storage) -> Self {
        let mut stage = Self::on(storage).await;
        let people = [
            person(1, "Ann", "worker"),
            person(2, "Ben", "worker"),
            person(9, "Mia", "manager"),
        ];
        let created = people.map(UserEvent::Created);
        stage.tell("auth", created.into()).await;
        stage
    }

    pub(crate) fn service(&self) -> Handle {
        self.world.service("analytics")
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.clock().now()
    }

    pub(crate) async fn tell<S: Stream>(&mut self, service: &str, events: Vec<S>) {
        publish(&self.world.service(service), events).await;
        self.world.settle().await;
    }

    /// What is counted may hear of it later: nothing settles here.
    pub(crate) async fn post(&mut self, movements: &[Movement]) {
        let events = movements.iter().map(|one| self.books.post(one)).collect();
        publish::<TransactionEvent>(&self.world.service("accounting"), events).await;
    }

    pub(crate) async fn fee(&mut self, who: u128, minor: i64, at: Timestamp) {
        let movement = Movement {
            kind: TransactionKind::AssignFee,
            who,
            task: Some(0),
            minor,
            at,
            billing_day: None,
        };
        self.post(&[movement]).await;
        self.world.settle().await;
    }

    /// Somebody has done a task.
    pub(crate) async fn reward(&mut self, who: u128, number: u128, minor: i64, at: Timestamp) {
        self.reward_on(who, number, minor, at, None).await;
    }

    /// Somebody has done a task whose reward counts for another day.
    pub(crate) async fn reward_on(
        &mut self,
        who: u128,
        number: u128,
        minor: i64,
        at: Timestamp,
        billing_day: Option<BillingDay>,
    ) {
        let movement = Movement {
            kind: TransactionKind::TaskReward,
            who,
            task: Some(number),
            minor,
            at,
            billing_day,
        };
        self.post(&[movement]).await;
        self.world.settle().await;
    }

    /// A day ends: whoever has something is paid.
    pub(crate) async fn close(&mut self, date: &str, management_earned_minor: i64) {
        let date = day(date);
        let owed: Vec<(u128, i64)> = self.books.balances.clone().into_iter().collect();
        let paid = owed.into_iter().filter(|(_, minor)| *minor > 0);
        let at = Calendar::utc().last_moment_of(date);
        let payout = |(who, minor)| Movement {
            kind: TransactionKind::Payout,
            who,
            task: None,
            minor,
            at,
            billing_day: Some(date),
        };
        let payouts: Vec<Movement> = paid.map(payout).collect();
        self.post(&payouts).await;
        let closed = BillingDayEvent::Closed {
            date,
            management_earned_minor,
            accounts_paid: payouts.len() as u64,
            accounts_negative: self.books.in_the_red(),
            total_paid_minor: payouts.iter().map(|one| one.minor).sum(),
        };
        self.tell("accounting", vec![closed]).await;
    }

    pub(crate) fn token(&self, who: u128, roles: &[&str]) -> String {
        self.world.token(user(who).uuid(), roles)
    }

    pub(crate) async fn get(&self, roles: &[&str], path: &str) -> Answer {
        let token = self.token(90, roles);
        self.world.get(path, Some(&token)).await
    }

    /// Asks as an administrator.
    pub(crate) async fn look(&self, path: &str) -> Value {
        let answer = self.get(&["admin"], path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json
    }

    /// Every row of every table of the projection.
    pub(crate) async fn figures(&self) -> BTreeMap<&'static str, Vec<String>> {
        let mut conn = self.service().read().await.unwrap();
        let mut all = BTreeMap::new();
        for (table, columns) in [
            (
                "people",
                "id || email || name || CAST(is_dealt_to AS INTEGER) || version",
            ),
            ("tasks", "id || title || COALESCE(jira_id, '-') || version"),
            ("balances", "account_id || ':' || balance_minor"),
            (
                "earnings",
                "account_id || billing_day || ':' || fees_minor || ':' || rewards_minor",
            ),
            (
                "completions",
                "task_id || ':' || reward_minor || ':' || completed_at",
            ),
            (
                "closed_days",
                "date || ':' || management_earned_minor || ':' || popugs_negative",
            ),
            ("applied", "stream || ':' || slot || ':' || events"),
        ] {
            let sql = format!("SELECT {columns} AS line FROM {table} ORDER BY line");
            let rows: Vec<(String,)> = conn.query(&sql, &[]).await.unwrap();
            all.insert(table, rows.into_iter().map(|(line,)| line).collect());
        }
        all
    }

    /// Builds the figures anew of all events; nothing may be left over.
    pub(crate) async fn rebuild(&self) {
        let what = Rebuild::of("figures");
        let rebuilt = rebuild(self.world.installation(), &what, |_| {}).await;
        assert_eq!(rebuilt.unwrap().parked, 0);
    }

    /// Nothing was set aside.
    pub(crate) async fn ends_well(&self) {
        for service in self.world.installation().handles() {
            let parked = dead::events(service, 10).await.unwrap();
            assert!(parked.is_empty(), "{parked:?}");
        }
    }
}
