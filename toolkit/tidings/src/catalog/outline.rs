//! What of the definitions the catalogue is made of: a few names, kept when the definitions
//! themselves are used up. Schemas are made when somebody asks.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Catalog, CommandEntry, EventEntry, Reader, ScheduleEntry, ServiceEntry, StreamEntry,
    SubscriptionEntry, VersionEntry, warnings,
};
use crate::schema::EventSchema;
use crate::subscription::Subscription;
use crate::{Kind, Service, StreamInfo};

/// What jobs of the toolkit itself are called.
const OWN: &str = "tidings.";
/// What jobs that carry workflows are called.
const WORKFLOW: &str = "workflow.";

#[derive(Clone, Debug, Default)]
pub(crate) struct Outline {
    services: Vec<ServiceEntry>,
    streams: Vec<(&'static str, StreamInfo)>,
    readers: Vec<(StreamInfo, Reader)>,
    earlier: Vec<fn() -> Vec<EventSchema>>,
}

impl Outline {
    /// Of services that know of each other's commands already.
    pub(crate) fn of(services: &[Service], earlier: Vec<fn() -> Vec<EventSchema>>) -> Self {
        let mut outline = Self {
            earlier,
            ..Self::default()
        };
        for service in services {
            let streams = service.streams.iter();
            outline
                .streams
                .extend(streams.map(|of| (service.name, *of)));
            let subscriptions = service.subscriptions.iter();
            let readers = subscriptions.map(|of| (of.stream, reader(service.name, of)));
            outline.readers.extend(readers);
            outline.services.push(entry(service));
        }
        outline
    }

    pub(crate) fn into_catalog(self) -> Catalog {
        let earlier = by_type(self.earlier.iter().flat_map(|schemas| schemas()));
        let mut streams: Vec<StreamEntry> = Vec::new();
        for (producer, info) in &self.streams {
            streams.push(StreamEntry {
                producer: Some(producer),
                ..self.stream(info, &earlier)
            });
        }
        for (info, _) in &self.readers {
            if !streams.iter().any(|stream| stream.name == info.name) {
                streams.push(self.stream(info, &earlier));
            }
        }
        // Stable: within a kind the order of the definitions stays.
        streams.sort_by_key(|stream| stream.kind == Kind::Command);
        let mut catalog = Catalog {
            services: self.services,
            streams,
            warnings: Vec::new(),
        };
        catalog.warnings = warnings::of(&catalog);
        catalog
    }

    fn stream(&self, info: &StreamInfo, earlier: &Schemas) -> StreamEntry {
        let readers = self.readers.iter();
        let readers = readers.filter(|(of, _)| of.name == info.name);
        let mut services = self.services.iter();
        StreamEntry {
            name: info.name,
            kind: info.kind,
            slots: info.slots,
            producer: None,
            is_open: services.any(|service| service.accepts.contains(&info.name)),
            events: events(info, earlier),
            readers: readers.map(|(_, reader)| reader.clone()).collect(),
        }
    }
}

type Schemas = BTreeMap<(&'static str, u16), Value>;

fn by_type(schemas: impl IntoIterator<Item = EventSchema>) -> Schemas {
    let schemas = schemas.into_iter();
    schemas
        .map(|EventSchema { event, schema }| ((event.name, event.version), schema))
        .collect()
}

fn events(info: &StreamInfo, earlier: &Schemas) -> Vec<EventEntry> {
    let newest = by_type((info.schemas)());
    let types = info.types.iter().map(|event| {
        let schema_of = |version| {
            let found = newest.get(&(event.name, version));
            found
                .or_else(|| earlier.get(&(event.name, version)))
                .cloned()
        };
        // What is older than the type is known by its number, and by its schema if somebody
        // tells it.
        let versions = (1..=event.version).rev().map(|version| VersionEntry {
            version,
            schema: schema_of(version),
        });
        let versions: Vec<VersionEntry> = versions.collect();
        let schema = versions.first().and_then(|one| one.schema.as_ref());
        EventEntry {
            name: event.name,
            version: event.version,
            about: schema.and_then(about),
            versions,
        }
    });
    types.collect()
}

/// What a contract's comment says.
fn about(schema: &Value) -> Option<String> {
    let about = schema.get("description")?.as_str()?;
    Some(about.to_owned())
}

fn reader(service: &'static str, of: &Subscription) -> Reader {
    Reader {
        service,
        subscription: of.name,
        is_projection: of.is_projection,
    }
}

fn entry(service: &Service) -> ServiceEntry {
    let own = |stream: &&StreamInfo| stream.kind != Kind::Command;
    let subscriptions = service.subscriptions.iter();
    let subscriptions = subscriptions.filter(|of| own(&&of.stream));
    let jobs = service.jobs.iter().map(|job| job.kind());
    let (workflows, jobs): (Vec<_>, Vec<_>) = jobs
        .filter(|kind| !kind.starts_with(OWN))
        .partition(|kind| kind.starts_with(WORKFLOW));
    let is_operation = |kind: &&str| service.operations.contains(kind);
    let schedules = service.schedules.iter();
    let schedules = schedules.filter(|one| !one.name().starts_with(OWN));
    let calls = service.calls.iter().map(|(target, _)| *target);
    ServiceEntry {
        name: service.name,
        publishes: service
            .streams
            .iter()
            .filter(own)
            .map(|of| of.name)
            .collect(),
        accepts: service.accepts.iter().map(|of| of.stream).collect(),
        subscriptions: subscriptions.map(|of| subscription(of)).collect(),
        sends: commands(service),
        handles: service.commands.handled().collect(),
        calls: calls.collect(),
        workflows: workflows
            .into_iter()
            .map(|kind| kind.trim_start_matches(WORKFLOW))
            .collect(),
        operations: service.operations.clone(),
        jobs: jobs
            .into_iter()
            .filter(|kind| !is_operation(kind))
            .collect(),
        schedules: schedules
            .map(|one| ScheduleEntry {
                name: one.name(),
                when: one.spec(),
            })
            .collect(),
    }
}

fn subscription(of: &Subscription) -> SubscriptionEntry {
    SubscriptionEntry {
        name: of.name,
        stream: of.stream.name,
        is_projection: of.is_projection,
    }
}

fn commands(service: &Service) -> Vec<CommandEntry> {
    let sends = service.commands.sent();
    let sends = sends.map(|sends| CommandEntry {
        name: sends.event_type.name,
        version: sends.event_type.version,
        target: sends.target,
        is_answered: service.commands.awaits(sends.event_type.name),
    });
    sends.collect()
}
