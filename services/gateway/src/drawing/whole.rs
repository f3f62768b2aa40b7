//! What is drawn of a catalogue: all of it, or what follows from one stream or event.

use tidings::Kind;
use tidings::catalog::{Catalog, Reader, StreamEntry};

use super::{Box, Column, Drawing, Line, Row, Shape, Tone};

/// Everybody who publishes, every stream, everybody who reads.
pub(crate) fn everything(catalog: &Catalog) -> Drawing {
    let streams: Vec<&StreamEntry> = catalog.streams.iter().collect();
    let mut drawing = Drawing::default();
    let writers = streams.iter().filter_map(|stream| stream.producer);
    drawing.services("Publishes", 0, writers);
    drawing.streams("Stream", 1, &streams);
    drawing.writing(0, &streams);
    drawing.reading("Reads", 2, &streams);
    drawing
}

/// Who reacts to a stream, what they publish, and who reads that.
pub(crate) fn around(catalog: &Catalog, stream: &StreamEntry) -> Drawing {
    let first = [stream];
    let readers: Vec<&str> = stream.readers.iter().map(|reader| reader.service).collect();
    let then = catalog.streams.iter();
    let then: Vec<&StreamEntry> = then
        .filter(|one| one.producer.is_some_and(|name| readers.contains(&name)))
        .filter(|one| one.name != stream.name)
        .collect();
    let mut drawing = Drawing::default();
    drawing.streams("Stream", 0, &first);
    if let (Some(own), Some(producer)) = (drawing.columns[0].boxes.first_mut(), stream.producer) {
        own.note = format!("published by {producer}");
    }
    drawing.reading("Reacts", 1, &first);
    if !then.is_empty() {
        drawing.streams("May publish in turn", 2, &then);
        drawing.writing(1, &then);
        drawing.reading("Reads that", 3, &then);
    }
    drawing
}

fn service_id(column: usize, service: &str) -> String {
    format!("{column}-{service}")
}

pub(crate) fn stream_id(stream: &str) -> String {
    format!("stream-{stream}")
}

fn stream_page(stream: &str) -> String {
    format!("/console/map?of={stream}")
}

/// Unique with its column, for a reader can stand in two.
pub(crate) fn row_id(column: usize, service: &str, subscription: &str, stream: &str) -> String {
    format!("{column}-{service}-{subscription}-{stream}")
}

impl Drawing {
    /// In a file there are no pages to lead to.
    pub(super) fn lead_nowhere(&mut self) {
        self.lines.iter_mut().for_each(|line| line.href.clear());
        for one in self.columns.iter_mut().flat_map(|column| &mut column.boxes) {
            one.href.clear();
            one.rows.iter_mut().for_each(|row| row.href.clear());
        }
    }

    fn column(&mut self, title: &'static str, index: usize) -> &mut Vec<Box> {
        while self.columns.len() <= index {
            self.columns.push(Column::default());
        }
        self.columns[index].title = title;
        &mut self.columns[index].boxes
    }

    fn services<'a>(
        &mut self,
        title: &'static str,
        index: usize,
        names: impl Iterator<Item = &'a str>,
    ) {
        let boxes = self.column(title, index);
        for name in names {
            let id = service_id(index, name);
            if !boxes.iter().any(|one| one.id == id) {
                boxes.push(service(id, name));
            }
        }
    }

    fn streams(&mut self, title: &'static str, index: usize, streams: &[&StreamEntry]) {
        let boxes = streams.iter().map(|stream| Box {
            id: stream_id(stream.name),
            shape: Shape::Stream,
            title: name_of(stream),
            note: note(stream),
            href: stream_page(stream.name),
            tone: Tone::Plain,
            rows: Vec::new(),
        });
        self.column(title, index).extend(boxes);
    }

    /// The lines from services to the streams that they write.
    fn writing(&mut self, index: usize, streams: &[&StreamEntry]) {
        for stream in streams {
            if let Some(producer) = stream.producer {
                self.lines.push(Line {
                    from: service_id(index, producer),
                    to: stream_id(stream.name),
                    label: String::new(),
                    href: stream_page(stream.name),
                    tone: Tone::Plain,
                });
            }
        }
    }

    /// The services that read, with a row for each subscription, and the lines to them.
    fn reading(&mut self, title: &'static str, index: usize, streams: &[&StreamEntry]) {
        for stream in streams {
            for reader in &stream.readers {
                let name = reader.service;
                let id = row_id(index, name, reader.subscription, stream.name);
                let boxes = self.column(title, index);
                let own = service_id(index, name);
                let place = boxes.iter().position(|one| one.id == own);
                let place = place.unwrap_or_else(|| {
                    boxes.push(service(own, name));
                    boxes.len() - 1
                });
                let row = row(id.clone(), reader);
                let href = row.href.clone();
                boxes[place].rows.push(row);
                self.lines.push(Line {
                    from: stream_id(stream.name),
                    to: id,
                    label: String::new(),
                    href,
                    tone: Tone::Plain,
                });
            }
        }
    }
}

fn service(id: String, name: &str) -> Box {
    Box {
        id,
        shape: Shape::Service,
        title: name.to_owned(),
        note: String::new(),
        href: format!("/console/catalogue?service={name}"),
        tone: Tone::Plain,
        rows: Vec::new(),
    }
}

fn row(id: String, reader: &Reader) -> Row {
    let anchor = format!("{}-{}", reader.service, reader.subscription);
    let anchor = anchor.replace(|one: char| !one.is_ascii_alphanumeric(), "-");
    let words = if reader.is_projection {
        "projection"
    } else {
        ""
    };
    Row {
        id,
        name: reader.subscription.to_owned(),
        words: words.to_owned(),
        href: format!("/console/subscriptions#s-{anchor}"),
        tone: Tone::Plain,
    }
}

/// Streams of commands are called after both ends, which is more than a box holds.
fn name_of(stream: &StreamEntry) -> String {
    let kind = stream.name.split('.').next();
    match stream.kind {
        Kind::Command => kind.unwrap_or_default().to_owned(),
        _ => stream.name.to_owned(),
    }
}

fn note(stream: &StreamEntry) -> String {
    let mut ends = stream.name.split('.').skip(1);
    match (stream.kind, ends.next(), ends.next(), stream.events.len()) {
        (Kind::Command, Some(from), Some(to), _) => format!("{from} → {to}"),
        (.., 1) => "1 event type".to_owned(),
        (.., count) => format!("{count} event types"),
    }
}
