//! What the definitions together say that is hardly meant.

use serde::Serialize;

use super::{Catalog, ServiceEntry, StreamEntry};
use crate::Kind;

/// Something that is published for nobody, or waits for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What kind, for programs: `unread`, `unfed`, `unhandled`, `unsent`, `unknown_target`.
    pub kind: &'static str,
    /// The service whose definition says it.
    pub service: &'static str,
    /// What it is about: a stream, a command, a service.
    pub subject: &'static str,
    /// The whole in words.
    pub text: String,
}

pub(super) fn of(catalog: &Catalog) -> Vec<Warning> {
    let mut all = Vec::new();
    for stream in &catalog.streams {
        unread(stream, &mut all);
        unfed(stream, &mut all);
    }
    for service in &catalog.services {
        commands(catalog, service, &mut all);
        calls(catalog, service, &mut all);
    }
    all
}

/// Commands have one receiver, of whom is told there.
fn unread(stream: &StreamEntry, all: &mut Vec<Warning>) {
    let Some(service) = stream.producer.filter(|_| stream.kind != Kind::Command) else {
        return;
    };
    if stream.readers.is_empty() {
        all.push(Warning {
            kind: "unread",
            service,
            subject: stream.name,
            text: format!(
                "nobody reads the stream {}, which {service} publishes",
                stream.name
            ),
        });
    }
}

fn unfed(stream: &StreamEntry, all: &mut Vec<Warning>) {
    if stream.producer.is_some() {
        return;
    }
    for reader in &stream.readers {
        let (service, name) = (reader.service, stream.name);
        all.push(Warning {
            kind: "unfed",
            service,
            subject: name,
            text: format!("{service} reads the stream {name}, which no service here publishes"),
        });
    }
}

fn commands(catalog: &Catalog, service: &ServiceEntry, all: &mut Vec<Warning>) {
    let from = service.name;
    for sent in &service.sends {
        let (name, target) = (sent.name, sent.target);
        let text = match catalog.service(target) {
            None => format!("{from} sends {name} to {target}, which is not there"),
            Some(found) if !found.handles.contains(&name) => {
                format!("{from} sends {name} to {target}, which does not carry it out")
            }
            Some(_) => continue,
        };
        all.push(Warning {
            kind: "unhandled",
            service: from,
            subject: name,
            text,
        });
    }
    for name in &service.handles {
        let mut senders = catalog.services.iter();
        if !senders.any(|one| one.sends.iter().any(|sent| sent.name == *name)) {
            all.push(Warning {
                kind: "unsent",
                service: from,
                subject: name,
                text: format!("{from} carries out {name}, which nobody sends"),
            });
        }
    }
}

fn calls(catalog: &Catalog, service: &ServiceEntry, all: &mut Vec<Warning>) {
    for target in &service.calls {
        if catalog.service(target).is_none() {
            let from = service.name;
            all.push(Warning {
                kind: "unknown_target",
                service: from,
                subject: target,
                text: format!("{from} calls {target}, which is not there"),
            });
        }
    }
}
