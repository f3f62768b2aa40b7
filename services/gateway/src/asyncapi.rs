//! The description of all events: one AsyncAPI document out of the definitions, and the same as
//! a page (E-04).

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde_json::Value;
use tidings::catalog::{Api, EventEntry, Field, StreamEntry, example, fields};
use tidings::{Fragment, Json, Kind, Problem};

use crate::Gateway;

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/events/docs.json", get(document))
        .route("/events/docs", get(page))
}

async fn document(State(gateway): State<Gateway>) -> Json<Value> {
    let api = Api {
        title: "Tidings".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        servers: gateway.0.settings.streams_at.clone(),
    };
    Json(gateway.installation().catalog().asyncapi(&api))
}

async fn page(State(gateway): State<Gateway>) -> Result<Fragment, Problem> {
    let streams = gateway.installation().catalog().streams.iter();
    // What services ask each other for is nobody else's to follow.
    let streams = streams.filter(|stream| stream.kind != Kind::Command);
    let docs = Docs {
        streams: streams.map(StreamDocs::of).collect(),
    };
    Fragment::try_new("Events", docs.render())
}

#[derive(Template)]
#[template(path = "events_docs.html")]
struct Docs {
    streams: Vec<StreamDocs>,
}

struct StreamDocs {
    name: &'static str,
    producer: &'static str,
    is_state: bool,
    is_open: bool,
    events: Vec<EventDocs>,
}

struct EventDocs {
    name: &'static str,
    version: u16,
    about: String,
    fields: Vec<Field>,
    example: String,
}

impl StreamDocs {
    fn of(stream: &StreamEntry) -> Self {
        Self {
            name: stream.name,
            producer: stream.producer.unwrap_or("nobody here"),
            is_state: stream.kind == Kind::State,
            is_open: stream.is_open,
            events: stream.events.iter().map(EventDocs::of).collect(),
        }
    }
}

impl EventDocs {
    fn of(event: &EventEntry) -> Self {
        let schema = event.schema();
        let example = schema.map(|schema| serde_json::to_string_pretty(&example(schema)));
        Self {
            name: event.name,
            version: event.version,
            about: event.about.clone().unwrap_or_default(),
            fields: schema.map(fields).unwrap_or_default(),
            example: example.and_then(Result::ok).unwrap_or_default(),
        }
    }
}
