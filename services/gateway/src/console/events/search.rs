//! What a search says, as fields of a form or of an address.

use std::collections::BTreeSet;

use serde::Deserialize;
use tidings::find::{Marks, Search};
use tidings::{Paging, Place, Timestamp};

use super::PATH;
use crate::Gateway;
use crate::console::list::{given, url};
use crate::page::encode;

const LIMIT_USUAL: u32 = 50;

/// The fields of a search, as they were filled in.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    q: Option<String>,
    stream: Option<String>,
    key: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    correlation_id: Option<String>,
    actor: Option<String>,
    from: Option<String>,
    until: Option<String>,
    after: Option<String>,
}

/// A field that cannot be understood, and why.
pub(super) type Misunderstood = (&'static str, String);

impl Asked {
    /// What somebody has put into the one field for everything.
    pub(crate) fn wanted(&self) -> Option<&str> {
        given(self.q.as_ref())
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    fn fields(&self) -> [(&'static str, Option<&str>); 7] {
        [
            ("stream", given(self.stream.as_ref())),
            ("key", given(self.key.as_ref())),
            ("type", given(self.event_type.as_ref())),
            ("correlation_id", given(self.correlation_id.as_ref())),
            ("actor", given(self.actor.as_ref())),
            ("from", given(self.from.as_ref())),
            ("until", given(self.until.as_ref())),
        ]
    }

    /// A field as it is shown again.
    pub(crate) fn field(&self, name: &str) -> &str {
        let mut fields = self.fields().into_iter();
        let found = fields.find(|(known, _)| *known == name);
        found.and_then(|(_, value)| value).unwrap_or_default()
    }

    /// A moment as the field for one takes it, which knows no zone: it is UTC.
    pub(crate) fn moment(&self, name: &str) -> &str {
        self.field(name).trim_end_matches('Z')
    }

    /// Whether anything is looked for.
    pub(crate) fn is_narrow(&self) -> bool {
        self.wanted().is_some() || self.fields().iter().any(|(_, value)| value.is_some())
    }

    /// Whether the fields beside the one for everything are filled in.
    pub(crate) fn is_detailed(&self) -> bool {
        self.fields().iter().any(|(_, value)| value.is_some())
    }

    /// The address of a part of what is found.
    pub(super) fn url(&self, paging: &Paging<Marks>, at: Option<&Marks>) -> String {
        let fields = self.fields();
        let mut fields: Vec<_> = fields.map(|(name, value)| (name, value.map(encode))).into();
        let limit = (paging.limit != LIMIT_USUAL).then(|| paging.limit.to_string());
        fields.push(("limit", limit));
        fields.push(("cursor", at.map(Place::write)));
        url(PATH, &fields)
    }

    /// Where whoever follows stands.
    pub(super) fn after(&self) -> Result<Option<Marks>, Misunderstood> {
        let Some(text) = given(self.after.as_ref()) else {
            return Ok(None);
        };
        let text = Marks::read(text).ok_or_else(|| {
            let text = "after must be taken from the header tidings-after of an earlier answer.";
            ("after", text.to_owned())
        });
        text.map(Some)
    }

    /// What is looked for. Of a stream or a type that is not known nothing can be found, so that
    /// it is told at once.
    pub(super) fn search(&self, gateway: &Gateway) -> Result<Search, Misunderstood> {
        let text = |field: Option<&String>| given(field).map(|text| text.trim().to_owned());
        let search = Search {
            stream: text(self.stream.as_ref()),
            key: text(self.key.as_ref()),
            event_type: text(self.event_type.as_ref()),
            correlation_id: text(self.correlation_id.as_ref()),
            actor: text(self.actor.as_ref()),
            from: moment("from", self.from.as_ref())?,
            until: moment("until", self.until.as_ref())?,
        };
        if let Some(stream) = &search.stream
            && !streams(gateway).contains(&stream.as_str())
        {
            let text = format!("No service that is seen here writes a stream {stream}.");
            return Err(("stream", text));
        }
        if let Some(name) = &search.event_type
            && !types(gateway).contains(&name.as_str())
        {
            let text = format!("No service that is seen here publishes {name}.");
            return Err(("type", text));
        }
        if let (Some(from), Some(until)) = (search.from, search.until)
            && from >= until
        {
            return Err(("until", "Until must be later than from.".to_owned()));
        }
        Ok(search)
    }
}

pub(super) fn streams(gateway: &Gateway) -> Vec<&'static str> {
    let streams = gateway.installation().streams();
    let names: BTreeSet<_> = streams.map(|(_, info)| info.name).collect();
    names.into_iter().collect()
}

pub(super) fn types(gateway: &Gateway) -> Vec<&'static str> {
    let streams = gateway.installation().streams();
    let types = streams.flat_map(|(_, info)| info.types.iter().map(|one| one.name));
    let types: BTreeSet<_> = types.collect();
    types.into_iter().collect()
}

/// A moment with its zone, or without as forms send it: then it is UTC.
fn moment(field: &'static str, text: Option<&String>) -> Result<Option<Timestamp>, Misunderstood> {
    let Some(text) = given(text).map(str::trim) else {
        return Ok(None);
    };
    // A browser leaves out seconds that are nothing, and the day alone is its beginning.
    let written = ["", "Z", ":00Z", "T00:00:00Z"];
    let read = written
        .iter()
        .find_map(|rest| format!("{text}{rest}").parse().ok());
    read.map(Some).ok_or_else(|| {
        let text = format!("{text} is no moment like 2026-03-14T16:00:07Z.");
        (field, text)
    })
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_moment_is_read_as_people_programs_and_forms_write_it() {
        let noon = "2026-03-14T12:00:00Z".parse().ok();
        for text in [
            "2026-03-14T12:00:00Z",
            "2026-03-14T13:00:00+01:00",
            "2026-03-14T12:00",
        ] {
            assert_eq!(moment("from", Some(&text.to_owned())), Ok(noon), "{text}");
        }
        let midnight = "2026-03-14T00:00:00Z".parse().ok();
        assert_eq!(moment("from", Some(&"2026-03-14".to_owned())), Ok(midnight));
        assert_eq!(moment("from", Some(&String::new())), Ok(None));
        let (field, text) = moment("from", Some(&"soon".to_owned())).unwrap_err();
        assert_eq!(
            (field, text.as_str()),
            ("from", "soon is no moment like 2026-03-14T16:00:07Z.")
        );
    }
}
