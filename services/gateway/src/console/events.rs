//! Stored events: looked for by whatever an operator has in hand (E-10).

mod search;
mod wanted;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use tidings::find::{self, FoundEvent, Marks};
use tidings::{EventId, List, Mask, Paging, Place, Problem, Query, Timestamp};

use super::list::unread_once;
use super::operator::Operator;
use super::page::{Before, Page, Said, show};
use crate::Gateway;
use crate::page::encode;

pub(crate) use search::Asked;

pub(crate) const PATH: &str = "/console/events";
/// Where [`find::following`] goes on, in an answer for programs.
const AFTER: HeaderName = HeaderName::from_static("tidings-after");

#[derive(Template)]
#[template(path = "console/events.html")]
pub(crate) struct Events {
    said: Said,
    asked: Asked,
    /// Why the fields cannot be understood.
    fault: Option<String>,
    streams: Vec<&'static str>,
    types: Vec<&'static str>,
    events: Vec<EventView>,
    /// Addresses of the neighbouring parts.
    first: Option<String>,
    older: Option<String>,
    /// Older ones have not been looked at, because there are so many.
    looked_back_to: Option<Timestamp>,
}

/// An event as a line of a table.
pub(crate) struct EventView {
    pub(crate) service: &'static str,
    pub(crate) name: String,
    pub(crate) id: EventId,
    pub(crate) key: String,
    /// Unless it is hidden, all events of that key.
    pub(crate) key_href: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) flow: String,
    pub(crate) actor: String,
}

impl EventView {
    pub(crate) fn of(found: FoundEvent, mask: &Mask) -> Self {
        let FoundEvent { service, event } = found;
        let key = mask.text(&event.key, &event.data);
        let key_href = (key == event.key).then(|| format!("{PATH}?key={}", encode(&key)));
        Self {
            service,
            name: event.name,
            id: event.id,
            key,
            key_href,
            at: event.time,
            flow: event.context.correlation_id,
            actor: event.context.actor,
        }
    }

    pub(crate) fn href(&self) -> String {
        format!("{PATH}/{}", self.id)
    }

    pub(crate) fn flow_href(&self) -> String {
        flow_href(&self.flow)
    }

    /// Enough of it to tell it from its neighbours: the end, because what begins at one time
    /// begins alike.
    pub(crate) fn flow_end(&self) -> &str {
        let end = self.flow.len().saturating_sub(8);
        self.flow.get(end..).unwrap_or(&self.flow)
    }
}

pub(crate) fn flow_href(correlation_id: &str) -> String {
    format!("/console/trace/{}", encode_part(correlation_id))
}

/// As [`encode`], for one part of a path: what is in it is no border.
pub(crate) fn encode_part(text: &str) -> String {
    encode(text).replace('/', "%2F")
}

impl Page for Events {
    type Asked = (Query<Asked>, Paging<Marks>);

    async fn load(gateway: &Gateway, asked: &Self::Asked) -> Result<Self, Problem> {
        let (Query(asked), paging) = asked;
        let mut page = Self {
            said: Said::default(),
            asked: asked.clone(),
            fault: None,
            streams: search::streams(gateway),
            types: search::types(gateway),
            events: Vec::new(),
            first: (paging.after.as_ref()).map(|_| asked.url(paging, None)),
            older: None,
            looked_back_to: None,
        };
        let search = match asked.search(gateway) {
            Ok(search) => search,
            Err((_, text)) => {
                page.fault = Some(text);
                return Ok(page);
            }
        };
        let installation = gateway.installation();
        let before = paging.after.as_ref();
        let found = find::newest(installation, &search, before, paging.limit).await;
        let mask = installation.mask();
        let events = found.events.into_iter();
        page.events = events.map(|event| EventView::of(event, mask)).collect();
        page.older = found.next.map(|at| asked.url(paging, Some(&at)));
        page.looked_back_to = found.looked_back_to;
        page.said = Said::of([found.silent]);
        Ok(page)
    }

    fn title(&self) -> String {
        "Events".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }

    /// Whoever looks for something would have it move away; and it may cost more than reading
    /// the end of the log.
    fn is_live(&self) -> bool {
        self.first.is_none() && !self.asked.is_narrow()
    }
}

/// The page, or where what was put into its one field is found.
pub(crate) async fn page(
    operator: Operator,
    State(gateway): State<Gateway>,
    uri: Uri,
    before: Query<Before>,
    asked: (Query<Asked>, Paging<Marks>),
) -> Result<Response, Problem> {
    if let Some(text) = asked.0.0.wanted()
        && let Some(page) = wanted::page_of(&gateway, text).await
    {
        return Ok(Redirect::to(&page).into_response());
    }
    let shown = show::<Events>(operator, State(gateway), uri, before, asked).await?;
    Ok(shown.into_response())
}

/// An event, for programs.
#[derive(Serialize)]
pub(crate) struct EventOut {
    pub(crate) id: EventId,
    pub(crate) service: &'static str,
    pub(crate) stream: String,
    #[serde(rename = "type")]
    pub(crate) name: String,
    pub(crate) version: u16,
    pub(crate) key: String,
    pub(crate) time: Timestamp,
    pub(crate) actor: String,
    pub(crate) correlation_id: String,
    pub(crate) causation_id: Option<String>,
    /// With what is sensitive hidden; as text where it is not JSON.
    pub(crate) data: serde_json::Value,
}

impl EventOut {
    pub(crate) fn of(found: FoundEvent, mask: &Mask) -> Self {
        let FoundEvent { service, event } = found;
        let shown = mask.data(&event.data);
        Self {
            service,
            stream: event.id.stream.clone(),
            key: mask.text(&event.key, &event.data),
            id: event.id,
            name: event.name,
            version: event.version,
            time: event.time,
            actor: event.context.actor,
            correlation_id: event.context.correlation_id,
            causation_id: event.context.causation_id,
            data: serde_json::from_str(&shown).unwrap_or_else(|_| shown.into()),
        }
    }
}

/// Newest first; with `after`, what has come since then in the order in which it came. The header
/// `tidings-after` says what to ask with next time, so that nothing is passed over.
pub(crate) async fn list(
    _: Operator,
    State(gateway): State<Gateway>,
    Query(asked): Query<Asked>,
    paging: Paging<Marks>,
) -> Result<Response, Problem> {
    let bad = |(field, text): (&str, String)| Problem::field("bad_filter", field, text);
    let search = asked.search(&gateway).map_err(bad)?;
    let installation = gateway.installation();
    let limit = paging.limit;
    let (found, after, next) = match asked.after().map_err(bad)? {
        Some(after) => {
            let mut found = find::following(installation, &search, &after, limit).await;
            let after = found.next.take();
            (found, after, None)
        }
        None => {
            // Before the events: what comes in between is given twice rather than not at all.
            let after = match paging.after {
                None => find::ends(installation, &search).await.next,
                Some(_) => None,
            };
            let before = paging.after.as_ref();
            let mut found = find::newest(installation, &search, before, limit).await;
            let next = found.next.take();
            (found, after, next)
        }
    };
    let mask = installation.mask();
    let events = found.events.into_iter();
    let list = List {
        items: events
            .map(|event| EventOut::of(event, mask))
            .collect::<Vec<_>>(),
        next: next.map(|place| paging.next_url(&place)),
    };
    let mut response = (unread_once(found.silent), list).into_response();
    if let Some(Ok(after)) = after.map(|after| HeaderValue::from_str(&after.write())) {
        response.headers_mut().insert(AFTER, after);
    }
    Ok(response)
}
