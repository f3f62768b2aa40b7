//! Every place from which an event is read: set aside and tried again, given up and tried by a
//! newer build, followed over HTTP, brought by a transport.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tidings::{
    Clock, Error, Event, EventId, Handle, HttpFeed, HttpTransport, Migration, Service,
    ServiceTokens, Stream, Tx, dead, params,
};

use super::{FirstEvent, FourthEvent, HEARD, PersonEvent, hear, publish, rows, set_aside, writer};
use crate::bed::{BadTransport, Bed, Faults, Stage, on_both};
use crate::feeds::site::{SECRET, Site, until};

on_both!(
    a_parked_event_is_upcast_at_each_try,
    a_dead_event_of_a_newer_version_is_read_by_a_newer_build,
    an_old_event_is_upcast_by_who_follows_over_http,
    an_old_event_is_upcast_whatever_has_brought_it,
);

const OPEN: &[Migration] = &[Migration::new(
    "0002_open",
    "CREATE TABLE open (id BIGINT PRIMARY KEY)",
)];

/// Hears nobody before it is open.
async fn hear_when_open(event: Event<PersonEvent>, tx: &mut Tx) -> Result<(), Error> {
    let (open,): (i64,) = tx.query_one("SELECT count(*) FROM open", &[]).await?;
    match open {
        0 => Err(Error::NoRow),
        _ => hear(event, tx).await,
    }
}

fn ada() -> FirstEvent {
    let name = "Ada Byron".to_owned();
    FirstEvent::Met { id: 1, name }
}

async fn is_heard(service: &Handle) -> bool {
    rows(service, "heard").await == [(1, "Ada, Byron".to_owned())]
}

async fn a_parked_event_is_upcast_at_each_try(bed: Bed) {
    let reader = Service::new("reader")
        .migrations(HEARD)
        .migrations(OPEN)
        .subscribes("hear", hear_when_open);
    let mut stage = bed.stage([writer(), reader]).await;
    publish(&stage.handle("writer"), ada()).await;
    stage.settle().await;
    let reader = stage.handle("reader");
    assert_eq!(set_aside(&reader).await[0].0, "parked");
    let mut tx = reader.begin_own().await.unwrap();
    let sql = "INSERT INTO open (id) VALUES (1)";
    tx.execute(sql, params![]).await.unwrap();
    tx.commit().await.unwrap();
    stage.advance(Duration::from_secs(3600)).await;
    assert!(is_heard(&reader).await);
    assert_eq!(set_aside(&reader).await, []);
}

/// As a newer build knows it: it reads all four versions.
#[derive(Stream)]
#[stream(name = "people", key = "id", slots = 4)]
enum NewerEvent {
    #[event(
        "person.met",
        version = 4,
        upcast(1 = nobody, 2 = nobody, 3 = without_names)
    )]
    Met { id: u32 },
}

fn nobody(_: Value) -> Result<Value, String> {
    Err("it is not told here".to_owned())
}

fn without_names(met: Value) -> Result<Value, String> {
    Ok(json!({ "id": met["id"] }))
}

async fn hear_newer(event: Event<NewerEvent>, tx: &mut Tx) -> Result<(), Error> {
    let NewerEvent::Met { id } = event.data;
    let names = vec!["newer".to_owned()];
    let data = PersonEvent::Met { id, names };
    let Event {
        id, time, context, ..
    } = event;
    let event = Event {
        id,
        time,
        context,
        data,
    };
    hear(event, tx).await
}

/// dead by a build that does not know its version, and retried with one that does.
async fn a_dead_event_of_a_newer_version_is_read_by_a_newer_build(bed: Bed) {
    let of = |service: Service| service.migrations(HEARD);
    let old = of(Service::new("reader")).subscribes("hear", hear);
    let mut stage = bed.stage([writer(), old]).await;
    publish(&stage.handle("writer"), FourthEvent::Met { id: 7 }).await;
    stage.settle().await;
    let found = dead::events(&stage.handle("reader"), 10).await.unwrap();
    let address: EventId = found[0].event.id.clone();
    let clock = stage.clock.clone();
    drop(stage);
    let newer = of(Service::new("reader")).subscribes("hear", hear_newer);
    let setup = bed.setup(&clock).service(writer()).service(newer);
    let mut stage = Stage::open(setup, clock).await;
    let reader = stage.handle("reader");
    let mut tx = reader.begin_own().await.unwrap();
    assert!(dead::retry(&mut tx, "hear", &address).await.unwrap());
    tx.commit().await.unwrap();
    stage.settle().await;
    assert_eq!(rows(&reader, "heard").await, [(7, "newer".to_owned())]);
    assert_eq!(set_aside(&reader).await, []);
}

async fn an_old_event_is_upcast_by_who_follows_over_http(bed: Bed) {
    let clock = Clock::system();
    let site = Site::open(bed.setup(&clock).service(writer()), None).await;
    publish(&site.handle("writer"), ada()).await;
    let tokens = ServiceTokens::new(SECRET);
    let bearer = move || tokens.sign("reader", "writer", Clock::system().now());
    let feed = HttpFeed::try_new(&site.url(""), &clock, bearer).unwrap();
    let transport = Arc::new(HttpTransport::new(feed.clone()));
    let reader = Service::new("reader")
        .migrations(HEARD)
        .subscribes("hear", hear);
    let elsewhere = bed.another().await;
    let setup = elsewhere.setup(&clock).service(reader);
    let setup = setup.elsewhere("people", Arc::new(feed), transport);
    let follower = Site::open(setup, None).await;
    let reader = follower.handle("reader");
    until(async || is_heard(&reader).await).await;
    follower.stop().await;
    site.stop().await;
}

async fn an_old_event_is_upcast_whatever_has_brought_it(bed: Bed) {
    let clock = crate::bed::clock();
    let reader = Service::new("reader")
        .migrations(HEARD)
        .subscribes("hear", hear);
    let setup = bed.setup(&clock).service(writer()).service(reader);
    let setup = setup.transport(|feed| Arc::new(BadTransport::new(feed, Faults::default())));
    let mut stage = Stage::open(setup, clock).await;
    publish(&stage.handle("writer"), ada()).await;
    stage.settle().await;
    assert!(is_heard(&stage.handle("reader")).await);
}
