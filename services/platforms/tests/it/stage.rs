//! The real `platforms`; the test plays `auth`, and writes down what is told.

use axum::body::Body;
use axum::http::{HeaderName, Request, header};
use contracts::UserId;
use contracts::platforms::{ImportEvent, PlatformEvent, RegisterEvent};
use contracts::users::{User, UserEvent};
use serde_json::{Value, json};
use tidings::{
    Error, Event, FromRow, Handle, Migration, Service, Storage, Stream, Timestamp, Tx, Uuid, params,
};
use tidings_test::{Answer, World};

pub(crate) use tidings_test::on_both;

pub(crate) struct Stage {
    pub(crate) world: World,
}

/// Somebody with their roles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) roles: &'static [&'static str],
}

pub(crate) fn person(number: u128, roles: &'static [&'static str]) -> Person {
    let id = UserId::from(Uuid::from_u128(0x1000 + number));
    Person { id, roles }
}

pub(crate) fn infra() -> Person {
    person(1, &["infrastructure"])
}

pub(crate) fn accountant() -> Person {
    person(2, &["accountant"])
}

pub(crate) fn support() -> Person {
    person(3, &["support"])
}

pub(crate) fn engineer() -> Person {
    person(4, &["engineering"])
}

pub(crate) fn admin() -> Person {
    person(5, &["admin"])
}

/// Somebody with an account and no part in the register.
pub(crate) fn buyer() -> Person {
    person(6, &["operator", "worker"])
}

pub(crate) fn everybody() -> [Person; 6] {
    [
        infra(),
        accountant(),
        support(),
        engineer(),
        admin(),
        buyer(),
    ]
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

async fn hear_platform(event: Event<PlatformEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(event, tx).await
}

async fn hear_register(event: Event<RegisterEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(event, tx).await
}

async fn hear_import(event: Event<ImportEvent>, tx: &mut Tx) -> Result<(), Error> {
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
        .subscribes("platforms", hear_platform)
        .subscribes("register", hear_register)
        .subscribes("platform_imports", hear_import)
}

/// The services of a world.
pub(crate) fn services() -> Vec<Service> {
    vec![
        platforms::service(),
        Service::new("auth").publishes::<UserEvent>(),
        ear(),
    ]
}

impl Stage {
    /// In memory, with everybody's account told.
    pub(crate) async fn new() -> Self {
        Self::on(Storage::Memory).await
    }

    pub(crate) async fn on(storage: Storage) -> Self {
        let world = World::on(storage, services()).await;
        let mut stage = Self { world };
        for one in everybody() {
            stage.change_account(one, 1, false).await;
        }
        stage
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

    pub(crate) async fn send(&self, by: Person, method: &str, path: &str, body: Value) -> Answer {
        let token = self.world.token(by.id.uuid(), by.roles);
        self.world.send(method, path, Some(&token), body).await
    }

    /// The same with a header more, such as `If-Match`.
    pub(crate) async fn send_with(
        &self,
        by: Person,
        (method, path): (&str, &str),
        (name, value): (HeaderName, &str),
        body: Value,
    ) -> Answer {
        self.world
            .call(self.request(by, (method, path), (name, value), body))
            .await
    }

    /// A request that is not sent yet, for those that shall run at once.
    pub(crate) fn request(
        &self,
        by: Person,
        (method, path): (&str, &str),
        (name, value): (HeaderName, &str),
        body: Value,
    ) -> Request<Body> {
        let token = self.world.token(by.id.uuid(), by.roles);
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(name, value)
            .body(Body::from(body.to_string()))
            .unwrap()
    }

    pub(crate) async fn post(&self, by: Person, path: &str, body: Value) -> Answer {
        self.send(by, "POST", path, body).await
    }

    pub(crate) async fn patch(&self, by: Person, path: &str, body: Value) -> Answer {
        self.send(by, "PATCH", path, body).await
    }

    pub(crate) async fn get(&self, by: Person, path: &str) -> Answer {
        self.send(by, "GET", path, Value::Null).await
    }

    /// Brings a platform into the register by infrastructure; says what was answered.
    pub(crate) async fn create(&self, body: Value) -> Value {
        let answer = self.post(infra(), "/api/platforms", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json
    }

    /// The same, of a name alone.
    pub(crate) async fn create_named(&self, name: &str) -> Value {
        self.create(json!({"name": name, "publisher": "Acme"}))
            .await
    }

    /// A team, straight into its table.
    pub(crate) async fn team(&self, name: &str) -> Uuid {
        let service = self.world.service("platforms");
        let id = tidings::uuid_at(service.now());
        let mut tx = service.begin_own().await.unwrap();
        let sql = "INSERT INTO teams (id, name, folded, kind, email, version, created_at,
                created_by, updated_at, updated_by)
            VALUES ($1, $2, $3, 'infra', $4, 1, $5, $6, $5, $6)";
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "-"));
        let now: Timestamp = tx.now();
        let row = params![id, name, name.to_lowercase(), email, now, infra().id];
        tx.execute(sql, row).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// The platform as it stands now.
    pub(crate) async fn platform(&self, id: &Value) -> Value {
        let path = path_of(id);
        self.get(infra(), &path).await.json
    }

    /// Its changes, newest first.
    pub(crate) async fn history(&self, id: &Value) -> Vec<Value> {
        let path = format!("{}/history?limit=200", path_of(id));
        let answer = self.get(infra(), &path).await;
        answer.json.as_array().unwrap().clone()
    }

    /// What was told, in order for each platform.
    pub(crate) async fn heard(&mut self) -> Vec<Heard> {
        self.world.settle().await;
        let sql = "SELECT name, key, data FROM heard ORDER BY place";
        let ear = self.world.service("ear");
        ear.read().await.unwrap().query(sql, &[]).await.unwrap()
    }

    /// What was told of one name.
    pub(crate) async fn heard_of(&mut self, name: &str) -> Vec<Value> {
        let all = self.heard().await.into_iter();
        let of_name = all.filter(|heard| heard.name == name);
        of_name.map(|heard| heard.data()).collect()
    }
}

/// Where a platform is, by its id or number.
pub(crate) fn path_of(id: &Value) -> String {
    match id {
        Value::String(id) => format!("/api/platforms/{id}"),
        other => format!("/api/platforms/{other}"),
    }
}

/// Sends a form as browsers do.
pub(crate) async fn submit(stage: &Stage, by: Person, path: &str, form: &str) -> Answer {
    let token = stage.world.token(by.id.uuid(), by.roles);
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap();
    stage.world.call(request).await
}

/// The fields of a form as they are sent.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| {
        let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
        bytes.collect::<String>()
    };
    let pairs = fields.iter();
    let pairs = pairs.map(|(name, text)| format!("{}={}", encoded(name), encoded(text)));
    pairs.collect::<Vec<_>>().join("&")
}

pub(crate) fn assert_shows(answer: &Answer, status: u16, parts: &[&str]) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    for part in parts {
        let is_there = answer.text.contains(part);
        assert!(is_there, "{part:?} is not in {}", answer.text);
    }
}

pub(crate) fn assert_hides(answer: &Answer, parts: &[&str]) {
    for part in parts {
        let is_there = answer.text.contains(part);
        assert!(!is_there, "{part:?} is in {}", answer.text);
    }
}

/// Where a form leads that was accepted, or a page that is not shown.
pub(crate) fn led_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    let location = answer.headers[header::LOCATION].to_str().unwrap();
    location.to_owned()
}

/// Status and first code.
pub(crate) fn refusal(answer: &Answer) -> (u16, &str) {
    answer.refusal()
}

/// Every field that was refused, with its code.
pub(crate) fn mistakes(answer: &Answer) -> Vec<(String, String)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let errors = answer.json["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|one| (text(one, "field"), text(one, "code")))
        .collect()
}

/// How many wait for what somebody else holds.
pub(crate) async fn until_waiting(service: &Handle, many: i64) {
    let sql = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    loop {
        let mut conn = service.read().await.unwrap();
        let (waiting,): (i64,) = conn.query_one(sql, &[]).await.unwrap();
        if waiting >= many {
            return;
        }
        tokio::task::yield_now().await;
    }
}
