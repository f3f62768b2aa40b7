//! One event: what it says, what every subscription did with it, where it came from and what
//! followed (E-10).

use askama::Template;
use axum::Extension;
use axum::extract::State;
use futures_util::future::join_all;
use serde::Serialize;
use tidings::find::{self, FoundEvent, Reception, ReceptionState};
use tidings::{Envelope, EventId, Handle, Installation, Json, Path, Problem, Timestamp, chain};

use super::Unread;
use super::events::{EventOut, PATH, encode_part, flow_href};
use super::list::unread_once;
use super::operator::Operator;
use super::page::{Page, Said};
use super::text::{pretty, span, word};
use crate::Gateway;
use crate::page::encode;

#[derive(Template)]
#[template(path = "console/event.html")]
pub(crate) struct OneEvent {
    said: Said,
    service: &'static str,
    event: Envelope,
    /// As it may be shown.
    key: String,
    payload: String,
    receptions: Vec<ReceptionView>,
    cause: Option<Link>,
    effects: Vec<Effect>,
}

/// What a subscription did, in words.
struct ReceptionView {
    reception: Reception,
    state: &'static str,
    words: &'static str,
    /// Where a person decides about it.
    repair: Option<String>,
}

/// Something that has a page.
struct Link {
    href: Option<String>,
    text: String,
}

/// What followed from an event.
#[derive(Serialize)]
pub(crate) struct Effect {
    kind: &'static str,
    service: &'static str,
    name: String,
    id: String,
    state: Option<String>,
    at: Timestamp,
    #[serde(skip)]
    href: String,
    /// How long after the event.
    #[serde(skip)]
    later: String,
}

/// All that is known of an event.
struct Known {
    service: &'static str,
    event: Envelope,
    receptions: Vec<Reception>,
    effects: Vec<Effect>,
    silent: Vec<&'static str>,
}

impl OneEvent {
    fn flow(&self) -> String {
        flow_href(&self.event.context.correlation_id)
    }

    /// Every event about the same, unless what that is must not be seen.
    fn key_href(&self) -> Option<String> {
        let event = &self.event;
        let (stream, key) = (encode(&event.id.stream), encode(&event.key));
        (self.key == event.key).then(|| format!("{PATH}?stream={stream}&key={key}"))
    }

    /// Whether a person must decide.
    fn is_stuck(&self) -> bool {
        let mut all = self.receptions.iter();
        all.any(|one| matches!(one.state, "dead" | "stuck"))
    }

    /// How many subscriptions have not applied it as they should.
    fn open(&self) -> usize {
        let open = |one: &&ReceptionView| is_open(one.reception.state);
        self.receptions.iter().filter(open).count()
    }
}

fn is_open(state: ReceptionState) -> bool {
    use ReceptionState::{Applied, Before, Discarded};
    !matches!(state, Applied | Before | Discarded)
}

impl Page for OneEvent {
    type Asked = Path<String>;
    const IS_OF_ALL: bool = false;

    async fn load(gateway: &Gateway, Path(id): &Self::Asked) -> Result<Self, Problem> {
        let known = know(gateway.installation(), id).await?;
        let mask = gateway.installation().mask();
        let event = known.event;
        let views = known.receptions.into_iter();
        Ok(Self {
            said: Said::of([known.silent]),
            service: known.service,
            key: mask.text(&event.key, &event.data),
            payload: pretty(&mask.data(&event.data)),
            receptions: views.map(|one| view(one, &event.id)).collect(),
            cause: cause(known.service, &event),
            effects: known.effects,
            event,
        })
    }

    fn title(&self) -> String {
        self.event.id.to_string()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

/// An event with what became of it, for programs.
#[derive(Serialize)]
pub(crate) struct EventWithFate {
    #[serde(flatten)]
    event: EventOut,
    subscriptions: Vec<Reception>,
    effects: Vec<Effect>,
}

pub(crate) async fn one(
    _: Operator,
    State(gateway): State<Gateway>,
    Path(id): Path<String>,
) -> Result<(Extension<Unread>, Json<EventWithFate>), Problem> {
    let installation = gateway.installation();
    let known = know(installation, &id).await?;
    let (service, event) = (known.service, known.event);
    let found = FoundEvent { service, event };
    let event = EventWithFate {
        event: EventOut::of(found, installation.mask()),
        subscriptions: known.receptions,
        effects: known.effects,
    };
    Ok((unread_once(known.silent), Json(event)))
}

async fn know(installation: &Installation, id: &str) -> Result<Known, Problem> {
    let id: EventId = id.parse().map_err(|_| {
        let text = format!("{id} is no event: an address is like orders.12.345.");
        Problem::not_found(text)
    })?;
    let Some((producer, _)) = find::producer_of(installation, &id.stream) else {
        let text = format!(
            "No service that is seen here writes a stream {}.",
            id.stream
        );
        return Err(Problem::not_found(text));
    };
    let event = find::event(producer, &id).await?.ok_or_else(|| {
        let text = format!("There is no {id}: it was not published yet, or was deleted.");
        Problem::not_found(text)
    })?;
    let mask = installation.mask();
    let mut receptions = find::receptions(installation, &id).await;
    for one in &mut receptions {
        one.error = one.error.take().map(|error| mask.text(&error, &event.data));
    }
    let unknown = receptions.iter();
    let unknown = unknown.filter(|one| one.state == ReceptionState::Unknown);
    let mut silent: Vec<_> = unknown.map(|one| one.service).collect();
    let services = installation.handles().iter();
    let asked = services.map(|service| effects(service, &event));
    let mut all = Vec::new();
    for found in join_all(asked).await {
        match found {
            Ok(found) => all.extend(found),
            Err(service) => silent.push(service),
        }
    }
    all.sort_by_key(|effect| effect.at);
    Ok(Known {
        service: producer.name(),
        event,
        receptions,
        effects: all,
        silent,
    })
}

/// What an event has led to in one service, or that service's name if it does not answer.
async fn effects(service: &Handle, cause: &Envelope) -> Result<Vec<Effect>, &'static str> {
    let name = service.name();
    let found = find::effects(service, cause).await.map_err(|error| {
        tracing::warn!(service = name, error = %chain(&error), "the console could not read a service");
        name
    })?;
    let effect = |kind, what: String, id: String, state, at: Timestamp, path: &str| Effect {
        kind,
        service: name,
        name: what,
        href: format!("{path}/{id}"),
        id,
        state,
        at,
        later: span(at.since(cause.time)),
    };
    let events = found.events.into_iter();
    let events = events.map(|event| {
        effect(
            "event",
            event.name,
            event.id.to_string(),
            None,
            event.time,
            PATH,
        )
    });
    let jobs = found.jobs.into_iter();
    let path = format!("/console/jobs/{name}");
    let jobs = jobs.map(|job| {
        let id = job.id.to_string();
        effect("job", job.kind, id, Some(job.state), job.created_at, &path)
    });
    let path = format!("/console/workflows/{name}");
    let runs = found.runs.into_iter();
    let runs = runs.map(|run| {
        let state = Some(run.state.word().to_owned());
        effect(
            "workflow",
            run.name,
            run.id.to_string(),
            state,
            run.created_at,
            &path,
        )
    });
    Ok(events.chain(jobs).chain(runs).collect())
}

fn view(reception: Reception, event: &EventId) -> ReceptionView {
    let (state, words) = in_words(reception.state);
    let is_stuck = matches!(
        reception.state,
        ReceptionState::Dead | ReceptionState::Parked
    );
    let (service, subscription) = (reception.service, reception.subscription);
    let repair = match reception.state {
        ReceptionState::Stopped => {
            let stream = &event.stream;
            Some(format!("/console/settle/{service}/{subscription}/{stream}"))
        }
        _ => is_stuck.then(|| repair_of(service, subscription, &event.to_string())),
    };
    ReceptionView {
        reception,
        state,
        words,
        repair,
    }
}

/// Where a person decides about an event that is parked or dead.
pub(crate) fn repair_of(service: &str, subscription: &str, event: &str) -> String {
    let event = encode_part(event);
    format!(
        "/console/dead/{service}/{}/{event}",
        encode_part(subscription)
    )
}

/// How it looks, and what it means.
fn in_words(state: ReceptionState) -> (&'static str, &'static str) {
    match state {
        ReceptionState::Unknown => ("unknown", "Not known just now"),
        ReceptionState::Dead => ("dead", "Dead"),
        ReceptionState::Parked => ("parked", "Tried again"),
        ReceptionState::Waiting => ("waiting", "Waits behind another"),
        ReceptionState::Stopped => ("stuck", "Stands still"),
        ReceptionState::Owed => ("lagging", "Not reached yet"),
        ReceptionState::Discarded => ("discarded", "Discarded"),
        ReceptionState::Applied => ("done", "Applied"),
        ReceptionState::Before => ("before", "Before it began"),
    }
}

/// What has led to an event. Jobs and runs are of the service that has published it.
fn cause(service: &str, event: &Envelope) -> Option<Link> {
    let text = event.context.causation_id.clone()?;
    let href = if let Some(id) = text.strip_prefix("job:") {
        Some(format!("/console/jobs/{service}/{}", encode_part(id)))
    } else if let Some(rest) = text.strip_prefix("workflow:") {
        let id = rest.split('/').next().unwrap_or(rest);
        Some(format!("/console/workflows/{service}/{}", encode_part(id)))
    } else {
        let id: Result<EventId, _> = text.parse();
        id.ok()
            .map(|id| format!("{PATH}/{}", encode_part(&id.to_string())))
    };
    Some(Link { href, text })
}
