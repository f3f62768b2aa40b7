//! What the console shows.

use askama::Template;
use tidings::lag::{self, StreamStatus, SubscriptionStatus};
use tidings::{
    DeadEvent, Error, Handle, Installation, JobRow, Problem, SubscriptionInfo, Timestamp, alert,
    dead,
};

use super::page::{Page, Said};
use super::text::{grouped, pretty};
use crate::Gateway;
use crate::health::elsewhere::{Ailing, ailing};

use super::calls::{self, CallRow};
use super::settle;

/// More than a person reads; the rest appears as these are decided.
const ROWS_MAX: u32 = 100;
/// Where nobody can tell a number.
const UNKNOWN: &str = "–";

#[derive(Template)]
#[template(path = "console.html")]
pub(crate) struct Console {
    /// `None` where a database did not answer.
    streams: Option<Vec<StreamStatus>>,
    subscriptions: Option<Vec<SubscriptionRow>>,
    alerts: Vec<AlertRow>,
    events: Vec<EventRow>,
    jobs: Vec<JobView>,
    calls: Vec<CallRow>,
    published: u64,
    lag: u64,
    parked: u64,
    dead: u64,
    /// Whether nothing can be seen, so that no figure means anything.
    is_blind: bool,
    /// What does not work in other processes.
    ailing: Vec<Ailing>,
    said: Said,
}

struct SubscriptionRow {
    name: String,
    stream: String,
    cursor: String,
    lag: String,
    state: &'static str,
    words: String,
}

struct AlertRow {
    service: &'static str,
    subject: String,
    text: String,
    since: Option<Timestamp>,
    /// Where it is decided about, if a person must.
    decide: Option<String>,
}

struct EventRow {
    /// Unique on the page, good for `id` attributes.
    anchor: String,
    name: String,
    event: String,
    /// Where its forms post to.
    href: String,
    place: String,
    state: String,
    error: Option<String>,
    attempts: u32,
    tried: Option<String>,
    payload: String,
}

struct JobView {
    anchor: String,
    /// Its own page.
    href: String,
    kind: String,
    id: String,
    service: &'static str,
    error: String,
    attempts: u32,
    payload: String,
}

impl Page for Console {
    type Asked = ();

    async fn load(gateway: &Gateway, (): &()) -> Result<Self, Problem> {
        Ok(Self::read(gateway).await)
    }

    fn title(&self) -> String {
        "Console".to_owned()
    }

    fn said(&mut self) -> &mut Said {
        &mut self.said
    }
}

impl Console {
    /// Reads everything; what cannot be read is left out and said to be.
    async fn read(gateway: &Gateway) -> Self {
        let ailing = ailing(gateway).await;
        let installation = gateway.installation();
        let streams = read("streams", lag::streams(installation).await);
        let subscriptions = read("subscriptions", lag::subscriptions(installation).await);
        let owed = subscriptions.as_deref().unwrap_or_default();
        let mut console = Self {
            published: streams.iter().flatten().map(|stream| stream.head).sum(),
            lag: owed.iter().map(|one| one.lag).sum(),
            parked: owed.iter().map(|one| one.parked).sum(),
            dead: owed.iter().map(|one| one.dead).sum(),
            subscriptions: subscriptions.as_ref().map(|known| {
                let mut rows = rows(known, streams.as_deref().unwrap_or_default());
                rows.extend(installation.subscriptions().iter().filter_map(|one| {
                    let is_known = known.iter().any(|row| is_of(row, one));
                    (!is_known).then(|| unknown(one))
                }));
                rows
            }),
            streams,
            alerts: Vec::new(),
            events: Vec::new(),
            jobs: Vec::new(),
            calls: calls::rows(installation),
            is_blind: false,
            ailing,
            said: Said::default(),
        };
        for handle in installation.handles() {
            if let Err(error) = console.add(installation, handle).await {
                tracing::warn!(service = handle.name(), error = %tidings::chain(&error), "the console could not read a service");
                console.said.silent.push(handle.name());
            }
        }
        console.is_blind = console.said.silent.len() == installation.handles().len();
        console
    }

    async fn add(&mut self, installation: &Installation, handle: &Handle) -> Result<(), Error> {
        let service = handle.name();
        let alerts = alert::open(handle).await?.into_iter();
        self.alerts.extend(alerts.map(|alert| AlertRow {
            service,
            decide: settle::page_of(
                installation.subscriptions(),
                service,
                &alert.kind,
                &alert.subject,
            ),
            subject: alert.subject,
            text: alert.text,
            since: alert.opened_at,
        }));
        let events = dead::events(handle, ROWS_MAX).await?.into_iter();
        self.events
            .extend(events.map(|event| event_row(service, event)));
        let jobs = dead::jobs(handle, ROWS_MAX).await?.into_iter();
        self.jobs.extend(jobs.map(|job| job_view(service, job)));
        Ok(())
    }
}

fn read<T>(what: &str, outcome: Result<T, Error>) -> Option<T> {
    outcome
        .map_err(|error| {
            tracing::warn!(what, error = %tidings::chain(&error), "the console could not be filled");
        })
        .ok()
}

fn rows(all: &[SubscriptionStatus], streams: &[StreamStatus]) -> Vec<SubscriptionRow> {
    let head_of = |name: &str| {
        let found = streams.iter().find(|stream| stream.stream == name);
        found.map(|stream| stream.head)
    };
    // Of a stream that is written elsewhere the producer tells what is owed, and no more.
    let cursor = |one: &SubscriptionStatus| {
        let head = head_of(&one.stream)?;
        Some(grouped(&head.saturating_sub(one.lag)))
    };
    all.iter()
        .map(|one| {
            let (state, words) = match one {
                _ if one.dead > 0 => ("dead", format!("{} dead", grouped(&one.dead))),
                _ if one.parked > 0 => ("parked", format!("{} parked", grouped(&one.parked))),
                _ if one.lag > 0 => ("lagging", "Behind".to_owned()),
                _ => ("running", "Up to date".to_owned()),
            };
            SubscriptionRow {
                name: format!("{} ← {}", one.service, one.name),
                stream: one.stream.clone(),
                cursor: cursor(one).unwrap_or_else(|| UNKNOWN.to_owned()),
                lag: grouped(&one.lag),
                state,
                words,
            }
        })
        .collect()
}

pub(super) fn is_of(row: &SubscriptionStatus, one: &SubscriptionInfo) -> bool {
    (row.service.as_str(), row.name.as_str(), row.stream.as_str())
        == (one.service.name(), one.name, one.stream)
}

/// One whose own database, or whose producer, does not answer: nobody knows what it owes.
fn unknown(one: &SubscriptionInfo) -> SubscriptionRow {
    SubscriptionRow {
        name: format!("{} ← {}", one.service.name(), one.name),
        stream: one.stream.to_owned(),
        cursor: UNKNOWN.to_owned(),
        lag: UNKNOWN.to_owned(),
        state: "unknown",
        words: "Not known just now".to_owned(),
    }
}

fn event_row(service: &'static str, stuck: DeadEvent) -> EventRow {
    let event = stuck.event.id.to_string();
    let tried = stuck.first_failed_at.zip(stuck.last_failed_at);
    EventRow {
        anchor: format!("{service}-{}-{event}", stuck.subscription).replace('.', "-"),
        href: format!("/console/dead/{service}/{}/{event}", stuck.subscription),
        place: format!("{service} ← {}", stuck.subscription),
        name: stuck.event.name,
        event,
        state: stuck.state,
        error: stuck.error,
        attempts: stuck.attempts,
        tried: tried.map(|(first, last)| {
            format!(
                "first {}, last {}",
                first.in_words_exact(),
                last.in_words_exact()
            )
        }),
        payload: pretty(&stuck.event.data),
    }
}

fn job_view(service: &'static str, job: JobRow) -> JobView {
    JobView {
        anchor: format!("job-{}", job.id),
        href: format!("/console/jobs/{service}/{}", job.id),
        kind: job.kind,
        id: job.id.to_string(),
        service,
        error: job.error.unwrap_or_default(),
        attempts: job.attempts,
        payload: pretty(&job.data),
    }
}
