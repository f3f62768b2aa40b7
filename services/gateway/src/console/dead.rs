//! Events that could not be applied: what has failed, of what, and how many of one kind.

use askama::Template;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tidings::dead::{self, Alike, DeadPlace, STATES, Which};
use tidings::{DeadEvent, Handle, Json, Paging, Path, Place, Problem, Query, Timestamp};

use super::Unread;
use super::decide::{find_service, no_service, not_there};
use super::list::{Found, Of, Part, given, url};
use super::masked;
use super::operator::Operator;
use super::page::{Page, Said};
use super::text::{grouped, word};
use crate::Gateway;
use crate::page::encode;

/// Kinds of errors that are shown of each service.
const GROUPS_MAX: u32 = 20;

/// Which events are asked for; all where nothing is said.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct DeadFilter {
    service: Option<String>,
    subscription: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    error: Option<String>,
    error_class: Option<String>,
    state: Option<String>,
}

impl DeadFilter {
    pub(crate) fn service(&self) -> &str {
        given(self.service.as_ref()).unwrap_or("")
    }

    fn subscription(&self) -> &str {
        given(self.subscription.as_ref()).unwrap_or("")
    }

    fn event_type(&self) -> &str {
        given(self.event_type.as_ref()).unwrap_or("")
    }

    fn error(&self) -> &str {
        given(self.error.as_ref()).unwrap_or("")
    }

    fn error_class(&self) -> &str {
        given(self.error_class.as_ref()).unwrap_or("")
    }

    /// `dead` where nothing is said, on the page.
    fn state(&self) -> &str {
        given(self.state.as_ref()).unwrap_or("dead")
    }

    fn is_narrow(&self) -> bool {
        let all = [
            self.service(),
            self.subscription(),
            self.event_type(),
            self.error(),
            self.error_class(),
        ];
        all.iter().any(|field| !field.is_empty()) || self.state() != "dead"
    }

    /// The same for the toolkit.
    pub(crate) fn which(&self) -> Which {
        let text = |field: &Option<String>| given(field.as_ref()).map(ToOwned::to_owned);
        Which {
            subscription: text(&self.subscription),
            event_type: text(&self.event_type),
            error_class: text(&self.error_class),
            error: text(&self.error),
        }
    }

    /// The services that are asked for.
    pub(crate) fn services<'a>(&self, gateway: &'a Gateway) -> Result<Vec<&'a Handle>, Problem> {
        let all = gateway.installation().handles().iter();
        let name = self.service();
        let found: Vec<_> = all
            .filter(|handle| name.is_empty() || handle.name() == name)
            .collect();
        if found.is_empty() && !name.is_empty() {
            let text = no_service(gateway, name);
            return Err(Problem::field("bad_filter", "service", text));
        }
        Ok(found)
    }

    fn url(&self, at: Option<&DeadAt>) -> String {
        let field = |field: &Option<String>| given(field.as_ref()).map(encode);
        let fields = [
            ("service", field(&self.service)),
            ("subscription", field(&self.subscription)),
            ("type", field(&self.event_type)),
            ("error", field(&self.error)),
            ("error_class", field(&self.error_class)),
            ("state", field(&self.state)),
            ("cursor", at.map(Place::write)),
        ];
        url("/console/dead", &fields)
    }
}

/// The place of an event in the list over all services.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DeadAt {
    at: i64,
    service: String,
    place: DeadPlace,
}

impl DeadAt {
    fn of(one: &Of<DeadEvent>) -> Self {
        let place = DeadPlace::of(&one.item);
        Self {
            at: place.at,
            service: one.service.to_owned(),
            place,
        }
    }

    /// From where one of the services goes on.
    fn of_service(&self, service: &str) -> DeadPlace {
        match service.cmp(self.service.as_str()) {
            std::cmp::Ordering::Less => DeadPlace::before(self.at.saturating_add(1)),
            std::cmp::Ordering::Equal => self.place.clone(),
            std::cmp::Ordering::Greater => DeadPlace::before(self.at),
        }
    }
}

impl Place for DeadAt {
    fn read(text: &str) -> Option<Self> {
        let digits = text.as_bytes().chunks(2);
        let bytes = digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        let text = String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()?;
        let mut parts = text.split('\n');
        let (at, service) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
        let place = DeadPlace {
            at,
            subscription: parts.next()?.to_owned(),
            stream: parts.next()?.to_owned(),
            slot: parts.next()?.parse().ok()?,
            sequence: parts.next()?.parse().ok()?,
        };
        Some(Self { at, service, place })
    }

    fn write(&self) -> String {
        let DeadPlace {
            subscription,
            stream,
            slot,
            sequence,
            ..
        } = &self.place;
        let (at, service) = (self.at, &self.service);
        let text = format!("{at}\n{service}\n{subscription}\n{stream}\n{slot}\n{sequence}");
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Those that failed last, of those services that answer.
async fn find(
    gateway: &Gateway,
    filter: &DeadFilter,
    state: &str,
    paging: &Paging<DeadAt>,
) -> Result<Part<DeadEvent, DeadAt>, Problem> {
    if state != "all" && !STATES.contains(&state) {
        let text = format!("The state must be one of {}, all.", STATES.join(", "));
        return Err(Problem::field("bad_filter", "state", text));
    }
    let state = (state != "all").then_some(state);
    let (which, mask) = (filter.which(), gateway.installation().mask());
    let mut found = Found::default();
    for handle in filter.services(gateway)? {
        let after = paging.after.as_ref().map(|at| at.of_service(handle.name()));
        let answer = dead::list(handle, state, &which, after.as_ref(), paging.fetch()).await;
        found.add(handle, answer);
    }
    let mut items = found.items;
    items.sort_by_cached_key(|one| std::cmp::Reverse(DeadAt::of(one)));
    let more = items.len() > paging.limit as usize;
    items.truncate(paging.limit as usize);
    let next = items.last().filter(|_| more).map(DeadAt::of);
    let part = Part {
        items,
        next,
        silent: found.silent,
    };
    Ok(part.map(|event| masked::event(mask, event)))
}

/// For programs: of all states where none is chosen.
pub(crate) async fn list(
    _: Operator,
    State(gateway): State<Gateway>,
    Query(filter): Query<DeadFilter>,
    paging: Paging<DeadAt>,
) -> Result<(axum::Extension<Unread>, tidings::List<Of<DeadEvent>>), Problem> {
    let state = given(filter.state.as_ref()).unwrap_or("all");
    let found = find(&gateway, &filter, state, &paging).await?;
    Ok(found.partly(&paging))
}

/// A service, a subscription, an event.
pub(crate) type Place3 = (String, String, String);

/// For programs.
pub(crate) async fn one(
    _: Operator,
    State(gateway): State<Gateway>,
    Path((service, subscription, event)): Path<Place3>,
) -> Result<Json<Of<DeadEvent>>, Problem> {
    let handle = find_service(&gateway, &service)?;
    let event = super::act::event_id(&event)?;
    let found = dead::get(&handle, &subscription, &event).await?;
    let found = found.ok_or_else(not_there)?;
    let item = masked::event(gateway.installation().mask(), found);
    let service = handle.name();
    Ok(Json(Of { service, item }))
}

/// An event as a line of a table.
#[derive(Serialize)]
pub(crate) struct DeadRow {
    service: &'static str,
    /// Its page, where its forms go, too.
    href: String,
    anchor: String,
    event: DeadEvent,
}

impl DeadRow {
    pub(crate) fn of(Of { service, item }: Of<DeadEvent>) -> Self {
        Self {
            href: href(service, &item),
            anchor: anchor(service, &item),
            service,
            event: item,
        }
    }
}

pub(super) fn href(service: &str, event: &DeadEvent) -> String {
    let parts = [service, &event.subscription, &event.event.id.to_string()].map(encode);
    format!("/console/dead/{}", parts.join("/"))
}

fn anchor(service: &str, event: &DeadEvent) -> String {
    let text = format!("{service}-{}-{}", event.subscription, event.event.id);
    text.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

/// Events that have failed of the same.
pub(crate) struct GroupRow {
    pub(crate) service: &'static str,
    pub(crate) subscription: String,
    pub(crate) error_class: String,
    pub(crate) count: u64,
    pub(crate) error: String,
    pub(crate) event_type: String,
    pub(crate) last_at: Option<Timestamp>,
    /// The list of them.
    pub(crate) href: String,
    pub(crate) anchor: String,
}

/// What dead events have failed of, with whose databases did not answer.
pub(crate) async fn groups(
    gateway: &Gateway,
    services: &[&Handle],
) -> (Vec<GroupRow>, Vec<&'static str>) {
    let mask = gateway.installation().mask();
    let mut found: Found<Alike> = Found::default();
    for handle in services {
        found.add(handle, dead::alike(handle, GROUPS_MAX).await);
    }
    found
        .items
        .sort_by_key(|one| std::cmp::Reverse(one.item.count));
    let rows = found.items.into_iter().map(|Of { service, item }| {
        let example = masked::event(mask, item.example);
        let filter = DeadFilter {
            service: Some(service.to_owned()),
            subscription: Some(item.subscription.clone()),
            error_class: Some(item.error_class.clone()),
            ..DeadFilter::default()
        };
        GroupRow {
            href: filter.url(None),
            anchor: anchor(service, &example),
            service,
            subscription: item.subscription,
            error_class: item.error_class,
            count: item.count,
            error: example.error.unwrap_or_default(),
            event_type: example.event.name,
            last_at: item.last_at,
        }
    });
    (rows.collect(), found.silent)
}

#[derive(Template)]
#[template(path = "console/dead.html")]
pub(crate) struct Dead {
    said: Said,
    filter: DeadFilter,
    services: Vec<&'static str>,
    subscriptions: Vec<String>,
    groups: Vec<GroupRow>,
    dead: u64,
    events: Vec<DeadRow>,
    /// Addresses of the neighbouring parts.
    first: Option<String>,
    older: Option<String>,
}

impl Page for Dead {
    type Asked = (Query<DeadFilter>, Paging<DeadAt>);

    async fn load(gateway: &Gateway, asked: &Self::Asked) -> Result<Self, Problem> {
        let (Query(filter), paging) = asked;
        let found = find(gateway, filter, filter.state(), paging).await?;
        let answering = filter.services(gateway)?.into_iter();
        let answering: Vec<_> = answering
            .filter(|handle| !found.silent.contains(&handle.name()))
            .collect();
        let (groups, silent) = groups(gateway, &answering).await;
        let all = gateway.installation().subscriptions().iter();
        let mut subscriptions: Vec<String> = all.map(|one| one.name.to_owned()).collect();
        subscriptions.sort_unstable();
        subscriptions.dedup();
        Ok(Self {
            said: Said::of([found.silent, silent]),
            services: gateway.service_names(),
            subscriptions,
            dead: groups.iter().map(|group| group.count).sum(),
            groups,
            events: found.items.into_iter().map(DeadRow::of).collect(),
            first: paging.after.as_ref().map(|_| filter.url(None)),
            older: found.next.map(|at| filter.url(Some(&at))),
            filter: filter.clone(),
        })
    }

    fn title(&self) -> String {
        "Dead events".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_goes_behind_a_service_in_each() {
        let at = DeadAt {
            at: 17,
            service: "orders".to_owned(),
            place: DeadPlace {
                at: 17,
                subscription: "tickets/of all".to_owned(),
                stream: "tickets".to_owned(),
                slot: 3,
                sequence: 9,
            },
        };
        let written = at.write();
        assert!(written.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(DeadAt::read(&written), Some(at.clone()));
        assert_eq!(DeadAt::read("zz"), None);
        assert_eq!(at.of_service("orders"), at.place);
        assert_eq!(at.of_service("auth").at, 18);
        assert_eq!(at.of_service("payments").at, 17);
    }
}
