//! Events on their way: addressed, with what caused them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, FromRow, Row, Timestamp};

/// The address of an event, and so its name for ever: `orders.12.345`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId {
    /// The stream.
    pub stream: String,
    /// The slot in the stream.
    pub slot: u16,
    /// The number in the slot, counted from 1 without gaps.
    pub sequence: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.stream, self.slot, self.sequence)
    }
}

impl FromStr for EventId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let mut parts = text.rsplitn(3, '.');
            let sequence = parts.next()?.parse().ok()?;
            let slot = parts.next()?.parse().ok()?;
            let stream = parts.next().filter(|stream| !stream.is_empty())?.to_owned();
            Some(Self {
                stream,
                slot,
                sequence,
            })
        };
        parse().ok_or_else(|| format!("{text:?} is not an event id like orders.12.345"))
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Who acts, and what the work belongs to. Travels with events and jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromRow)]
pub struct Context {
    /// Who acts: `user:<id>`, `service:<name>`, or `anonymous`.
    pub actor: String,
    /// What the whole flow belongs to; made at the edge.
    pub correlation_id: String,
    /// What led to this: an event (`orders.12.345`), a job (`job:…`), a step of a run of a workflow
    /// (`workflow:…/charge`); nothing where a request did, or a service by itself.
    pub causation_id: Option<String>,
}

impl Context {
    /// Work that a service starts by itself.
    #[must_use]
    pub fn of_service(name: &str, now: Timestamp) -> Self {
        Self {
            actor: format!("service:{name}"),
            correlation_id: crate::id::uuid_at(now).to_string(),
            causation_id: None,
        }
    }
}

/// An event as it is stored and sent: data still as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Envelope {
    /// Its address.
    pub id: EventId,
    /// The entity it is about.
    pub key: String,
    /// Its type's name.
    #[serde(rename = "type")]
    pub name: String,
    /// The version of its data.
    pub version: u16,
    /// Its data, as JSON text.
    pub data: String,
    /// When it was published, by the producer's clock.
    pub time: Timestamp,
    /// Who acted, and what it belongs to.
    pub context: Context,
}

impl FromRow for Envelope {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: EventId {
                stream: row.get("stream")?,
                slot: row.get("slot")?,
                sequence: row.get("sequence")?,
            },
            key: row.get("key")?,
            name: row.get("type")?,
            version: row.get("version")?,
            data: row.get("data")?,
            time: row.get("time")?,
            context: Context::from_row(row)?,
        })
    }
}

/// An event as a handler gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<S> {
    /// Its address.
    pub id: EventId,
    /// When it was published, by the producer's clock.
    pub time: Timestamp,
    /// Who acted, and what it belongs to.
    pub context: Context,
    /// What happened.
    pub data: S,
}
