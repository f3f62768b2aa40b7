//! The one door: every request passes here before a service sees it.
//!
//! The services' routes come from [`Installation::router`]; [`shell`] puts around them what
//! a browser and an operator need and no service should have to think of:
//!
//! - a correlation id, a log line and the security headers on every answer (`edge.rs`),
//! - limits on size, time and number (`limits.rs`, `streams.rs`),
//! - the refusal of requests that another site has forged (`forgery.rs`),
//! - the session cookie turned into an access token (`session.rs`),
//! - the page around a service's fragment, and problems as pages (`page.rs`),
//! - assets, health, numbers for Prometheus (`metrics.rs`), the API's description, what the codes of problems mean (`problems.rs`)
//!   and the operators' console.
//!
//! There is no business rule here: services check rights again.

mod assets;
mod console;
mod edge;
mod forgery;
mod headers;
mod health;
mod limits;
mod metrics;
mod openapi;
mod page;
mod problems;
mod session;
mod streams;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use tidings::{Clock, Installation, Problem, Timestamp};
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;

use session::Sessions;

/// What the gateway is told when it starts.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Turns true when the process is about to end, so that streams to browsers and readers
    /// of feeds who wait end too: they would otherwise hold up a graceful stop for as long as
    /// a tab is open.
    pub stopping: Option<watch::Receiver<bool>>,
}

/// What the gateway's layers and routes share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Gateway(Arc<Shared>);

pub(crate) struct Shared {
    installation: Arc<Installation>,
    sessions: Sessions,
    limits: limits::Limits,
    streams: streams::Streams,
    clock: Clock,
    settings: Settings,
}

impl Gateway {
    fn new(installation: Arc<Installation>, settings: Settings) -> Self {
        if let Some(stopping) = &settings.stopping {
            installation.stops_with(stopping.clone());
        }
        let clock = installation
            .handles()
            .first()
            .map_or_else(Clock::system, |handle| handle.clock().clone());
        Self(Arc::new(Shared {
            sessions: Sessions::new(&installation),
            limits: limits::Limits::default(),
            streams: streams::Streams::default(),
            installation,
            clock,
            settings,
        }))
    }

    pub(crate) fn installation(&self) -> &Installation {
        &self.0.installation
    }

    pub(crate) fn service_names(&self) -> Vec<&'static str> {
        let handles = self.installation().handles().iter();
        handles.map(tidings::Handle::name).collect()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

/// The installation's routes behind everything the outside needs.
///
/// ```
/// # use std::sync::Arc;
/// # use tidings::{Service, Setup, Storage};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let installation = Setup::new(Storage::Memory).service(Service::new("orders")).open().await?;
/// let router = gateway::shell(Arc::new(installation), gateway::Settings::default());
/// // axum::serve(listener, router) …
/// # let _ = router;
/// # Ok::<(), tidings::Error>(()) }).unwrap();
/// ```
pub fn shell(installation: Arc<Installation>, settings: Settings) -> Router {
    let gateway = Gateway::new(installation, settings);
    let routes = gateway.installation().router();
    let own = assets::routes()
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(openapi::routes())
        .merge(console::routes())
        .merge(problems::routes())
        .with_state(gateway.clone());
    // The last layer is the outermost.
    routes
        .merge(own)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(gateway.clone(), session::authenticate))
        .layer(from_fn(limits::in_time))
        .layer(forgery::layer())
        .layer(from_fn(forgery::refuse_bare_cookies))
        .layer(from_fn_with_state(gateway.clone(), limits::within))
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn_with_state(gateway, edge::pass))
}

async fn not_found() -> Problem {
    Problem::not_found("There is nothing at this address.")
}

async fn method_not_allowed(method: Method) -> Problem {
    let text = format!("This address does not answer to {method}.");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", text)
}
