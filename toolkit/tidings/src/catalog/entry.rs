//! What the catalogue says of one thing.

use serde::Serialize;
use serde_json::Value;

use crate::Kind;

/// A service, and what it declares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServiceEntry {
    /// Its name.
    pub name: &'static str,
    /// The streams that it writes, without those that carry commands and replies.
    pub publishes: Vec<&'static str>,
    /// Those of them that take events from outside.
    pub accepts: Vec<&'static str>,
    /// What it reads, without commands and replies.
    pub subscriptions: Vec<SubscriptionEntry>,
    /// The commands that it sends.
    pub sends: Vec<CommandEntry>,
    /// The commands that it carries out.
    pub handles: Vec<&'static str>,
    /// The services that it calls over HTTP.
    pub calls: Vec<&'static str>,
    /// Its workflows.
    pub workflows: Vec<&'static str>,
    /// Its operations.
    pub operations: Vec<&'static str>,
    /// Its other jobs.
    pub jobs: Vec<&'static str>,
    /// What falls due again and again.
    pub schedules: Vec<ScheduleEntry>,
}

/// A subscription to one stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriptionEntry {
    /// Its name.
    pub name: &'static str,
    /// The stream.
    pub stream: &'static str,
    /// Whether its tables can be built anew from the stream.
    pub is_projection: bool,
}

/// A command that a service sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommandEntry {
    /// Its name on the wire.
    pub name: &'static str,
    /// The version of its data.
    pub version: u16,
    /// The service that carries it out.
    pub target: &'static str,
    /// Whether the sender learns what becomes of it.
    pub is_answered: bool,
}

/// A job that falls due again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScheduleEntry {
    /// Its name.
    pub name: &'static str,
    /// When: a cron expression and a time zone.
    pub when: String,
}

/// A stream, who writes it and who reads it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreamEntry {
    /// Its name.
    pub name: &'static str,
    /// What its events are for.
    pub kind: Kind,
    /// How many slots it has.
    pub slots: u16,
    /// The service that writes it, if one of the installation does.
    pub producer: Option<&'static str>,
    /// Whether programs outside may add events to it.
    pub is_open: bool,
    /// What can occur in it.
    pub events: Vec<EventEntry>,
    /// Who reads it.
    pub readers: Vec<Reader>,
}

/// An event type, or a command.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventEntry {
    /// Its name on the wire.
    pub name: &'static str,
    /// The version that is written now.
    pub version: u16,
    /// What it means, in the words of its contract.
    pub about: Option<String>,
    /// Every version that is known, the newest first.
    pub versions: Vec<VersionEntry>,
}

impl EventEntry {
    /// What its data may be now, where its contract says so.
    #[must_use]
    pub fn schema(&self) -> Option<&Value> {
        self.versions.first()?.schema.as_ref()
    }
}

/// A version of an event type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VersionEntry {
    /// Counted from 1.
    pub version: u16,
    /// What its data may be.
    pub schema: Option<Value>,
}

/// A service that reads a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reader {
    /// The service.
    pub service: &'static str,
    /// Its subscription.
    pub subscription: &'static str,
    /// Whether the tables of the subscription can be built anew from the stream.
    pub is_projection: bool,
}
