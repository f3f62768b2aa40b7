//! The real `tasks`; the test plays `auth` and `accounting`, and writes down what is told.

use std::collections::BTreeMap;

use contracts::accounting::PriceEvent;
use contracts::tasks::{AssignmentEvent, ShuffleEvent, TaskEvent};
use contracts::users::{User, UserEvent};
use contracts::{TaskId, UserId};
use serde_json::{Value, json};
use tasks::Settings;
use tidings::{
    Error, Event, FromRow, Handle, Migration, Service, Storage, Stream, Tx, Uuid, params,
};
use tidings_test::{Answer, World};

pub(crate) struct Stage {
    pub(crate) world: World,
}

/// Somebody with their roles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) roles: &'static [&'static str],
}

pub(crate) fn person(number: u128, roles: &'static [&'static str]) -> Person {
    let id = UserId::from(Uuid::from_u128(0x1000 + number));
    Person { id, roles }
}

pub(crate) fn worker(number: u128) -> Person {
    person(number, &["worker"])
}

pub(crate) fn manager() -> Person {
    person(100, &["manager"])
}

pub(crate) fn accountant() -> Person {
    person(101, &["accountant"])
}

pub(crate) fn admin() -> Person {
    person(102, &["admin"])
}

/// Somebody with an account, who buys tickets and has no part in the exchange.
pub(crate) fn buyer() -> Person {
    person(103, &[])
}

/// An event as it was heard.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub(crate) struct Heard {
    pub(crate) name: String,
    pub(crate) key: String,
    data: String,
}

impl Heard {
    pub(crate) fn data(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

async fn write_down<S: Stream>(event: Event<S>, tx: &mut Tx) -> Result<(), Error> {
    let sql = "INSERT INTO heard (place, name, key, data)
        VALUES ((SELECT count(*) FROM heard), $1, $2, $3)";
    let data = event.data.encode().unwrap();
    let row = params![event.data.event_type().name, event.data.key(), data];
    tx.execute(sql, row).await?;
    Ok(())
}

async fn hear_task(event: Event<TaskEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(event, tx).await
}

async fn hear_assignment(event: Event<AssignmentEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(event, tx).await
}

async fn hear_shuffle(event: Event<ShuffleEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(event, tx).await
}

const HEARD: Migration = Migration::new(
    "0001_heard",
    "CREATE TABLE heard (place BIGINT PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL,
        data TEXT NOT NULL)",
);

pub(crate) fn ear() -> Service {
    Service::new("ear")
        .migrations(&[HEARD])
        .subscribes("tasks", hear_task)
        .subscribes("assignments", hear_assignment)
        .subscribes("shuffles", hear_shuffle)
}

/// The services of a world, with draws that are the same each time.
pub(crate) fn services(settings: Settings) -> Vec<Service> {
    let seed = settings.seed.or(Some(1));
    vec![
        tasks::service(Settings { seed, ..settings }),
        Service::new("auth").publishes::<UserEvent>(),
        Service::new("accounting").publishes::<PriceEvent>(),
        ear(),
    ]
}

impl Stage {
    /// With some workers, a manager, an admin and a buyer. Of the accountant a test tells that
    /// wants tasks to fall to them.
    pub(crate) async fn with(workers: u128) -> Self {
        Self::on(Storage::Memory, Settings::default(), workers).await
    }

    pub(crate) async fn on(storage: Storage, settings: Settings, workers: u128) -> Self {
        let world = World::on(storage, services(settings)).await;
        let mut stage = Self { world };
        stage.everybody(workers).await;
        stage
    }

    /// Tells of everybody's account.
    pub(crate) async fn everybody(&mut self, workers: u128) {
        let others = [manager(), admin(), buyer()];
        for one in (1..=workers).map(worker).chain(others) {
            self.change_account(one, 1, false).await;
        }
        self.world.settle().await;
    }

    /// Tells of an account as it is now.
    pub(crate) async fn change_account(&mut self, of: Person, version: u64, disabled: bool) {
        let number = of.id.uuid().as_u128() - 0x1000;
        let user = User {
            user_id: of.id,
            email: format!("{number}@example.com"),
            name: format!("Person {number}"),
            roles: of.roles.iter().map(|&role| role.to_owned()).collect(),
            disabled,
            version,
        };
        let event = match version {
            1 => UserEvent::Created(user),
            _ => UserEvent::Updated(user),
        };
        self.tell("auth", event).await;
    }

    /// Publishes an event as the service that owns its stream, and lets it arrive.
    pub(crate) async fn tell<S: Stream>(&mut self, owner: &str, event: S) {
        let mut tx = self.world.service(owner).begin_own().await.unwrap();
        tx.publish(event).unwrap();
        tx.commit().await.unwrap();
        self.world.settle().await;
    }

    pub(crate) async fn post(&self, by: Person, path: &str, body: Value) -> Answer {
        let token = self.world.token(by.id.uuid(), by.roles);
        self.world.send("POST", path, Some(&token), body).await
    }

    pub(crate) async fn get(&self, by: Person, path: &str) -> Answer {
        let token = self.world.token(by.id.uuid(), by.roles);
        self.world.get(path, Some(&token)).await
    }

    /// Creates a task; says its id and whose it is.
    pub(crate) async fn create(&self, title: &str) -> (TaskId, Person) {
        let answer = self
            .post(manager(), "/api/tasks", json!({ "title": title }))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        (id_of(&answer.json), holder_of(&answer.json))
    }

    pub(crate) async fn create_many(&self, many: u32) -> Vec<TaskId> {
        let mut ids = Vec::new();
        for number in 1..=many {
            ids.push(self.create(&format!("Task {number}")).await.0);
        }
        ids
    }

    pub(crate) async fn complete(&self, by: Person, id: TaskId) -> Answer {
        let path = format!("/api/tasks/{id}/complete");
        self.post(by, &path, Value::Null).await
    }

    /// Asks for a shuffle; says where it can be followed.
    pub(crate) async fn ask_to_shuffle(&self) -> String {
        let answer = self
            .post(manager(), "/api/tasks/shuffle", Value::Null)
            .await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let id = answer.json["job_id"].as_str().unwrap();
        format!("/api/tasks/shuffles/{id}")
    }

    /// Shuffles, and says what has become of it.
    pub(crate) async fn shuffle(&mut self) -> Value {
        let path = self.ask_to_shuffle().await;
        self.world.settle().await;
        self.get(manager(), &path).await.json
    }

    /// The task as it stands now.
    pub(crate) async fn task(&self, id: TaskId) -> Value {
        self.get(manager(), &format!("/api/tasks/{id}")).await.json
    }

    /// Who holds each of some tasks.
    pub(crate) async fn holders(&self, ids: &[TaskId]) -> BTreeMap<String, Value> {
        let mut holders = BTreeMap::new();
        for id in ids {
            let task = self.task(*id).await;
            holders.insert(id.to_string(), task["assignee"]["id"].clone());
        }
        holders
    }

    /// What was told, in order for each task.
    pub(crate) async fn heard(&mut self) -> Vec<Heard> {
        self.world.settle().await;
        heard(&self.world.service("ear")).await
    }

    /// What was told of one name.
    pub(crate) async fn heard_of(&mut self, name: &str) -> Vec<Value> {
        let all = self.heard().await.into_iter();
        let of_name = all.filter(|heard| heard.name == name);
        of_name.map(|heard| heard.data()).collect()
    }
}

pub(crate) async fn heard(ear: &Handle) -> Vec<Heard> {
    let sql = "SELECT name, key, data FROM heard ORDER BY place";
    ear.read().await.unwrap().query(sql, &[]).await.unwrap()
}

pub(crate) fn id_of(task: &Value) -> TaskId {
    task["id"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn holder_of(task: &Value) -> Person {
    let id: UserId = task["assignee"]["id"].as_str().unwrap().parse().unwrap();
    worker(id.uuid().as_u128() - 0x1000)
}
