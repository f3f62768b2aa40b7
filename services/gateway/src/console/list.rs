//! Lists over all services: what is asked for, what was found, where the next part begins.

use axum::Extension;
use serde::{Deserialize, Serialize};
use tidings::{Error, Handle, List, Paging, Place, Problem, Uuid};

use super::Unread;
use super::decide::no_service;
use crate::Gateway;
use crate::page::encode;

const LIMIT_USUAL: u32 = 50;

/// One item, and the service that it belongs to.
#[derive(Serialize)]
pub(crate) struct Of<T> {
    pub(crate) service: &'static str,
    #[serde(flatten)]
    pub(crate) item: T,
}

/// The place before an item whose identifiers sort as they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Older(pub(crate) Uuid);

impl Place for Older {
    fn read(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

/// Which items are asked for: those of one service, kind, state; all where nothing is said.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Filter {
    service: Option<String>,
    kind: Option<String>,
    state: Option<String>,
}

/// What a form sends for a field that is left as it was.
pub(crate) fn given(field: Option<&String>) -> Option<&str> {
    field.map(String::as_str).filter(|text| !text.is_empty())
}

impl Filter {
    pub(crate) fn service(&self) -> Option<&str> {
        given(self.service.as_ref())
    }

    pub(crate) fn kind(&self) -> Option<&str> {
        given(self.kind.as_ref())
    }

    /// `all` is what is said where nothing would mean one state.
    pub(crate) fn state(&self) -> Option<&str> {
        given(self.state.as_ref()).filter(|state| *state != "all")
    }

    /// Whether every state is asked for, where nothing would mean some.
    pub(crate) fn wants_all(&self) -> bool {
        given(self.state.as_ref()) == Some("all")
    }

    /// Whether anything is said.
    pub(crate) fn is_narrow(&self) -> bool {
        let fields = [&self.service, &self.kind, &self.state];
        fields.iter().any(|field| given(field.as_ref()).is_some())
    }

    /// Takes a state for those who have not chosen one.
    pub(crate) fn state_or(mut self, state: &str) -> Self {
        if given(self.state.as_ref()).is_none() {
            self.state = Some(state.to_owned());
        }
        self
    }

    /// The address of a page with this filter, and a part of it.
    pub(crate) fn url<P: Place>(&self, path: &str, paging: &Paging<P>, at: Option<&P>) -> String {
        let fields = [
            ("service", self.service().map(encode)),
            ("kind", self.kind().map(encode)),
            ("state", given(self.state.as_ref()).map(encode)),
            (
                "limit",
                (paging.limit != LIMIT_USUAL).then(|| paging.limit.to_string()),
            ),
            ("cursor", at.map(Place::write)),
        ];
        url(path, &fields)
    }

    /// The services that are asked for.
    pub(crate) fn services<'a>(
        &self,
        gateway: &'a Gateway,
        states: &[&str],
    ) -> Result<Vec<&'a Handle>, Problem> {
        if self.state().is_some_and(|state| !states.contains(&state)) {
            let text = format!("The state must be one of {}.", states.join(", "));
            return Err(Problem::field("bad_filter", "state", text));
        }
        let all = gateway.installation().handles().iter();
        let Some(name) = self.service() else {
            return Ok(all.collect());
        };
        let found: Vec<_> = all.filter(|handle| handle.name() == name).collect();
        if found.is_empty() {
            let text = no_service(gateway, name);
            return Err(Problem::field("bad_filter", "service", text));
        }
        Ok(found)
    }
}

/// The address of a page with those of one kind of a service in one state.
pub(crate) fn narrowed(path: &str, service: &str, kind: &str, state: &str) -> String {
    let fields = [("service", service), ("kind", kind), ("state", state)];
    url(
        path,
        &fields.map(|(name, value)| (name, Some(encode(value)))),
    )
}

/// Each kind once, for the field in which one is chosen.
pub(crate) fn known<'a>(kinds: impl Iterator<Item = &'a String>) -> Vec<String> {
    let kinds: std::collections::BTreeSet<_> = kinds.collect();
    kinds.into_iter().cloned().collect()
}

/// An address of this site with the fields that have a value.
pub(crate) fn url(path: &str, fields: &[(&str, Option<String>)]) -> String {
    let query: Vec<_> = fields
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)))
        .collect();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", query.join("&"))
    }
}

/// What the services have answered.
pub(crate) struct Found<T> {
    pub(crate) items: Vec<Of<T>>,
    /// Services whose database did not answer.
    pub(crate) silent: Vec<&'static str>,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            silent: Vec::new(),
        }
    }
}

impl<T> Found<T> {
    pub(crate) fn add(&mut self, handle: &Handle, answer: Result<Vec<T>, Error>) {
        let service = handle.name();
        match answer {
            Ok(found) => {
                let found = found.into_iter().map(|item| Of { service, item });
                self.items.extend(found);
            }
            Err(error) => {
                tracing::warn!(service, error = %tidings::chain(&error), "the console could not read a service");
                self.silent.push(service);
            }
        }
    }

    /// The newest of all, as many as are asked for; with where the next part begins.
    pub(crate) fn newest<P: Place + Ord>(
        self,
        paging: &Paging<P>,
        place: impl Fn(&T) -> P,
    ) -> Part<T, P> {
        let mut items = self.items;
        items.sort_by_cached_key(|one| std::cmp::Reverse(place(&one.item)));
        let more = items.len() > paging.limit as usize;
        items.truncate(paging.limit as usize);
        let next = items.last().filter(|_| more).map(|one| place(&one.item));
        Part {
            items,
            next,
            silent: self.silent,
        }
    }
}

/// Part of a list.
pub(crate) struct Part<T, P = Older> {
    pub(crate) items: Vec<Of<T>>,
    pub(crate) next: Option<P>,
    pub(crate) silent: Vec<&'static str>,
}

impl<T, P: Place> Part<T, P> {
    /// For programs, who are told which services it leaves out.
    pub(crate) fn partly(self, paging: &Paging<P>) -> (Extension<Unread>, List<Of<T>>) {
        let list = List {
            items: self.items,
            next: self.next.map(|place| paging.next_url(&place)),
        };
        (unread_once(self.silent), list)
    }
}

/// Services that an answer leaves out, for its header.
pub(crate) fn unread_once(mut services: Vec<&'static str>) -> Extension<Unread> {
    services.sort_unstable();
    services.dedup();
    Extension(Unread(services))
}
