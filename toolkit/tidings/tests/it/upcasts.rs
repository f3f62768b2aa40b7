//! Events and commands of older versions, read as those of the newest.

mod read;

use serde_json::{Value, json};
use tidings::{
    Clock, Command, Error, Event, Handle, Migration, Projection, Received, Service, Stream, Tx,
    View, dead, params,
};

use crate::bed::{Bed, Stage, on_both};
use crate::feeds::site::Site;

/// As the writer was built first.
#[derive(Stream)]
#[stream(name = "people", key = "id", slots = 4)]
enum FirstEvent {
    #[event("person.met")]
    Met { id: u32, name: String },
}

/// As it was built then.
#[derive(Stream)]
#[stream(name = "people", key = "id", slots = 4)]
enum SecondEvent {
    #[event("person.met", version = 2)]
    Met {
        id: u32,
        first: String,
        last: String,
    },
}

/// As it is now.
#[derive(Debug, PartialEq, Stream)]
#[stream(name = "people", key = "id", slots = 4)]
enum PersonEvent {
    #[event("person.met", version = 3, upcast(1 = split_name, 2 = list_names))]
    Met { id: u32, names: Vec<String> },
}

/// As it will be.
#[derive(Stream)]
#[stream(name = "people", key = "id", slots = 4)]
enum FourthEvent {
    #[event("person.met", version = 4)]
    Met { id: u32 },
}

fn split_name(mut met: Value) -> Result<Value, String> {
    let name = met["name"].as_str().ok_or("name is missing")?.to_owned();
    let (first, last) = name.split_once(' ').ok_or("there is no last name")?;
    met["first"] = first.into();
    met["last"] = last.into();
    Ok(met)
}

fn list_names(mut met: Value) -> Result<Value, String> {
    met["names"] = json!([met["first"], met["last"]]);
    Ok(met)
}

const HEARD: &[Migration] = &[Migration::new(
    "0001_heard",
    "CREATE TABLE heard (place BIGINT PRIMARY KEY, id BIGINT NOT NULL, names TEXT NOT NULL)",
)];

const KNOWN: &[Migration] = &[Migration::new(
    "known_0001",
    "CREATE TABLE known (id BIGINT PRIMARY KEY, names TEXT NOT NULL)",
)];

async fn hear(event: Event<PersonEvent>, tx: &mut Tx) -> Result<(), Error> {
    let PersonEvent::Met { id, names } = event.data;
    let sql = "INSERT INTO heard (place, id, names) SELECT count(*), $1, $2 FROM heard";
    let row = params![i64::from(id), names.join(", ")];
    tx.execute(sql, row).await?;
    Ok(())
}

async fn know(event: Event<PersonEvent>, view: &mut View<'_>) -> Result<(), Error> {
    let PersonEvent::Met { id, names } = event.data;
    let sql = "INSERT INTO known (id, names) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET names = excluded.names";
    let row = params![i64::from(id), names.join(", ")];
    view.execute(sql, row).await?;
    Ok(())
}

async fn stage(bed: &Bed) -> Stage {
    let reader = Service::new("reader")
        .migrations(HEARD)
        .subscribes("hear", hear)
        .projection(Projection::new("known").tables(KNOWN).on(know));
    bed.stage([writer(), reader]).await
}

fn writer() -> Service {
    Service::new("writer").publishes::<PersonEvent>()
}

async fn publish<S: Stream>(service: &Handle, event: S) {
    let mut tx = service.begin_own().await.unwrap();
    tx.publish(event).unwrap();
    tx.commit().await.unwrap();
}

fn met(id: u32, names: &[&str]) -> PersonEvent {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    PersonEvent::Met { id, names }
}

async fn rows(service: &Handle, table: &str) -> Vec<(i64, String)> {
    let sql = format!("SELECT id, names FROM {table} ORDER BY id");
    let mut conn = service.read().await.unwrap();
    conn.query(&sql, &[]).await.unwrap()
}

/// What is set aside, and why.
async fn set_aside(service: &Handle) -> Vec<(String, Option<String>)> {
    let all = dead::events(service, 10).await.unwrap();
    let mut all: Vec<_> = all.into_iter().map(|one| (one.state, one.error)).collect();
    all.sort();
    all
}

on_both!(
    a_mixed_history_reads_like_one_of_the_newest_version,
    what_no_upcast_understands_and_what_is_too_new_is_dead_with_the_reason,
    an_old_event_from_outside_is_published_as_the_newest,
    a_command_of_an_older_sender_is_carried_out,
);

async fn a_mixed_history_reads_like_one_of_the_newest_version(bed: Bed) {
    let mut stage = stage(&bed).await;
    let writer = stage.handle("writer");
    let name = "Ada Byron".to_owned();
    publish(&writer, FirstEvent::Met { id: 1, name }).await;
    publish(&writer, met(2, &["Emmy", "Noether"])).await;
    let (first, last) = ("Mary".to_owned(), "Somerville".to_owned());
    let second = SecondEvent::Met { id: 3, first, last };
    publish(&writer, second).await;
    stage.settle().await;
    let expected = [
        (1, "Ada, Byron"),
        (2, "Emmy, Noether"),
        (3, "Mary, Somerville"),
    ]
    .map(|(id, names)| (id, names.to_owned()));
    let reader = stage.handle("reader");
    assert_eq!(rows(&reader, "heard").await, expected);
    assert_eq!(rows(&reader, "known").await, expected);
    assert_eq!(set_aside(&reader).await, []);
}

/// X-06: nothing is dropped, and nothing is guessed.
async fn what_no_upcast_understands_and_what_is_too_new_is_dead_with_the_reason(bed: Bed) {
    let mut stage = bed
        .stage([
            writer(),
            Service::new("reader")
                .migrations(HEARD)
                .subscribes("hear", hear),
        ])
        .await;
    let writer = stage.handle("writer");
    let name = "Plato".to_owned();
    publish(&writer, FirstEvent::Met { id: 1, name }).await;
    publish(&writer, FourthEvent::Met { id: 2 }).await;
    publish(&writer, met(3, &["Emmy", "Noether"])).await;
    stage.settle().await;
    let reader = stage.handle("reader");
    let expected = [(3, "Emmy, Noether".to_owned())];
    assert_eq!(rows(&reader, "heard").await, expected);
    let dead = |reason: &str| ("dead".to_owned(), Some(format!("read person.met {reason}")));
    let expected = [
        dead("version 1: there is no last name"),
        dead("version 4: version 4 is not known to this build"),
    ];
    assert_eq!(set_aside(&reader).await, expected);
}

async fn an_old_event_from_outside_is_published_as_the_newest(bed: Bed) {
    let service = writer().accepts::<PersonEvent>();
    let site = Site::open(bed.setup(&Clock::system()).service(service), None).await;
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "https://people.example",
        "type": "person.met", "dataschema": "urn:tidings:people:person.met:1",
        "data": { "id": 7, "name": "Ada Byron" },
    });
    let token = site.token_of("publisher");
    let accepted = site.post_as(&token, "/feed/people", &event).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    crate::feeds::site::are_numbered(&site.handle("writer"), 1).await;
    let all = site.get("/feed/people").await.events();
    let found: Vec<_> = all
        .iter()
        .map(|one| (one.version, one.data.as_str()))
        .collect();
    assert_eq!(found, [(3, r#"{"id":7,"names":["Ada","Byron"]}"#)]);
    site.stop().await;
}

/// As an older sender knows it.
#[derive(serde::Serialize, serde::Deserialize)]
struct OldGreet {
    name: String,
}

impl Command for OldGreet {
    const NAME: &'static str = "greeter.greet_somebody";
    const TARGET: &'static str = "greeter";
    type Reply = ();

    fn key(&self) -> String {
        self.name.clone()
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Greet {
    names: Vec<String>,
}

impl Command for Greet {
    const NAME: &'static str = "greeter.greet_somebody";
    const TARGET: &'static str = "greeter";
    const VERSION: u16 = 3;
    type Reply = ();

    fn key(&self) -> String {
        self.names.join(" ")
    }

    fn upcast(from: u16, command: Value) -> Result<Value, String> {
        match from {
            1 => split_name(command),
            _ => list_names(command),
        }
    }
}

async fn greet(command: Received<Greet>, tx: &mut Tx) -> Result<(), Error> {
    let sql = "INSERT INTO heard (place, id, names) SELECT count(*), 0, $1 FROM heard";
    tx.execute(sql, params![command.data.names.join(", ")])
        .await?;
    Ok(())
}

async fn a_command_of_an_older_sender_is_carried_out(bed: Bed) {
    let greeter = Service::new("greeter").migrations(HEARD).handles(greet);
    let sender = Service::new("sender").sends::<OldGreet>();
    let mut stage = bed.stage([greeter, sender]).await;
    let mut tx = stage.handle("sender").begin_own().await.unwrap();
    for name in ["Ada Byron", "Plato"] {
        let name = name.to_owned();
        tx.send(&OldGreet { name }).await.unwrap();
    }
    tx.commit().await.unwrap();
    stage.settle().await;
    let greeter = stage.handle("greeter");
    let expected = [(0, "Ada, Byron".to_owned())];
    assert_eq!(rows(&greeter, "heard").await, expected);
    let reason = "read greeter.greet_somebody version 1: there is no last name".to_owned();
    let expected = [("dead".to_owned(), Some(reason))];
    assert_eq!(set_aside(&greeter).await, expected);
}
