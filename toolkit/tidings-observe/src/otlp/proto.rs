//! `ExportTraceServiceRequest` of OTLP 1, in protobuf. The numbers are those of its fields.

use std::collections::BTreeMap;

use super::span::{Finished, Place};
use crate::fields::Value;

const FAILED: u64 = 2;
const SCOPE: &str = "tidings";

/// A message as it grows.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number > 0x7f {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    fn key(&mut self, field: u64, wire: u64) {
        self.varint(field << 3 | wire);
    }

    fn number(&mut self, field: u64, number: u64) {
        self.key(field, 0);
        self.varint(number);
    }

    fn fixed64(&mut self, field: u64, number: u64) {
        self.key(field, 1);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.key(field, 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, field: u64, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    fn message(&mut self, field: u64, of: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        of(&mut inner);
        self.bytes(field, &inner.0);
    }

    fn attribute(&mut self, field: u64, key: &str, value: &Value) {
        self.message(field, |pair| {
            pair.text(1, key);
            pair.message(2, |any| match value {
                Value::Text(text) => any.text(1, text),
                Value::Bool(is) => any.number(2, u64::from(*is)),
                Value::Int(number) => any.number(3, number.cast_unsigned()),
                Value::Count(number) => any.number(3, (*number).min(i64::MAX.cast_unsigned())),
                Value::Float(number) => any.fixed64(4, number.to_bits()),
            });
        });
    }

    fn place(&mut self, place: Place) {
        self.bytes(1, &place.trace_id.to_be_bytes());
        self.bytes(2, &place.span_id.to_be_bytes());
    }

    fn span(&mut self, span: &Finished) {
        self.place(span.place);
        if let Some(parent) = span.parent_id {
            self.bytes(4, &parent.to_be_bytes());
        }
        self.text(5, &span.name);
        self.number(6, span.kind as u64);
        let nanos = |at: tidings::Timestamp| at.as_micros().max(0).cast_unsigned() * 1_000;
        self.fixed64(7, nanos(span.began));
        self.fixed64(8, nanos(span.ended));
        for (key, value) in &span.attributes {
            self.attribute(9, key, value);
        }
        if let Some(link) = span.link {
            self.message(13, |message| message.place(link));
        }
        if let Some(error) = &span.error {
            self.message(15, |status| {
                status.text(2, error);
                status.number(3, FAILED);
            });
        }
    }
}

/// Spans, those of each service together; a service of ours is a service to whoever looks at
/// traces, in one process with others or not.
pub(super) fn request(spans: &[Finished], resource: &[(String, String)]) -> Vec<u8> {
    let mut services: BTreeMap<&str, Vec<&Finished>> = BTreeMap::new();
    for span in spans {
        services.entry(&span.service).or_default().push(span);
    }
    let mut request = Message::default();
    for (service, spans) in services {
        request.message(1, |of| {
            of.message(1, |message| {
                let name = match service {
                    "" => SCOPE,
                    service => service,
                };
                let name = Value::Text(name.to_owned());
                message.attribute(1, "service.name", &name);
                for (key, value) in resource {
                    message.attribute(1, key, &Value::Text(value.clone()));
                }
            });
            of.message(2, |scope| {
                scope.message(1, |name| {
                    name.text(1, SCOPE);
                    name.text(2, env!("CARGO_PKG_VERSION"));
                });
                for span in spans {
                    scope.message(2, |message| message.span(span));
                }
            });
        });
    }
    request.0
}
