//! A span as OpenTelemetry calls it: by the conventions for HTTP and for messaging.

use tidings::{EventId, Timestamp};

use crate::fields::{Fields, Value};

const SYSTEM: &str = "tidings";

/// What a span is to its parent; the numbers are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Internal = 1,
    Server = 2,
    Client = 3,
    Producer = 4,
    Consumer = 5,
}

/// A span of another trace, or of another branch of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
}

/// Work that is over.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) place: Place,
    pub(super) parent_id: Option<u64>,
    pub(super) link: Option<Place>,
    pub(super) began: Timestamp,
    pub(super) ended: Timestamp,
    /// Who has done it.
    pub(super) service: String,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) attributes: Vec<(&'static str, Value)>,
    /// Why it has failed; empty where that is all that is known.
    pub(super) error: Option<String>,
}

/// Name, kind and attributes of a span.
pub(super) struct Face {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) error: Option<String>,
}

impl Face {
    /// Of a span by its name in the toolkit, and what was recorded on it.
    pub(super) fn of(work: &'static str, fields: &Fields) -> Self {
        let mut face = Self {
            name: work.to_owned(),
            kind: Kind::Internal,
            attributes: Vec::with_capacity(fields.0.len() + 4),
            error: fields.text("error").map(ToOwned::to_owned),
        };
        match work {
            "request" => face.request(fields),
            "call" | "callback" => face.call(work, fields),
            "publish" | "process" | "processed" | "park" => face.event(work, fields),
            "enqueue" | "job" => face.job(work, fields),
            "step" => face.name = format!("step {}", fields.text("step").unwrap_or_default()),
            _ => {}
        }
        face.rest(work, fields);
        face
    }

    fn request(&mut self, fields: &Fields) {
        self.kind = Kind::Server;
        let method = fields.text("method").unwrap_or("HTTP");
        self.name = match fields.text("route") {
            Some(route) => format!("{method} {route}"),
            None => method.to_owned(),
        };
        if fields.count("status").is_some_and(|status| status >= 500) && self.error.is_none() {
            self.error = Some(String::new());
        }
    }

    fn call(&mut self, work: &str, fields: &Fields) {
        self.kind = Kind::Client;
        let method = fields.text("method").unwrap_or("POST");
        self.name = match fields.text("to") {
            Some(to) => format!("{method} {to}"),
            None => format!("{method} {work}"),
        };
    }

    fn event(&mut self, work: &str, fields: &Fields) {
        let id = fields.text("event").or_else(|| fields.text("first"));
        let id = id.and_then(|id| id.parse::<EventId>().ok());
        let stream = fields.text("stream").map(ToOwned::to_owned);
        let stream = stream.or_else(|| id.as_ref().map(|id| id.stream.clone()));
        let stream = stream.unwrap_or_default();
        let (operation, kind, name) = match work {
            "publish" => ("send", Kind::Producer, "publish"),
            "park" => ("settle", Kind::Internal, "park"),
            _ => ("process", Kind::Consumer, "process"),
        };
        (self.kind, self.name) = (kind, format!("{name} {stream}"));
        self.messaging(operation, name, &stream);
        if let Some(id) = id {
            let slot = id.slot.to_string();
            self.put("messaging.destination.partition.id", Value::Text(slot));
        }
        if let (Some(service), Some(of)) = (fields.text("service"), fields.text("subscription")) {
            let group = Value::Text(format!("{service}/{of}"));
            self.put("messaging.consumer.group.name", group);
        }
    }

    fn job(&mut self, work: &str, fields: &Fields) {
        let (operation, kind, name) = match work {
            "enqueue" => ("send", Kind::Producer, "enqueue"),
            _ => ("process", Kind::Consumer, "run"),
        };
        let of = fields.text("kind").unwrap_or_default();
        (self.kind, self.name) = (kind, format!("{name} {of}"));
        let queue = format!("{}.jobs", fields.text("service").unwrap_or_default());
        self.messaging(operation, name, &queue);
    }

    fn messaging(&mut self, operation: &str, name: &str, destination: &str) {
        for (key, value) in [
            ("messaging.system", SYSTEM),
            ("messaging.operation.type", operation),
            ("messaging.operation.name", name),
            ("messaging.destination.name", destination),
        ] {
            self.put(key, Value::Text(value.to_owned()));
        }
    }

    /// Everything else, by its name there.
    fn rest(&mut self, work: &str, fields: &Fields) {
        for (name, value) in &fields.0 {
            let key = match (*name, work) {
                ("method", _) => "http.request.method",
                ("route", _) => "http.route",
                ("path", "request") => "url.path",
                ("status", _) => "http.response.status_code",
                ("to" | "host", _) => "server.address",
                ("event" | "job", _) => "messaging.message.id",
                ("callback", _) => "tidings.callback.id",
                ("event_type", _) => "tidings.event.type",
                ("bytes", _) => "messaging.message.body.size",
                ("slot", _) => {
                    let slot = Value::Text(value.to_string());
                    self.put("messaging.destination.partition.id", slot);
                    continue;
                }
                ("batch", _) => "messaging.batch.message_count",
                ("attempt", _) => "tidings.attempt",
                ("actor", _) => "tidings.actor",
                ("correlation_id", _) => "tidings.correlation_id",
                ("causation_id", _) => "tidings.causation_id",
                ("workflow", _) => "tidings.workflow.id",
                _ => continue,
            };
            self.put(key, value.clone());
        }
    }

    fn put(&mut self, key: &'static str, value: Value) {
        self.attributes.push((key, value));
    }
}
