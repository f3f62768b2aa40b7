//! The catalogue for programs.

use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use tidings::catalog::{EventEntry, Field, StreamEntry, example, fields};
use tidings::{Json, Kind, Path, Problem};

use super::carriers;
use super::event::no_event;
use crate::Gateway;
use crate::console::operator::Operator;

/// One version of an event or command, and who has to do with it.
#[derive(Serialize)]
pub(crate) struct SchemaRow {
    name: &'static str,
    version: u16,
    is_newest: bool,
    kind: Kind,
    stream: &'static str,
    producer: Option<&'static str>,
    consumers: Vec<&'static str>,
    /// Whether its contract says what it holds.
    has_schema: bool,
}

impl SchemaRow {
    fn of(stream: &StreamEntry, event: &EventEntry, version: u16, has_schema: bool) -> Self {
        let mut consumers: Vec<_> = stream.readers.iter().map(|one| one.service).collect();
        consumers.dedup();
        Self {
            name: event.name,
            version,
            is_newest: version == event.version,
            kind: stream.kind,
            stream: stream.name,
            producer: stream.producer,
            consumers,
            has_schema,
        }
    }
}

pub(crate) async fn list(_: Operator, State(gateway): State<Gateway>) -> Json<Vec<SchemaRow>> {
    let streams = gateway.installation().catalog().streams.iter();
    let rows = streams.flat_map(|stream| {
        stream.events.iter().flat_map(move |event| {
            let versions = event.versions.iter();
            versions.map(move |one| SchemaRow::of(stream, event, one.version, one.schema.is_some()))
        })
    });
    Json(rows.collect())
}

/// One version with everything that its contract says.
#[derive(Serialize)]
pub(crate) struct Schema {
    name: &'static str,
    version: u16,
    about: Option<String>,
    /// On each stream that carries it.
    carried: Vec<SchemaRow>,
    schema: Option<Value>,
    fields: Vec<Field>,
    example: Option<Value>,
}

pub(crate) async fn one(
    _: Operator,
    State(gateway): State<Gateway>,
    Path((name, version)): Path<(String, u16)>,
) -> Result<Json<Schema>, Problem> {
    let catalog = gateway.installation().catalog();
    let (_, event) = carriers(catalog, &name).next().ok_or_else(no_event)?;
    let mut versions = event.versions.iter();
    let own = versions
        .find(|one| one.version == version)
        .ok_or_else(no_event)?;
    let carried = carriers(catalog, &name);
    let carried =
        carried.map(|(stream, event)| SchemaRow::of(stream, event, version, own.schema.is_some()));
    Ok(Json(Schema {
        name: event.name,
        version,
        about: event.about.clone(),
        carried: carried.collect(),
        fields: own.schema.as_ref().map(fields).unwrap_or_default(),
        example: own.schema.as_ref().map(example),
        schema: own.schema.clone(),
    }))
}
