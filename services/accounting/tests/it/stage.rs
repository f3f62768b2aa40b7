//! A world with the real `accounting`; the test plays `auth`, `tasks` and `notifications`.

use std::time::Duration;

use accounting::Settings;
use contracts::accounting::{BillingDayEvent, PayoutEvent, PriceEvent, TransactionEvent};
use contracts::notifications::{Recipient, SendEmail};
use contracts::tasks::{AssignmentEvent, AssignmentReason, TaskEvent, TaskRecord, TaskStatus};
use contracts::users::{User, UserEvent};
use contracts::{ShuffleId, TaskId, UserId};
use serde_json::{Value, json};
use tidings::{
    Context, Error, Event, FromRow, Handle, Migration, Received, Service, Storage, Stream,
    Timestamp, Tx, Uuid, params,
};
use tidings_test::{Answer, World};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);
/// The day on which every world begins, at noon.
pub(crate) const TODAY: &str = "2026-01-01";
pub(crate) const SEED: u64 = 42;

pub(crate) struct Stage {
    pub(crate) world: World,
}

/// Keeps everything that the books tell: the name and the whole event.
fn ear() -> Service {
    const HEARD: Migration = Migration::new(
        "0001_heard",
        "CREATE TABLE heard (place BIGINT PRIMARY KEY, name TEXT, data TEXT)",
    );
    async fn hear<S: Stream>(event: Event<S>, tx: &mut Tx) -> Result<(), Error> {
        let sql = "INSERT INTO heard VALUES ((SELECT count(*) FROM heard), $1, $2)";
        let data = event.data.encode().expect("an event is JSON");
        tx.execute(sql, params![event.data.event_type().name, data])
            .await?;
        Ok(())
    }
    Service::new("ear")
        .migrations(&[HEARD])
        .subscribes("all", hear::<PriceEvent>)
        .subscribes("all", hear::<TransactionEvent>)
        .subscribes("all", hear::<BillingDayEvent>)
        .subscribes("all", hear::<PayoutEvent>)
}

/// Keeps every message that it is asked to send.
fn letterbox() -> Service {
    const LETTERS: Migration = Migration::new(
        "0001_letters",
        "CREATE TABLE letters (id TEXT PRIMARY KEY, reader TEXT, subject TEXT, body TEXT)",
    );
    async fn keep(command: Received<SendEmail>, tx: &mut Tx) -> Result<(), Error> {
        let SendEmail {
            message_id,
            to: Recipient::User(reader),
            subject,
            text,
        } = command.data
        else {
            panic!("the books write to accounts");
        };
        let sql = "INSERT INTO letters VALUES ($1, $2, $3, $4)";
        tx.execute(sql, params![message_id, reader, subject, text])
            .await?;
        Ok(())
    }
    Service::new("notifications")
        .migrations(&[LETTERS])
        .handles(keep)
}

/// A letter: to whom, subject, text.
pub(crate) type Letter = (UserId, String, String);

/// Those who write what the books read.
pub(crate) fn others() -> [Service; 2] {
    [
        Service::new("auth").publishes::<UserEvent>(),
        Service::new("tasks")
            .publishes::<TaskEvent>()
            .publishes::<AssignmentEvent>(),
    ]
}

pub(crate) fn settings() -> Settings {
    Settings::default().prices_seed(SEED)
}

pub(crate) fn services(settings: Settings) -> Vec<Service> {
    let mut all = vec![accounting::service(settings), ear(), letterbox()];
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

pub(crate) fn person(number: u128, name: &str, role: &str, version: u64) -> User {
    User {
        user_id: user(number),
        email: format!("{}@example.com", name.to_lowercase()),
        name: name.to_owned(),
        roles: vec![role.to_owned()],
        disabled: false,
        version,
    }
}

pub(crate) fn record(number: u128, title: &str, version: u64) -> TaskRecord {
    TaskRecord {
        task_id: task(number),
        jira_id: None,
        title: title.to_owned(),
        description: String::new(),
        assignee_id: user(1),
        status: TaskStatus::Open,
        created_by: user(9),
        created_at: at("2026-01-01T12:00:00Z"),
        completed_at: None,
        version,
    }
}

pub(crate) fn added(number: u128, at: Timestamp) -> AssignmentEvent {
    AssignmentEvent::Added {
        task_id: task(number),
        created_by: user(9),
        at,
    }
}

/// The first time a task falls to somebody it is new, later it is dealt.
pub(crate) fn assigned(number: u128, who: u128, no: u64, at: Timestamp) -> AssignmentEvent {
    let is_new = no == 1;
    AssignmentEvent::Assigned {
        task_id: task(number),
        assignee_id: user(who),
        previous_assignee_id: (!is_new).then(|| user(8)),
        reason: match is_new {
            true => AssignmentReason::Created,
            false => AssignmentReason::Shuffle,
        },
        shuffle_id: (!is_new).then(|| ShuffleId::from(Uuid::from_u128(0x3000 + u128::from(no)))),
        assignment_no: no,
        at,
    }
}

pub(crate) fn completed(number: u128, who: u128, completed_at: Timestamp) -> AssignmentEvent {
    AssignmentEvent::Completed {
        task_id: task(number),
        assignee_id: user(who),
        completed_at,
    }
}

/// Publishes events with one transaction of the service that owns their stream.
pub(crate) async fn publish<S: Stream>(service: &Handle, actor: u128, events: Vec<S>) {
    let context = Context {
        actor: format!("user:{}", user(actor)),
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
        Self::with(storage, settings()).await
    }

    pub(crate) async fn with(storage: Storage, settings: Settings) -> Self {
        let world = World::on(storage, services(settings)).await;
        Self { world }
    }

    /// A world with Ann and Ben, who work, and Mia, who manages.
    pub(crate) async fn with_people(storage: Storage) -> Self {
        let mut stage = Self::on(storage).await;
        stage.people().await;
        stage
    }

    pub(crate) async fn people(&mut self) {
        let people = [
            person(1, "Ann", "worker", 1),
            person(2, "Ben", "worker", 1),
            person(9, "Mia", "manager", 1),
        ];
        for one in people {
            self.meet(one).await;
        }
    }

    pub(crate) fn service(&self) -> Handle {
        self.world.service("accounting")
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.clock().now()
    }

    pub(crate) async fn meet(&mut self, user: User) {
        let event = match user.version {
            1 => UserEvent::Created(user),
            _ => UserEvent::Updated(user),
        };
        publish(&self.world.service("auth"), 9, vec![event]).await;
        self.world.settle().await;
    }

    /// Tells what happened to tasks, with one transaction.
    pub(crate) async fn tell<S: Stream>(&mut self, events: Vec<S>) {
        publish(&self.world.service("tasks"), 9, events).await;
        self.world.settle().await;
    }

    /// A task appears now, falls to somebody, and is done now, if it is.
    pub(crate) async fn work(&mut self, number: u128, who: u128, is_done: bool) {
        let now = self.now();
        self.work_at(number, who, is_done, now).await;
    }

    pub(crate) async fn work_at(&mut self, number: u128, who: u128, is_done: bool, at: Timestamp) {
        let title = format!("Task {number}");
        self.tell(vec![TaskEvent::Created(record(number, &title, 1))])
            .await;
        let mut events = vec![added(number, at), assigned(number, who, 1, at)];
        if is_done {
            events.push(completed(number, who, at.plus(Duration::from_micros(1))));
        }
        self.tell(events).await;
    }

    pub(crate) async fn advance(&mut self, span: Duration) {
        self.world.advance(span).await;
    }

    /// Lets the night's closing run: it looks every ten seconds until the books are quiet.
    pub(crate) async fn rest(&mut self) {
        for _ in 0..4 {
            self.advance(Duration::from_secs(10)).await;
        }
    }

    pub(crate) fn token(&self, who: u128, roles: &[&str]) -> String {
        self.world.token(user(who).uuid(), roles)
    }

    pub(crate) async fn get(&self, who: u128, roles: &[&str], path: &str) -> Answer {
        let token = self.token(who, roles);
        self.world.get(path, Some(&token)).await
    }

    /// Asks as an accountant.
    pub(crate) async fn look(&self, path: &str) -> Value {
        let answer = self.get(90, &["accountant"], path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json
    }

    /// Closes a day as an administrator does.
    pub(crate) async fn close(&mut self, day: &str) -> Answer {
        let token = self.token(91, &["admin"]);
        let path = format!("/api/accounting/days/{day}/close");
        let answer = self
            .world
            .send("POST", &path, Some(&token), Value::Null)
            .await;
        self.world.settle().await;
        answer
    }

    pub(crate) async fn balance(&self, who: u128) -> i64 {
        let account = self.get(who, &["worker"], "/api/accounts/me").await;
        account.json["balance_minor"].as_i64().expect("a balance")
    }

    /// What a task costs and brings.
    pub(crate) async fn price(&self, number: u128) -> (i64, i64) {
        let sql = "SELECT assign_fee_minor, reward_minor FROM prices WHERE task_id = $1";
        let mut conn = self.service().read().await.unwrap();
        conn.query_one(sql, params![task(number)]).await.unwrap()
    }

    pub(crate) async fn rows<T: FromRow>(&self, sql: &str) -> Vec<T> {
        let mut conn = self.service().read().await.unwrap();
        conn.query(sql, &[]).await.unwrap()
    }

    /// Lines of an account, oldest first: kind, what it changed, the day, whether it was late.
    pub(crate) async fn lines(&self, who: u128) -> Vec<(String, i64, String, bool)> {
        let path = format!("/api/accounts/{}/log?limit=200", user(who));
        let lines = self.look(&path).await;
        let lines = lines.as_array().expect("a list").iter().rev();
        let line = |line: &Value| {
            let number = |name: &str| line[name].as_i64().expect("a number");
            let text = |name: &str| line[name].as_str().expect("a text").to_owned();
            let delta = number("credit_minor") - number("debit_minor");
            let late = line["late"].as_bool().expect("a flag");
            (text("kind"), delta, text("billing_day"), late)
        };
        lines.map(line).collect()
    }

    /// Everything of a name that the books have told.
    pub(crate) async fn heard(&self, name: &str) -> Vec<Value> {
        let mut conn = self.world.service("ear").read().await.unwrap();
        let sql = "SELECT data FROM heard WHERE name = $1 ORDER BY place";
        let rows: Vec<(String,)> = conn.query(sql, params![name]).await.unwrap();
        let data = rows.into_iter();
        data.map(|(data,)| serde_json::from_str(&data).expect("JSON"))
            .collect()
    }

    /// Everything that people were written, in the order of their names.
    pub(crate) async fn letters(&self) -> Vec<Letter> {
        let mut conn = self.world.service("notifications").read().await.unwrap();
        let sql = "SELECT reader, subject, body FROM letters ORDER BY reader, id";
        conn.query(sql, &[]).await.unwrap()
    }

    /// Both sides of everything add up, and nothing is left over.
    pub(crate) async fn ends_well(&self) {
        let check = self.look("/api/accounting/check").await;
        assert_eq!(check["is_right"], true, "{check}");
        for service in self.world.installation().handles() {
            let parked = tidings::dead::events(service, 10).await.unwrap();
            assert!(parked.is_empty(), "{parked:?}");
            assert!(tidings::dead::jobs(service, 10).await.unwrap().is_empty());
        }
    }
}

/// What a day has come to: status, management's earnings, people paid, in the red, paid.
pub(crate) fn day_in_short(day: &Value) -> Value {
    json!([
        day["status"],
        day["management_earned_minor"],
        day["accounts_paid"],
        day["accounts_negative"],
        day["total_paid_minor"],
    ])
}
