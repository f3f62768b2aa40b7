//! The real `commands`; the test plays `auth` and `platforms`, and writes down what is told.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, header};
use commands::Settings;
use contracts::commands::{CommandEvent, UsageEvent};
use contracts::platforms::{
    Cost, Criticality, Licence, LicenceType, Lifecycle, Period, PlatformEvent, PlatformKind,
    PlatformRecord, Renewal,
};
use contracts::users::{User, UserEvent};
use contracts::{Currency, PlatformId, UserId};
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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) roles: &'static [&'static str],
}

pub(crate) fn person(number: u128, roles: &'static [&'static str]) -> Person {
    let id = UserId::from(Uuid::from_u128(0x1000 + number));
    Person { id, roles }
}

pub(crate) fn support() -> Person {
    person(1, &["support"])
}

pub(crate) fn infrastructure() -> Person {
    person(2, &["infrastructure"])
}

pub(crate) fn engineer(number: u128) -> Person {
    person(10 + number, &["engineering"])
}

pub(crate) fn admin() -> Person {
    person(3, &["admin"])
}

/// Somebody of the company who has no part in the repository.
pub(crate) fn accountant() -> Person {
    person(4, &["accountant"])
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

async fn hear_command(event: Event<CommandEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(event, tx).await
}

async fn hear_usage(event: Event<UsageEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(event, tx).await
}

const HEARD: Migration = Migration::new(
    "0001_heard",
    "CREATE TABLE heard (place BIGINT PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL,
        data TEXT NOT NULL)",
);

fn ear() -> Service {
    Service::new("ear")
        .migrations(&[HEARD])
        .subscribes("commands", hear_command)
        .subscribes("usages", hear_usage)
}

/// The services of a world.
pub(crate) fn services() -> Vec<Service> {
    vec![
        commands::service(Settings::default()),
        Service::new("auth").publishes::<UserEvent>(),
        Service::new("platforms").publishes::<PlatformEvent>(),
        ear(),
    ]
}

/// A platform as the register would tell of it first.
pub(crate) fn platform(number: i32, name: &str) -> PlatformRecord {
    let id = 0x2000 + u128::from(number.unsigned_abs());
    let by = infrastructure().id;
    let at = Timestamp::from_micros(1_000_000);
    PlatformRecord {
        platform_id: PlatformId::from(Uuid::from_u128(id)),
        number,
        name: name.to_owned(),
        slug: name.to_lowercase(),
        publisher: "Somebody".to_owned(),
        description: String::new(),
        kind: PlatformKind::Other,
        version_label: String::new(),
        owner_team_id: None,
        technical_contact: String::new(),
        support_contact: String::new(),
        cost: Cost {
            amount_minor: 0,
            currency: Currency::Usd,
            period: Period::Free,
        },
        cost_centre: String::new(),
        budget_code: String::new(),
        purchase_order: String::new(),
        licence: Licence {
            kind: LicenceType::OpenSource,
            spdx: None,
            seats: None,
            reference: None,
            starts_on: None,
            expires_on: None,
            renewal: Renewal::None,
        },
        lifecycle: Lifecycle::Production,
        criticality: Criticality::Medium,
        eol_on: None,
        tags: Vec::new(),
        links: Vec::new(),
        custom_fields: BTreeMap::new(),
        last_reviewed_at: None,
        last_reviewed_by: None,
        version: 1,
        created_at: at,
        created_by: by,
        updated_at: at,
        updated_by: by,
        archived_at: None,
    }
}

/// The platform of most stories: number 1.
pub(crate) fn kubernetes() -> PlatformRecord {
    platform(1, "Kubernetes")
}

/// Where the commands of the platform of most stories are.
pub(crate) const COMMANDS: &str = "/api/c/platforms/1/commands";

impl Stage {
    /// With an account for everybody, and two platforms.
    pub(crate) async fn on(storage: Storage) -> Self {
        let world = World::on(storage, services()).await;
        let mut stage = Self { world };
        stage.begin().await;
        stage
    }

    /// Tells of everybody's account and of two platforms.
    pub(crate) async fn begin(&mut self) {
        let people = [
            support(),
            infrastructure(),
            engineer(1),
            engineer(2),
            admin(),
        ];
        for one in people {
            let number = one.id.uuid().as_u128() - 0x1000;
            let user = User {
                user_id: one.id,
                email: format!("{number}@example.com"),
                name: format!("Person {number}"),
                roles: one.roles.iter().map(|&role| role.to_owned()).collect(),
                disabled: false,
                version: 1,
            };
            self.publish("auth", UserEvent::Created(user)).await;
        }
        let second = platform(2, "SQL Server Express");
        for one in [kubernetes(), second] {
            self.publish("platforms", PlatformEvent::Created(one)).await;
        }
        self.world.settle().await;
    }

    async fn publish<S: Stream>(&mut self, owner: &str, event: S) {
        let mut tx = self.world.service(owner).begin_own().await.unwrap();
        tx.publish(event).unwrap();
        tx.commit().await.unwrap();
    }

    /// Tells what has become of a platform, and lets it arrive.
    pub(crate) async fn tell(&mut self, record: PlatformRecord) {
        let event = match (record.version, record.archived_at) {
            (1, None) => PlatformEvent::Created(record),
            (_, None) => PlatformEvent::Updated(record),
            (_, Some(_)) => PlatformEvent::Archived(record),
        };
        self.publish("platforms", event).await;
        self.world.settle().await;
    }

    /// Puts the platform of most stories into the archive.
    pub(crate) async fn archive(&mut self) {
        let archived = PlatformRecord {
            archived_at: Some(Timestamp::from_micros(2_000_000)),
            version: 2,
            ..kubernetes()
        };
        self.tell(archived).await;
    }

    pub(crate) async fn send(&self, by: Person, method: &str, path: &str, body: Value) -> Answer {
        let token = self.world.token(by.id.uuid(), by.roles);
        self.world.send(method, path, Some(&token), body).await
    }

    pub(crate) async fn post(&self, by: Person, path: &str, body: Value) -> Answer {
        self.send(by, "POST", path, body).await
    }

    pub(crate) async fn patch(&self, by: Person, path: &str, body: Value) -> Answer {
        self.send(by, "PATCH", path, body).await
    }

    pub(crate) async fn get(&self, by: Person, path: &str) -> Answer {
        let token = self.world.token(by.id.uuid(), by.roles);
        self.world.get(path, Some(&token)).await
    }

    /// Sends with the versions that were seen.
    pub(crate) async fn send_if_match(
        &self,
        method: &str,
        path: &str,
        tag: &str,
        body: Value,
    ) -> Answer {
        let by = support();
        let token = self.world.token(by.id.uuid(), by.roles);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::IF_MATCH, tag)
            .body(Body::from(body.to_string()))
            .unwrap();
        self.world.call(request).await
    }

    /// Submits a form.
    pub(crate) async fn submit(&self, by: Person, path: &str, form: &str) -> Answer {
        let token = self.world.token(by.id.uuid(), by.roles);
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        self.world.call(request).await
    }

    /// Writes a command down on the first platform; says what was answered.
    pub(crate) async fn create(&self, by: Person, body: Value) -> Value {
        let answer = self.post(by, COMMANDS, body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json
    }

    /// What was told, in order for each command.
    pub(crate) async fn heard(&mut self) -> Vec<Heard> {
        self.world.settle().await;
        heard(&self.world.service("ear")).await
    }

    /// What was told of, by name.
    pub(crate) async fn names_heard(&mut self) -> Vec<String> {
        self.heard().await.into_iter().map(|one| one.name).collect()
    }
}

pub(crate) async fn heard(ear: &Handle) -> Vec<Heard> {
    let sql = "SELECT name, key, data FROM heard ORDER BY place";
    ear.read().await.unwrap().query(sql, &[]).await.unwrap()
}

/// A command that asks for a pod.
pub(crate) fn restart() -> Value {
    json!({
        "howTo": "Restart a stuck pod",
        "commandLine": "kubectl delete pod {{pod}}",
        "params": [{ "name": "pod" }],
    })
}

/// Where a command is that was answered with.
pub(crate) fn path_of(command: &Value) -> String {
    format!("/api/c/commands/{}", command["id"].as_str().unwrap())
}

/// Status and first code.
pub(crate) fn refusal(answer: &Answer) -> (u16, &str) {
    answer.refusal()
}

/// Every code with its field.
pub(crate) fn wrongs(answer: &Answer) -> Vec<(&str, &str)> {
    answer.mistakes()
}
