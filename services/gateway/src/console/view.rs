//! What the console shows.

use std::hash::{DefaultHasher, Hash, Hasher};

use askama::Template;
use tidings::lag::{self, StreamStatus, SubscriptionStatus};
use tidings::{DeadEvent, Error, Handle, Installation, JobRow, Timestamp, alert, dead};

use super::calls::{self, CallRow};

/// More than a person reads; the rest appears as these are decided.
const ROWS_MAX: u32 = 100;

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
    /// Services whose database did not answer.
    silent: Vec<&'static str>,
    published: u64,
    lag: u64,
    parked: u64,
    dead: u64,
    done: Option<&'static str>,
    /// Whether mail is sent from here, and has a page.
    has_mail: bool,
}

struct SubscriptionRow {
    name: String,
    stream: String,
    cursor: u64,
    lag: u64,
    state: &'static str,
    words: String,
}

struct AlertRow {
    service: &'static str,
    subject: String,
    text: String,
    since: Option<Timestamp>,
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
    href: String,
    kind: String,
    id: String,
    service: &'static str,
    error: String,
    attempts: u32,
    payload: String,
}

impl Console {
    /// Reads everything; what cannot be read is left out and said to be.
    pub(crate) async fn load(installation: &Installation) -> Self {
        let streams = read("streams", lag::streams(installation).await);
        let subscriptions = read("subscriptions", lag::subscriptions(installation).await);
        let owed = subscriptions.as_deref().unwrap_or_default();
        let mut console = Self {
            published: streams.iter().flatten().map(|stream| stream.head).sum(),
            lag: owed.iter().map(|one| one.lag).sum(),
            parked: owed.iter().map(|one| one.parked).sum(),
            dead: owed.iter().map(|one| one.dead).sum(),
            subscriptions: subscriptions
                .as_ref()
                .map(|all| rows(all, streams.as_deref().unwrap_or_default())),
            streams,
            alerts: Vec::new(),
            events: Vec::new(),
            jobs: Vec::new(),
            calls: calls::rows(installation),
            silent: Vec::new(),
            done: None,
            has_mail: installation.handle("notifications").is_some(),
        };
        for handle in installation.handles() {
            if let Err(error) = console.add(handle).await {
                tracing::warn!(service = handle.name(), error = %tidings::chain(&error), "the console could not read a service");
                console.silent.push(handle.name());
            }
        }
        console
    }

    /// Adds what the act before this page has done.
    pub(crate) fn tell(&mut self, done: Option<&str>) {
        self.done = match done {
            Some("retried") => Some("The event is tried again."),
            Some("discarded") => Some("The event is discarded, and your note is kept."),
            Some("job_retried") => Some("The job runs again."),
            _ => None,
        };
    }

    /// Differs when the page does.
    pub(crate) fn revision(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        // One that cannot be rendered is told of where it is shown.
        self.render().unwrap_or_default().hash(&mut hasher);
        hasher.finish()
    }

    async fn add(&mut self, handle: &Handle) -> Result<(), Error> {
        let service = handle.name();
        let alerts = alert::open(handle).await?.into_iter();
        self.alerts.extend(alerts.map(|alert| AlertRow {
            service,
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
        found.map_or(0, |stream| stream.head)
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
                cursor: head_of(&one.stream).saturating_sub(one.lag),
                lag: one.lag,
                state,
                words,
            }
        })
        .collect()
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
        href: format!("/console/jobs/{service}/{}/retry", job.id),
        kind: job.kind,
        id: job.id.to_string(),
        service,
        error: job.error.unwrap_or_default(),
        attempts: job.attempts,
        payload: pretty(&job.data),
    }
}

/// JSON to read; what is not JSON is shown as it was received.
fn pretty(data: &str) -> String {
    let parsed = serde_json::from_str::<serde_json::Value>(data);
    let pretty = parsed.and_then(|value| serde_json::to_string_pretty(&value));
    pretty.unwrap_or_else(|_| data.to_owned())
}

/// `48,210`. By reference, as templates pass it.
fn grouped(number: &u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_set_apart() {
        let written = [0, 999, 1_000, 48_210, 1_234_567].map(|number| grouped(&number));
        assert_eq!(written, ["0", "999", "1,000", "48,210", "1,234,567"]);
    }
}
