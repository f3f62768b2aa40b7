//! The map: which services publish and read which streams, how fast events flow, and where they
//! wait; or what follows from one stream, event or service.

mod pulse;
mod stand;
mod table;

use askama::Template;
use serde::Deserialize;
use tidings::{Catalog, Problem, Query};

use super::page::{Page, Said};
use super::text::grouped;
use crate::Gateway;
use crate::drawing::{self, Drawing, Line, Placed, Tone};
use crate::page::encode;
use pulse::Picture;
pub(crate) use pulse::Pulse;
use stand::{Stand, per_second};
use table::StreamRow;
pub(super) use table::kind;

#[derive(Template)]
#[template(path = "console/map.html")]
pub(crate) struct Map {
    said: Said,
    /// What is looked at: a stream, an event, a service; everything where nothing is said.
    of: String,
    is_event: bool,
    choices: Vec<Choice>,
    drawing: Placed,
    streams: Vec<StreamRow>,
    /// Subscriptions that a person should look at.
    troubled: usize,
    unknown: usize,
    warnings: Vec<String>,
}

/// A stream that can be looked at, with its events.
struct Choice {
    stream: &'static str,
    events: Vec<&'static str>,
}

/// What is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    of: Option<String>,
}

impl Page for Map {
    type Asked = Query<Asked>;
    /// Definitions are known of all services; what is not known of one is said where it stands.
    const IS_OF_ALL: bool = false;

    async fn load(gateway: &Gateway, Query(asked): &Self::Asked) -> Result<Self, Problem> {
        let of = asked.of.as_deref().unwrap_or_default();
        let whole = gateway.installation().catalog();
        let Some((catalog, event)) = part(whole, of) else {
            return Err(Problem::not_found(
                "There is no stream, event or service of this name.",
            ));
        };
        let picture = pulse::look(gateway).await;
        let stream = event.map_or(of, |(stream, _)| stream);
        let mut drawing = match whole.stream(stream) {
            Some(stream) => drawing::around(whole, stream),
            None => drawing::everything(&catalog),
        };
        enliven(&mut drawing, whole, &picture);
        let streams = table::rows(&catalog, whole, &picture);
        let readers = || streams.iter().flat_map(|row| &row.readers);
        let warnings = catalog.warnings.iter();
        Ok(Self {
            said: Said::default(),
            troubled: readers().filter(|one| one.stand.tone >= Tone::Warn).count(),
            unknown: readers()
                .filter(|one| one.stand.tone == Tone::Unknown)
                .count(),
            of: of.to_owned(),
            is_event: event.is_some(),
            choices: choices(whole),
            drawing: drawing.placed(),
            warnings: warnings.map(|one| one.text.clone()).collect(),
            streams,
        })
    }

    fn title(&self) -> String {
        match self.of.as_str() {
            "" => "Map".to_owned(),
            of => format!("Map of {of}"),
        }
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

type EventOf = (&'static str, &'static str);

/// The part of the catalogue that is looked at, and the event with its stream, if it is one.
fn part(whole: &Catalog, of: &str) -> Option<(Catalog, Option<EventOf>)> {
    let only = |name: &str| {
        let mut catalog = whole.clone();
        catalog.streams.retain(|stream| stream.name == name);
        catalog
            .warnings
            .retain(|one| one.subject == name || one.subject == of);
        catalog
    };
    if of.is_empty() {
        return Some((whole.clone(), None));
    }
    if let Some(stream) = whole.stream(of) {
        return Some((only(stream.name), None));
    }
    if let Some((stream, event)) = whole.event(of) {
        return Some((only(stream.name), Some((stream.name, event.name))));
    }
    whole.around(of).map(|catalog| (catalog, None))
}

fn choices(catalog: &Catalog) -> Vec<Choice> {
    let streams = catalog.streams.iter();
    streams
        .map(|stream| Choice {
            stream: stream.name,
            events: stream.events.iter().map(|event| event.name).collect(),
        })
        .collect()
}

/// Writes on a drawing what is known of what it shows.
fn enliven(drawing: &mut Drawing, catalog: &Catalog, picture: &Picture) {
    let Drawing { columns, lines } = drawing;
    for stream in &catalog.streams {
        let id = drawing::stream_id(stream.name);
        let rate = picture.streams.get(stream.name);
        for line in lines.iter_mut().filter(|line| line.to == id) {
            (line.label, line.tone) = match rate {
                Some(rate) => (rate.map(per_second).unwrap_or_default(), Tone::Ok),
                None => ("? not known".to_owned(), Tone::Unknown),
            };
        }
        for reader in &stream.readers {
            let stand = Stand::of(picture, reader.service, reader.subscription, stream.name);
            for (index, column) in columns.iter_mut().enumerate() {
                let id = drawing::row_id(index, reader.service, reader.subscription, stream.name);
                for row in column.boxes.iter_mut().flat_map(|one| &mut one.rows) {
                    if row.id == id {
                        row.tone = stand.tone;
                        row.words.clone_from(&stand.short);
                    }
                }
                for line in lines.iter_mut().filter(|line| line.to == id) {
                    label(line, &stand);
                }
            }
        }
    }
}

fn label(line: &mut Line, stand: &Stand) {
    line.tone = stand.tone;
    line.label = stand.flow.clone();
}
