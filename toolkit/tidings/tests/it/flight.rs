//! A new build tried out against what an older one has left in flight: what it could not read is
//! named before it is rolled out, and nothing is changed.

mod work;

use tidings::flight::{Flight, Place, Unreadable};
use tidings::{Command, Error, Event, Handle, Received, Service, Stream, Tx};

use crate::bed::{Bed, clock, on_both};

on_both!(
    what_this_build_reads_is_tried_and_not_named,
    an_event_of_an_unknown_version_is_named_where_it_is_stored_and_where_it_is_dead,
    a_subscription_that_is_gone_leaves_its_parked_events_unread,
    a_command_of_which_nobody_knows_any_more_is_named_while_it_is_to_come,
    what_was_never_started_has_nothing_in_flight,
);

#[derive(Stream)]
#[stream(name = "people", key = "id", slots = 4)]
enum PersonEvent {
    #[event("person.met")]
    Met { id: u32, name: String },
}

/// As it will be.
#[derive(Stream)]
#[stream(name = "people", key = "id", slots = 4)]
enum NextEvent {
    #[event("person.met", version = 2)]
    Met { id: u32 },
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Greet {
    name: String,
}

impl Command for Greet {
    const NAME: &'static str = "reader.greet_somebody";
    const TARGET: &'static str = "reader";
    type Reply = ();

    fn key(&self) -> String {
        self.name.clone()
    }
}

async fn hear(_: Event<PersonEvent>, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

async fn greet(_: Received<Greet>, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

fn writer() -> Service {
    Service::new("writer")
        .publishes::<PersonEvent>()
        .sends::<Greet>()
}

fn reader() -> Service {
    Service::new("reader")
        .subscribes("hear", hear)
        .handles(greet)
}

/// What the services, as they are built now, say of what is there.
async fn fly(bed: &Bed, services: impl IntoIterator<Item = Service>) -> Flight {
    let setup = bed.setup(&clock());
    let setup = services.into_iter().fold(setup, tidings::Setup::service);
    let flight = setup.in_flight().await.unwrap();
    assert_eq!(flight.unseen, []);
    flight
}

fn short(flight: &Flight) -> Vec<(&str, Place, &str)> {
    let all = flight.unreadable.iter();
    all.map(|one| (one.service, one.place, one.kind.as_str()))
        .collect()
}

async fn publish<S: Stream>(service: &Handle, event: S) {
    let mut tx = service.begin_own().await.unwrap();
    tx.publish(event).unwrap();
    tx.commit().await.unwrap();
}

fn met(id: u32) -> PersonEvent {
    let name = "Ada".to_owned();
    PersonEvent::Met { id, name }
}

async fn what_this_build_reads_is_tried_and_not_named(bed: Bed) {
    let mut stage = bed.stage([writer(), reader()]).await;
    let service = stage.handle("writer");
    publish(&service, met(1)).await;
    stage.settle().await;
    let mut tx = service.begin_own().await.unwrap();
    let name = "Ada".to_owned();
    tx.send(&Greet { name }).await.unwrap();
    tx.commit().await.unwrap();
    let flight = fly(&bed, [writer(), reader()]).await;
    assert_eq!(short(&flight), []);
    assert!(flight.tried >= 1, "{flight:?}");
    // Looking has changed nothing: what was to be done is done as before.
    stage.settle().await;
    let left = fly(&bed, [writer(), reader()]).await;
    assert_eq!((short(&left), left.tried), (vec![], 1));
}

///
async fn an_event_of_an_unknown_version_is_named_where_it_is_stored_and_where_it_is_dead(bed: Bed) {
    let mut stage = bed.stage([writer(), reader()]).await;
    let service = stage.handle("writer");
    publish(&service, met(1)).await;
    publish(&service, NextEvent::Met { id: 1 }).await;
    publish(&service, NextEvent::Met { id: 2 }).await;
    stage.settle().await;
    let flight = fly(&bed, [writer(), reader()]).await;
    let kind = "person.met version 2 for hear";
    let expected = [
        ("reader", Place::Event, kind),
        ("reader", Place::Dead, kind),
    ];
    assert_eq!(short(&flight), expected);
    let slot = tidings::slot_of("1", 4);
    let first = Unreadable {
        service: "reader",
        place: Place::Event,
        kind: kind.to_owned(),
        example: format!("people.{slot}.2"),
        reason: "read person.met version 2: version 2 is not known to this build".to_owned(),
    };
    assert_eq!(flight.unreadable[0], first);
}

async fn a_subscription_that_is_gone_leaves_its_parked_events_unread(bed: Bed) {
    let mut stage = bed.stage([writer(), reader()]).await;
    publish(&stage.handle("writer"), NextEvent::Met { id: 1 }).await;
    stage.settle().await;
    let without = Service::new("reader").handles(greet);
    let flight = fly(&bed, [writer(), without]).await;
    let kind = "person.met version 2 for hear";
    assert_eq!(short(&flight), [("reader", Place::Dead, kind)]);
    let reason = &flight.unreadable[0].reason;
    assert_eq!(reason, "there is no such subscription in this build");
}

async fn a_command_of_which_nobody_knows_any_more_is_named_while_it_is_to_come(bed: Bed) {
    let mut stage = bed.stage([writer(), reader()]).await;
    let service = stage.handle("writer");
    let send = async |name: &str| {
        let mut tx = service.begin_own().await.unwrap();
        let name = name.to_owned();
        tx.send(&Greet { name }).await.unwrap();
        tx.commit().await.unwrap();
    };
    send("Ada").await;
    stage.settle().await;
    let without = || [writer(), Service::new("reader").subscribes("hear", hear)];
    assert_eq!(short(&fly(&bed, without()).await), []);
    // On PostgreSQL it needs its number to be found.
    let only = bed.setup(&stage.clock).service(writer());
    let mut alone = crate::bed::Stage::open(only, stage.clock.clone()).await;
    send("Emmy").await;
    alone.settle().await;
    let flight = fly(&bed, without()).await;
    let kind = "reader.greet_somebody version 1 for commands";
    assert_eq!(short(&flight), [("reader", Place::Command, kind)]);
    assert!(
        flight.unreadable[0].reason.contains("has no handler"),
        "{flight:?}"
    );
}

async fn what_was_never_started_has_nothing_in_flight(bed: Bed) {
    let flight = fly(&bed, [writer(), reader()]).await;
    assert_eq!((flight.tried, short(&flight)), (0, vec![]));
}
