//! The catalogue of events: what each means, who publishes it, who reads it, what it holds.

mod changes;
mod event;
pub(super) mod schemas;

use askama::Template;
use serde::Deserialize;
use tidings::catalog::{EventEntry, StreamEntry};
use tidings::{Catalog, Kind, Problem, Query};

use super::page::{Page, Said};
use crate::Gateway;
use crate::page::encode;
pub(super) use event::{OneVersion, newest};

#[derive(Template)]
#[template(path = "console/catalogue.html")]
pub(crate) struct Catalogue {
    said: Said,
    asked: Asked,
    services: Vec<&'static str>,
    streams: Vec<StreamView>,
    events: usize,
}

/// What is looked for.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// A part of a name, or of what an event means.
    q: Option<String>,
    /// A service that publishes or reads.
    service: Option<String>,
}

impl Asked {
    fn words(&self) -> &str {
        self.q.as_deref().unwrap_or_default().trim()
    }

    fn service(&self) -> &str {
        self.service.as_deref().unwrap_or_default()
    }

    fn is_narrow(&self) -> bool {
        !self.words().is_empty() || !self.service().is_empty()
    }

    fn wants(&self, stream: &StreamEntry, event: &EventEntry) -> bool {
        let service = self.service();
        let is_of = service.is_empty()
            || stream.producer == Some(service)
            || stream.readers.iter().any(|one| one.service == service);
        let words = self.words().to_lowercase();
        let about = event.about.as_deref().unwrap_or_default();
        let texts = [event.name, stream.name, about];
        is_of
            && texts
                .iter()
                .any(|text| text.to_lowercase().contains(&words))
    }
}

/// A stream with those of its events that are looked for.
struct StreamView {
    name: &'static str,
    kind: &'static str,
    producer: &'static str,
    is_open: bool,
    events: Vec<EventRow>,
}

struct EventRow {
    name: &'static str,
    href: String,
    version: u16,
    about: String,
    readers: String,
}

impl Page for Catalogue {
    type Asked = Query<Asked>;
    /// It comes from the definitions, which are known of all services.
    const IS_OF_ALL: bool = false;

    async fn load(gateway: &Gateway, Query(asked): &Self::Asked) -> Result<Self, Problem> {
        let catalog = gateway.installation().catalog();
        let streams = catalog.streams.iter().map(|stream| view(stream, asked));
        let streams: Vec<_> = streams.filter(|one| !one.events.is_empty()).collect();
        Ok(Self {
            said: Said::default(),
            asked: asked.clone(),
            services: catalog.services.iter().map(|one| one.name).collect(),
            events: streams.iter().map(|stream| stream.events.len()).sum(),
            streams,
        })
    }

    fn title(&self) -> String {
        "Catalogue".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

fn view(stream: &StreamEntry, asked: &Asked) -> StreamView {
    let wanted = stream
        .events
        .iter()
        .filter(|event| asked.wants(stream, event));
    let rows = wanted.map(|event| EventRow {
        name: event.name,
        href: href(event.name, event.version),
        version: event.version,
        about: first_line(event.about.as_deref()),
        readers: readers(stream),
    });
    StreamView {
        name: stream.name,
        kind: super::map::kind(stream.kind),
        producer: stream.producer.unwrap_or("nobody here"),
        is_open: stream.is_open,
        events: rows.collect(),
    }
}

fn href(event: &str, version: u16) -> String {
    format!("/console/catalogue/{}/{version}", encode(event))
}

fn first_line(about: Option<&str>) -> String {
    let line = about.and_then(|text| text.lines().next());
    line.unwrap_or_default().to_owned()
}

/// Each service once, although it may read a stream twice.
fn readers(stream: &StreamEntry) -> String {
    let mut names: Vec<&str> = stream.readers.iter().map(|one| one.service).collect();
    names.dedup();
    match names.is_empty() {
        true => "nobody".to_owned(),
        false => names.join(", "),
    }
}

/// Every stream that carries an event or command of this name. A command comes from several
/// senders, each on a stream of its own; replies, which have its name, are left out.
fn carriers<'a>(
    catalog: &'a Catalog,
    name: &'a str,
) -> impl Iterator<Item = (&'a StreamEntry, &'a EventEntry)> {
    let is_reply =
        |stream: &StreamEntry| stream.kind == Kind::Command && stream.name.starts_with("replies.");
    let streams = catalog
        .streams
        .iter()
        .filter(move |stream| !is_reply(stream));
    streams.filter_map(move |stream| {
        let event = stream.events.iter().find(|event| event.name == name)?;
        Some((stream, event))
    })
}
