//! The catalogue, from definitions alone.

use serde_json::json;
use tidings::catalog::{Api, Server};
use tidings::schema::EventSchema;
use tidings::{
    Calls, Error, Event, EventType, Kind, Projection, Service, Setup, Storage, Stream, Tx, View,
};

#[derive(Stream)]
#[stream(name = "orders", key = "id", schemas)]
enum OrderEvent {
    /// A buyer has ordered.
    #[event("order.created", version = 2, upcast(1 = from_first))]
    Created {
        /// The order.
        id: u64,
    },
}

fn from_first(data: serde_json::Value) -> Result<serde_json::Value, String> {
    Ok(data)
}

#[derive(Stream)]
#[stream(name = "people", key = "id", state)]
enum PersonEvent {
    #[event("person.changed")]
    Changed { id: u64 },
}

async fn read<S: Stream>(_: Event<S>, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

async fn show(_: Event<OrderEvent>, _: &mut View<'_>) -> Result<(), Error> {
    Ok(())
}

fn first_schemas() -> Vec<EventSchema> {
    let event = EventType {
        name: "order.created",
        version: 1,
    };
    let schema = json!({ "type": "object" });
    vec![EventSchema { event, schema }]
}

fn setup() -> Setup {
    let shop = Service::new("shop").publishes::<OrderEvent>();
    let shop = shop.publishes::<PersonEvent>();
    let letters = Service::new("letters")
        .projection(Projection::new("list").on(show))
        .subscribes("people", read::<PersonEvent>)
        .calls("bank", Calls::default());
    Setup::new(Storage::Memory)
        .service(shop)
        .service(letters)
        .earlier_schemas(first_schemas)
}

#[test]
fn definitions_tell_who_publishes_and_who_reads_what() {
    let catalog = setup().into_catalog().unwrap();
    let orders = catalog.stream("orders").unwrap();
    assert_eq!((orders.producer, orders.slots), (Some("shop"), 64));
    let reader = &orders.readers[0];
    assert_eq!(
        (reader.service, reader.subscription, reader.is_projection),
        ("letters", "list", true)
    );
    assert_eq!(catalog.stream("people").unwrap().kind, Kind::State);
    let told: Vec<_> = catalog
        .warnings
        .iter()
        .map(|one| (one.kind, one.subject))
        .collect();
    assert_eq!(told, [("unknown_target", "bank")]);
}

#[test]
fn every_version_of_an_event_is_there_with_its_schema() {
    let catalog = setup().into_catalog().unwrap();
    let (_, event) = catalog.event("order.created").unwrap();
    assert_eq!(event.about.as_deref(), Some("A buyer has ordered."));
    let versions: Vec<u16> = event.versions.iter().map(|one| one.version).collect();
    assert_eq!(versions, [2, 1]);
    assert_eq!(event.schema().unwrap()["required"], json!(["id"]));
    assert_eq!(event.versions[1].schema, Some(json!({ "type": "object" })));
}

/// A console shows the whole installation, whatever of it runs where.
#[tokio::test]
async fn the_catalogue_of_a_part_is_that_of_the_whole() {
    let part = setup()
        .only(&["letters"])
        .remote("shop", "http://127.0.0.1:1");
    let secret = b"thirty-two bytes of these tests, or more";
    let opened = part.secret(secret).open().await.unwrap();
    assert_eq!(opened.catalog(), &setup().into_catalog().unwrap());
    // The toolkit's own housekeeping is nobody's business.
    assert!(
        opened
            .catalog()
            .services
            .iter()
            .all(|one| one.jobs.is_empty())
    );
}

#[test]
fn an_asyncapi_document_has_a_message_for_every_version_and_no_password() {
    let api = Api {
        title: "Shop".to_owned(),
        version: "1".to_owned(),
        servers: vec![
            Server::Feeds("https://user:secret@shop.example/base".to_owned()),
            Server::Nats("nats://10.0.0.9:4222".to_owned()),
        ],
    };
    let document = setup().into_catalog().unwrap().asyncapi(&api);
    assert!(!document.to_string().contains("secret"));
    assert_eq!(document["servers"]["feeds"]["host"], "shop.example");
    let messages = document["channels"]["orders"]["messages"]
        .as_object()
        .unwrap();
    let names: Vec<&String> = messages.keys().collect();
    assert_eq!(names, ["order.created.v1", "order.created.v2"]);
    assert_eq!(
        document["operations"]["letters.reads.orders.list"]["action"],
        "receive"
    );
}
