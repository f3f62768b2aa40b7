//! Numbers for Prometheus: what is owed, what is stuck, who answers whom.
//!
//! There are no texts and no ids in it, but how much is sold can be read from it: it is open
//! to the machine itself, where scrapers run, and to operators.

mod families;
mod measured;
mod page;
mod process;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tidings::lag;
use tidings::workflow::{self, RunCount};
use tidings::{BreakerState, Error, Handle, Installation, JobCount, Problem, alert, chain, jobs};

use crate::Gateway;
use crate::console::operator::Operator;
use page::Page;

/// A scraper gives up after ten seconds; a database that hangs must not cost it the rest.
const READ_LIMIT: Duration = Duration::from_secs(2);
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
const STATES: [BreakerState; 3] = [
    BreakerState::Closed,
    BreakerState::HalfOpen,
    BreakerState::Open,
];

pub(crate) fn routes() -> Router<Gateway> {
    Router::new().route("/metrics", get(metrics))
}

/// Somebody on this machine, or an operator.
struct Scraper;

impl<S: Send + Sync> FromRequestParts<S> for Scraper {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let from = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let is_near = from.is_some_and(|from| from.ip().to_canonical().is_loopback());
        // A proxy on this machine speaks for somebody who is elsewhere.
        if !is_near || is_forwarded(&parts.headers) {
            Operator::from_request_parts(parts, state).await?;
        }
        Ok(Self)
    }
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    let signs = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
    signs.iter().any(|name| headers.contains_key(*name))
}

async fn metrics(_: Scraper, State(gateway): State<Gateway>) -> Response {
    let mut page = Page::default();
    let installation = gateway.installation();
    process::put(&mut page, gateway.0.opened_at);
    measured::put(&gateway, &mut page);
    calls(installation, &mut page);
    let read = tokio::time::timeout(READ_LIMIT, events(installation, &mut page)).await;
    let mut is_complete = matches!(read, Ok(Ok(true)));
    let mut services = Vec::new();
    let here = installation.handles().iter();
    // Those elsewhere are asked for their numbers themselves, and must not count twice.
    for handle in here.filter(|handle| handle.runs_here()) {
        let read = tokio::time::timeout(READ_LIMIT, Counts::read(handle)).await;
        match read {
            Ok(Ok(counts)) => services.push((handle.name(), counts)),
            Ok(Err(error)) => {
                tracing::warn!(service = handle.name(), error = %chain(&error), "the metrics could not be read");
                is_complete = false;
            }
            Err(_) => is_complete = false,
        }
    }
    work(&services, &mut page);
    page.family("tidings_metrics_complete");
    page.sample(&[], u64::from(is_complete));
    ([(header::CONTENT_TYPE, FORMAT)], page.text).into_response()
}

fn calls(installation: &Installation, page: &mut Page) {
    let all = installation.calls();
    page.family("tidings_breaker_state");
    for one in &all {
        for state in STATES {
            let labels = [
                ("from", &*one.from),
                ("to", &one.to),
                ("state", state.name()),
            ];
            page.sample(&labels, u64::from(state == one.state));
        }
    }
    page.family("tidings_calls_total");
    for one in &all {
        for (outcome, count) in &one.outcomes {
            let labels = [
                ("from", &*one.from),
                ("to", &one.to),
                ("outcome", outcome.name()),
            ];
            page.sample(&labels, *count);
        }
    }
    page.family("tidings_call_tries_total");
    for one in &all {
        page.sample(&[("from", &one.from), ("to", &one.to)], one.tries);
    }
    page.family("tidings_calls_in_flight");
    for one in &all {
        page.sample(
            &[("from", &one.from), ("to", &one.to)],
            one.in_flight as u64,
        );
    }
}

/// Whether it is known of every subscription that is read here what it owes.
async fn events(installation: &Installation, page: &mut Page) -> Result<bool, Error> {
    let runs_here = |service: &str| {
        let found = installation.handle(service);
        found.is_some_and(|handle| handle.runs_here())
    };
    let mut streams = lag::streams(installation).await?;
    let mut subscriptions = lag::subscriptions(installation).await?;
    streams.retain(|stream| runs_here(&stream.service));
    subscriptions.retain(|subscription| runs_here(&subscription.service));
    page.family("tidings_events_published_total");
    for one in &streams {
        page.sample(
            &[("service", &one.service), ("stream", &one.stream)],
            one.head,
        );
    }
    let all = &subscriptions;
    page.family("tidings_subscription_lag_events");
    page.of_each(all, |one| one.lag);
    page.family("tidings_subscription_parked_events");
    page.of_each(all, |one| one.parked);
    page.family("tidings_subscription_dead_events");
    page.of_each(all, |one| one.dead);
    oldest(installation, page).await?;
    buses(installation, page).await?;
    instances(installation, page).await?;
    let own = installation.subscriptions().iter();
    let own = own.filter(|one| one.service.runs_here()).count();
    Ok(subscriptions.len() == own)
}

/// For how long subscriptions owe what they owe, where it is known here.
async fn oldest(installation: &Installation, page: &mut Page) -> Result<(), Error> {
    let now = installation.clock().now();
    page.family("tidings_subscription_oldest_age_seconds");
    for one in lag::oldest(installation).await? {
        let labels = [
            ("service", &*one.service),
            ("subscription", &one.name),
            ("stream", &one.stream),
        ];
        let age = one.since.map_or(Duration::ZERO, |since| now.since(since));
        page.sample_s(&labels, age.as_secs_f64());
    }
    Ok(())
}

/// How much waits to be handed to a broker.
async fn buses(installation: &Installation, page: &mut Page) -> Result<(), Error> {
    let buses = lag::buses(installation).await?;
    if !buses.is_empty() {
        page.family("tidings_bus_lag_events");
    }
    for one in &buses {
        let (bus, service, stream) = (&*one.bus, &*one.service, &*one.stream);
        let labels = [("bus", bus), ("service", service), ("stream", stream)];
        page.sample(&labels, one.lag);
    }
    Ok(())
}

/// Who shares slots, and whether two read the same.
async fn instances(installation: &Installation, page: &mut Page) -> Result<(), Error> {
    let here = installation.handles().iter().filter(|one| one.runs_here());
    page.family("tidings_reader_conflicts_total");
    for handle in here.clone() {
        page.sample(&[("service", handle.name())], handle.conflicts());
    }
    let all = lag::instances(installation).await?;
    page.family("tidings_instance_slots");
    for one in &all {
        if here.clone().any(|handle| handle.name() == one.service) {
            let slots = one.shares.iter().map(|share| u64::from(share.slots));
            let labels = [("service", one.service.as_str()), ("instance", &one.id)];
            page.sample(&labels, slots.sum());
        }
    }
    Ok(())
}

/// What is counted in one service.
struct Counts {
    jobs: Vec<JobCount>,
    runs: Vec<RunCount>,
    alerts: usize,
}

impl Counts {
    async fn read(handle: &Handle) -> Result<Self, Error> {
        Ok(Self {
            jobs: jobs::counts(handle).await?,
            runs: workflow::counts(handle).await?,
            alerts: alert::open(handle).await?.len(),
        })
    }
}

fn work(services: &[(&'static str, Counts)], page: &mut Page) {
    page.family("tidings_jobs");
    for (service, counts) in services {
        for job in &counts.jobs {
            let labels = [
                ("service", *service),
                ("kind", &job.kind),
                ("state", &job.state),
            ];
            page.sample(&labels, job.count);
        }
    }
    page.family("tidings_workflows");
    for (service, counts) in services {
        for run in &counts.runs {
            let state = run.state.to_string();
            let labels = [
                ("service", *service),
                ("workflow", &*run.name),
                ("state", &*state),
            ];
            page.sample(&labels, run.count);
        }
    }
    page.family("tidings_alerts_open");
    for (service, counts) in services {
        page.sample(&[("service", service)], counts.alerts as u64);
    }
}
