//! One version of an event: what it holds, an example, and what has changed from version to
//! version.

use askama::Template;
use axum::extract::State;
use axum::response::Redirect;
use serde_json::Value;
use tidings::catalog::{EventEntry, Field, example, fields};
use tidings::{Catalog, Path, Problem};

use super::changes::changes;
use super::{carriers, href};
use crate::Gateway;
use crate::console::map::kind;
use crate::console::operator::Operator;
use crate::console::page::{Page, Said};

#[derive(Template)]
#[template(path = "console/event_type.html")]
pub(crate) struct OneVersion {
    said: Said,
    name: &'static str,
    version: u16,
    newest: u16,
    about: String,
    kind: &'static str,
    carriers: Vec<Carrier>,
    /// `None` where the contract says nothing.
    fields: Option<Vec<Field>>,
    example: String,
    schema: String,
    versions: Vec<VersionView>,
}

/// A stream that carries it.
struct Carrier {
    stream: &'static str,
    producer: &'static str,
    /// Services and their subscriptions.
    readers: Vec<(&'static str, &'static str)>,
}

struct VersionView {
    version: u16,
    href: String,
    changes: Vec<String>,
}

/// Leads to the version that is written now.
pub(crate) async fn newest(
    _: Operator,
    State(gateway): State<Gateway>,
    Path(name): Path<String>,
) -> Result<Redirect, Problem> {
    let catalog = gateway.installation().catalog();
    let (_, event) = catalog.event(&name).ok_or_else(no_event)?;
    Ok(Redirect::to(&href(event.name, event.version)))
}

pub(super) fn no_event() -> Problem {
    Problem::not_found("There is no event or command of this name and version.")
}

impl Page for OneVersion {
    type Asked = Path<(String, u16)>;
    /// It comes from the definitions, which are known of all services.
    const IS_OF_ALL: bool = false;

    async fn load(gateway: &Gateway, Path((name, version)): &Self::Asked) -> Result<Self, Problem> {
        let found = Self::find(gateway.installation().catalog(), name, *version);
        found.ok_or_else(no_event)
    }

    fn title(&self) -> String {
        format!("{} version {}", self.name, self.version)
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

impl OneVersion {
    fn find(catalog: &Catalog, name: &str, version: u16) -> Option<Self> {
        let (stream, event) = carriers(catalog, name).next()?;
        let own = event.versions.iter().find(|one| one.version == version)?;
        let schema = own.schema.as_ref();
        let all = carriers(catalog, name);
        Some(Self {
            said: Said::default(),
            name: event.name,
            version,
            newest: event.version,
            about: event.about.clone().unwrap_or_default(),
            kind: kind(stream.kind),
            carriers: all.map(|(stream, _)| carrier(stream)).collect(),
            fields: schema.map(fields),
            example: schema
                .map(|schema| pretty(&example(schema)))
                .unwrap_or_default(),
            schema: schema.map(pretty).unwrap_or_default(),
            versions: history(event),
        })
    }
}

fn carrier(stream: &tidings::catalog::StreamEntry) -> Carrier {
    let readers = stream.readers.iter();
    Carrier {
        stream: stream.name,
        producer: stream.producer.unwrap_or("nobody here"),
        readers: readers.map(|one| (one.service, one.subscription)).collect(),
    }
}

/// The newest first, each with what it has changed in the one before.
fn history(event: &EventEntry) -> Vec<VersionView> {
    let versions = event.versions.iter().enumerate();
    let view = |(index, own): (usize, &tidings::catalog::VersionEntry)| {
        let before = event.versions.get(index + 1);
        let before = before.map(|before| before.schema.as_ref());
        VersionView {
            version: own.version,
            href: href(event.name, own.version),
            changes: changes(before, own.schema.as_ref()),
        }
    };
    versions.map(view).collect()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
