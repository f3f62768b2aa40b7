//! The map as a list: for phones, for readers of a screen, and for who wants to know exactly.

use tidings::catalog::{Reader, StreamEntry};
use tidings::{Catalog, Kind};

use super::encode;
use super::pulse::Picture;
use super::stand::{Stand, per_second};

/// A stream with those who read it.
pub(super) struct StreamRow {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) producer: &'static str,
    pub(super) rate: String,
    pub(super) readers: Vec<ReaderRow>,
}

pub(super) struct ReaderRow {
    pub(super) service: &'static str,
    pub(super) subscription: &'static str,
    pub(super) how: &'static str,
    pub(super) stand: Stand,
    /// The streams that the service publishes, which is what may follow.
    pub(super) then: Vec<&'static str>,
}

pub(super) fn rows(catalog: &Catalog, whole: &Catalog, picture: &Picture) -> Vec<StreamRow> {
    let of = |stream: &StreamEntry| {
        let readers = stream.readers.iter();
        StreamRow {
            name: stream.name,
            kind: kind(stream.kind),
            producer: stream.producer.unwrap_or("nobody here"),
            rate: match picture.streams.get(stream.name) {
                Some(rate) => rate.map(per_second).unwrap_or_default(),
                None => "not known".to_owned(),
            },
            readers: readers
                .map(|one| reader(one, stream, whole, picture))
                .collect(),
        }
    };
    catalog.streams.iter().map(of).collect()
}

fn reader(of: &Reader, stream: &StreamEntry, whole: &Catalog, picture: &Picture) -> ReaderRow {
    let written = whole.written_by(of.service);
    let then = written.filter(|one| one.name != stream.name);
    ReaderRow {
        service: of.service,
        subscription: of.subscription,
        how: match (of.is_projection, stream.kind) {
            (true, _) => "projection",
            (_, Kind::Command) => "commands",
            _ => "handler",
        },
        stand: Stand::of(picture, of.service, of.subscription, stream.name),
        then: then.map(|one| one.name).collect(),
    }
}

pub(in crate::console) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Business => "business",
        Kind::State => "state",
        Kind::Command => "command",
    }
}

impl StreamRow {
    pub(super) fn href(&self) -> String {
        format!("/console/map?of={}", encode(self.name))
    }
}
