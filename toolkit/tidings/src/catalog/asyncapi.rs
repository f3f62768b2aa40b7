//! The catalogue as an AsyncAPI 3.0 document, for the tools that read those.
//!
//! A channel is a stream, with the address of its feed; a message is one version of an event,
//! whole, as CloudEvents JSON; operations say which service sends and which receives.

mod document;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::example::example;
use super::{Catalog, EventEntry, Reader, StreamEntry, VersionEntry};
use crate::{CLOUDEVENT, Kind};
use document::{
    Channel, Components, CorrelationId, Document, Info, Message, MessageExample, Operation,
    Parameter, Reference, ServerObject,
};

/// What the definitions do not say of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// What it is called.
    pub title: String,
    /// Which version of it.
    pub version: String,
    /// Where its streams can be read.
    pub servers: Vec<Server>,
}

/// Where streams can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// Over HTTP, as feeds: the base address, `https://tidings.example`.
    Feeds(String),
    /// From NATS JetStream: its address, without user and password: `nats://10.0.0.9:4222`.
    Nats(String),
}

const FEEDS: &str = "feeds";
const NATS: &str = "nats";

impl Catalog {
    /// The catalogue as an AsyncAPI 3.0 document.
    #[must_use]
    pub fn asyncapi(&self, api: &Api) -> Value {
        let mut document = Document {
            asyncapi: "3.0.0",
            info: Info {
                title: api.title.clone(),
                version: api.version.clone(),
                description: "Streams of events in CloudEvents JSON. Events of one key are in \
                    order; each is applied once by every subscription."
                    .to_owned(),
            },
            default_content_type: CLOUDEVENT,
            servers: servers(&api.servers),
            channels: BTreeMap::new(),
            operations: BTreeMap::new(),
            components: components(),
        };
        let has = |name: &str| document.servers.contains_key(name);
        let (has_feeds, has_nats) = (has(FEEDS), has(NATS));
        for stream in &self.streams {
            add_messages(stream, &mut document.components);
            let servers = if has_feeds { &[FEEDS][..] } else { &[] };
            let channel = channel(stream, format!("/feed/{}", stream.name), servers);
            document.channels.insert(stream.name.to_owned(), channel);
            if has_nats {
                let name = format!("{}.{NATS}", stream.name);
                document.channels.insert(name, nats_channel(stream));
            }
            document.operations.extend(operations(stream));
        }
        serde_json::to_value(document).unwrap_or_default()
    }
}

/// An address is a host and a path there; what would show a user or a password is left out.
fn servers(servers: &[Server]) -> BTreeMap<&'static str, ServerObject> {
    let of = |server: &Server| {
        let (name, url, usual, about, is_secured) = match server {
            Server::Feeds(url) => (FEEDS, url, "http", "Every stream as a feed", true),
            Server::Nats(url) => (NATS, url, "nats", "Every stream in NATS JetStream", false),
        };
        let (protocol, rest) = url.split_once("://").unwrap_or((usual, url));
        let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
        let host = rest.split('/').next().unwrap_or_default().to_owned();
        let bearer = || Reference::to("securitySchemes", "bearer");
        let server = ServerObject {
            host,
            protocol: protocol.to_owned(),
            description: about,
            security: is_secured.then(|| vec![bearer()]),
        };
        (name, server)
    };
    servers.iter().map(of).collect()
}

fn components() -> Components {
    let mut components = Components::default();
    components
        .schemas
        .insert("CloudEvent".to_owned(), cloudevent());
    let bearer = json!({
        "type": "http", "scheme": "bearer",
        "description": "An access token from POST /api/users/token, of somebody with the role operator or reader.",
    });
    components.security_schemes.insert("bearer", bearer);
    components
}

/// What every event has around its data.
fn cloudevent() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!({
        "type": "object",
        "description": "CloudEvents 1.0 in JSON.",
        "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype",
            "dataschema", "partitionkey", "sequence", "actor", "correlationid", "data"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": text("The event's address: stream, slot, number."),
            "source": text("The stream: /streams/orders."),
            "type": text("The event type."),
            "subject": text("The entity that the event is about."),
            "time": { "type": "string", "format": "date-time", "description": "When it was published, by the producer's clock." },
            "datacontenttype": { "const": "application/json" },
            "dataschema": text("Stream, type and version of the data."),
            "partitionkey": text("As subject: events of one key are in order."),
            "sequence": text("The number in its slot, padded so that it sorts as text."),
            "traceparent": text("The trace that it belongs to."),
            "actor": text("Who acted: user:<id>, service:<name>."),
            "correlationid": text("What the whole flow belongs to."),
            "causationid": text("What led to it: an event, a job, a request."),
        },
    })
}

fn message_name(event: &EventEntry, version: &VersionEntry) -> String {
    format!("{}.v{}", event.name, version.version)
}

fn messages(stream: &StreamEntry) -> impl Iterator<Item = (String, &EventEntry, &VersionEntry)> {
    stream.events.iter().flat_map(|event| {
        let versions = event.versions.iter();
        versions.map(move |version| (message_name(event, version), event, version))
    })
}

/// Replies have the names of their commands, so a message's name has its stream's in front
/// where it carries a command.
fn component_name(stream: &StreamEntry, message: &str) -> String {
    match stream.kind {
        Kind::Command => format!("{}.{message}", stream.name),
        _ => message.to_owned(),
    }
}

fn add_messages(stream: &StreamEntry, components: &mut Components) {
    for (name, event, version) in messages(stream) {
        let component = component_name(stream, &name);
        let number = version.version;
        let dataschema = format!("urn:tidings:{}:{}:{number}", stream.name, event.name);
        let mut data = json!({});
        if let Some(schema) = &version.schema {
            let schema = placed(schema, &component);
            components.schemas.insert(component.clone(), schema);
            data = json!({ "$ref": format!("#/components/schemas/{component}") });
        }
        let payload = json!({
            "allOf": [{ "$ref": "#/components/schemas/CloudEvent" }, {
                "type": "object",
                "properties": {
                    "type": { "const": event.name },
                    "dataschema": { "const": dataschema },
                    "data": data,
                },
            }],
        });
        let about = event.about.clone();
        let example = version.schema.as_ref().map(|schema| MessageExample {
            payload: whole(stream.name, event.name, &dataschema, &example(schema)),
        });
        let message = Message {
            name: event.name,
            title: format!("{} version {number}", event.name),
            summary: about.filter(|_| number == event.version),
            content_type: CLOUDEVENT,
            correlation_id: CorrelationId {
                description: "What the whole flow belongs to.",
                location: "$message.payload#/correlationid",
            },
            payload,
            examples: example.into_iter().collect(),
        };
        components.messages.insert(component, message);
    }
}

/// A schema as a part of the document, which says for all in which dialect they are written,
/// and in which a reference to the schema itself must say where that is.
fn placed(schema: &Value, component: &str) -> Value {
    let mut schema = schema.clone();
    if let Some(keys) = schema.as_object_mut() {
        keys.remove("$schema");
        keys.remove("$id");
    }
    lead(&mut schema, component);
    schema
}

fn lead(value: &mut Value, component: &str) {
    match value {
        Value::Object(keys) => {
            for (key, inner) in keys {
                let target = inner.as_str().filter(|_| key == "$ref");
                match target.and_then(|target| target.strip_prefix('#')) {
                    Some(rest) => {
                        *inner = format!("#/components/schemas/{component}{rest}").into();
                    }
                    None => lead(inner, component),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|one| lead(one, component)),
        _ => {}
    }
}

fn whole(stream: &str, event: &str, dataschema: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": format!("{stream}.12.345"),
        "source": format!("/streams/{stream}"),
        "type": event,
        "subject": "0195f2d1-7a3b-7c4d-8e5f-6a7b8c9d0e1f",
        "time": "2026-03-14T16:00:07Z",
        "datacontenttype": "application/json",
        "dataschema": dataschema,
        "partitionkey": "0195f2d1-7a3b-7c4d-8e5f-6a7b8c9d0e1f",
        "sequence": "00000000000000000345",
        "actor": "user:0195f2d1-0000-7000-8000-000000000001",
        "correlationid": "0195f2d1-7a3b-7c4d-8e5f-000000000002",
        "data": data,
    })
}

fn channel(stream: &StreamEntry, address: String, servers: &[&str]) -> Channel {
    let own = messages(stream).map(|(name, ..)| {
        let component = component_name(stream, &name);
        (name, Reference::to("messages", &component))
    });
    let by = match stream.producer {
        Some(producer) => format!("Written by {producer}"),
        None => "Written by no service of this installation".to_owned(),
    };
    let what = match stream.kind {
        Kind::Business => "what has happened, for others to react to",
        Kind::State => "the full record of an entity after each change, to keep a replica of",
        Kind::Command => "what one service asks another for, or the replies",
    };
    Channel {
        address,
        title: stream.name,
        description: format!("{by}: {what}. {} slots.", stream.slots),
        servers: servers
            .iter()
            .map(|name| Reference::root("servers", name))
            .collect(),
        parameters: BTreeMap::new(),
        messages: own.collect(),
    }
}

fn nats_channel(stream: &StreamEntry) -> Channel {
    let address = format!("tidings.{}.{{slot}}", stream.name);
    let mut channel = channel(stream, address, &[NATS]);
    let slot = Parameter {
        description: format!("The slot of the key, from 0 to {}.", stream.slots - 1),
    };
    channel.parameters.insert("slot", slot);
    channel
}

fn operations(stream: &StreamEntry) -> BTreeMap<String, Operation> {
    let name = stream.name;
    let send = stream.producer.map(|producer| {
        let summary = format!("{producer} publishes {name}");
        let operation = operation("send", stream, summary);
        (format!("{producer}.publishes.{name}"), operation)
    });
    let receive = stream.readers.iter().map(|reader| {
        let Reader {
            service,
            subscription,
            ..
        } = reader;
        let summary = format!("{service} reads {name} as {subscription}");
        let operation = operation("receive", stream, summary);
        (format!("{service}.reads.{name}.{subscription}"), operation)
    });
    send.into_iter().chain(receive).collect()
}

fn operation(action: &'static str, stream: &StreamEntry, summary: String) -> Operation {
    let within = |(message, ..): (String, _, _)| Reference {
        target: format!("#/channels/{}/messages/{message}", stream.name),
    };
    Operation {
        action,
        channel: Reference::root("channels", stream.name),
        summary,
        messages: messages(stream).map(within).collect(),
    }
}
