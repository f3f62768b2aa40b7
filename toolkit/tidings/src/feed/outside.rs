//! A CloudEvent that another program has written.

use aws_lc_rs::digest::{Context as Hash, SHA256};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::schema::violations;
use crate::{FieldError, Problem, StreamInfo};

const NAME_BYTES_MAX: usize = 512;
const KEY_BYTES_MAX: usize = 1024;
/// How many wrong places are named in one answer.
const VIOLATIONS_MAX: usize = 20;

/// What of a CloudEvent counts here. `time` and `subject` are the sender's own; the event that
/// is published has the time of its transaction and the key of its data.
#[derive(Deserialize)]
pub(super) struct Outside {
    specversion: String,
    pub(super) id: String,
    pub(super) source: String,
    #[serde(rename = "type")]
    pub(super) name: String,
    #[serde(default)]
    datacontenttype: Option<String>,
    #[serde(default)]
    dataschema: Option<String>,
    #[serde(default)]
    partitionkey: Option<String>,
    #[serde(default, rename = "correlationid")]
    pub(super) correlation_id: Option<String>,
    #[serde(default)]
    data: Option<Box<RawValue>>,
}

impl Outside {
    /// Reads one, by the rules that hold for every stream.
    pub(super) fn read(json: &[u8]) -> Result<Self, Problem> {
        let event: Self = serde_json::from_slice(json).map_err(|error| {
            let text = format!("This is not a CloudEvent in JSON: {error}.");
            match error.is_data() {
                true => wrong(text),
                false => Problem::new(StatusCode::BAD_REQUEST, "bad_request", text),
            }
        })?;
        if event.specversion != "1.0" {
            return Err(wrong("specversion must be \"1.0\"."));
        }
        for (name, value) in [("id", &event.id), ("source", &event.source)] {
            let plain = (1..=NAME_BYTES_MAX).contains(&value.len());
            if !plain || value.chars().any(char::is_control) {
                let text = format!("{name} must be 1 to {NAME_BYTES_MAX} bytes of plain text.");
                return Err(wrong(text));
            }
        }
        let kind = event.datacontenttype.as_deref();
        let kind = kind.map_or("application/json", |kind| {
            kind.split(';').next().unwrap_or(kind)
        });
        if kind.trim() != "application/json" {
            return Err(wrong("datacontenttype must be application/json."));
        }
        Ok(event)
    }

    /// The version of the data: what `dataschema` says, or the newest of the type.
    pub(super) fn version(&self, stream: &StreamInfo) -> Result<u16, Problem> {
        let of_type = stream.types.iter().filter(|known| known.name == self.name);
        let newest = of_type.map(|known| known.version).max();
        let newest = newest.ok_or_else(|| self.unknown_type(stream))?;
        let Some(schema) = &self.dataschema else {
            return Ok(newest);
        };
        let start = format!("urn:tidings:{}:{}:", stream.name, self.name);
        let version = schema.strip_prefix(&start);
        version
            .and_then(|version| version.parse().ok())
            .ok_or_else(|| {
                wrong(format!(
                    "dataschema must be {start}{newest}, or be left out."
                ))
            })
    }

    pub(super) fn data(&self) -> &str {
        self.data.as_ref().map_or("null", |data| data.get())
    }

    pub(super) fn unknown_type(&self, stream: &StreamInfo) -> Problem {
        let known: Vec<&str> = stream.types.iter().map(|known| known.name).collect();
        let text = format!(
            "{} has no events of the type {:?}, only {}.",
            stream.name,
            self.name,
            known.join(", ")
        );
        wrong(text)
    }

    /// Everything of the data that is not as its schema says; of what schemas do not say the
    /// type has the last word.
    pub(super) fn check_data(&self, schema: &Value) -> Result<(), Problem> {
        // Valid as part of the whole, but for numbers that are too large to be kept.
        let data = serde_json::from_str(self.data()).unwrap_or_default();
        let mut found = violations(schema, &data);
        if found.is_empty() {
            return Ok(());
        }
        let (all, more) = (found.len(), found.len().saturating_sub(VIOLATIONS_MAX));
        found.truncate(VIOLATIONS_MAX);
        let places = if all == 1 {
            "one place"
        } else {
            "several places"
        };
        let more = match more {
            0 => String::new(),
            more => format!(" The first {VIOLATIONS_MAX} are named, and {more} are not."),
        };
        let name = &self.name;
        let text = format!("The data is not that of {name}, in {places}.{more}");
        let places = found.into_iter().map(|one| {
            let pointer = format!("/data{}", one.pointer);
            (format!("{one}."), Some(pointer))
        });
        let errors = std::iter::once((text, None)).chain(places);
        let errors = errors.map(|(message, field)| FieldError {
            code: "bad_event",
            message,
            field,
        });
        let errors = errors.collect();
        Err(Problem::fields(errors).with_status(StatusCode::UNPROCESSABLE_ENTITY))
    }

    pub(super) fn bad_data(&self, reason: &str) -> Problem {
        wrong(format!("The data is not that of {}: {reason}.", self.name))
    }

    /// The key comes from the data; what is said of it elsewhere must agree.
    pub(super) fn check_key(&self, key: &str) -> Result<(), Problem> {
        if key.len() > KEY_BYTES_MAX || key.contains('\0') {
            let text = "The key in the data is longer than 1024 bytes, or has a NUL character.";
            return Err(wrong(text));
        }
        match &self.partitionkey {
            Some(said) if said != key => {
                let text = format!("partitionkey is {said:?}, and the key in the data is {key:?}.");
                Err(wrong(text))
            }
            _ => Ok(()),
        }
    }

    /// What makes it the same event, and what makes it the same content.
    pub(super) fn once(&self, stream: &str) -> (Vec<u8>, Vec<u8>) {
        let schema = self.dataschema.as_deref().unwrap_or_default();
        (
            hash(&["cloudevent", stream, &self.source, &self.id]),
            hash(&[&self.name, schema, self.data()]),
        )
    }
}

/// Each part with its length, so that no two lists of parts are written alike.
fn hash(parts: &[&str]) -> Vec<u8> {
    let mut hash = Hash::new(&SHA256);
    for part in parts {
        hash.update(format!("{}\n", part.len()).as_bytes());
        hash.update(part.as_bytes());
    }
    hash.finish().as_ref().to_vec()
}

fn wrong(text: impl Into<String>) -> Problem {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Problem::new(status, "bad_event", text)
}
