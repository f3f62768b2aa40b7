//! The one door: every request passes here before a service sees it.
//!
//! The services' routes come from [`Installation::router`]; [`shell`] puts around them what
//! a browser and an operator need and no service should have to think of:
//!
//! - a correlation id, a log line and the security headers on every answer (`edge.rs`),
//! - limits on size, time and number (`limits.rs`, `streams.rs`),
//! - the refusal of requests that another site has forged (`forgery.rs`),
//! - the session cookie turned into an access token (`session.rs`),
//! - the page around a service's fragment, and problems as pages (`page.rs`, `menu.rs`),
//! - assets, health, numbers for Prometheus (`metrics.rs`), the API's description, what the codes of problems mean (`problems.rs`)
//!   and the operators' console.
//!
//! There is no business rule here: services check rights again. Of services that run in another
//! process the gateway has the same routes, and passes on what is asked there; those processes
//! have [`behind`] for a door.

mod assets;
mod asyncapi;
mod console;
mod drawing;
mod edge;
mod forgery;
mod headers;
mod health;
mod limits;
mod menu;
mod metrics;
mod openapi;
mod page;
mod problems;
mod requests;
mod session;
mod streams;
mod waiting;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use tidings::{Clock, Installation, Problem, Timestamp};
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;

pub use drawing::svg as map_svg;
use session::Sessions;
pub use waiting::waiting;

/// What the gateway is told when it starts.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Turns true when the process is about to end, so that streams to browsers and readers
    /// of feeds who wait end too: they would otherwise hold up a graceful stop for as long as
    /// a tab is open.
    pub stopping: Option<watch::Receiver<bool>>,
    /// Where streams can be read, for the description of events.
    pub streams_at: Vec<tidings::catalog::Server>,
}

/// What the gateway's layers and routes share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Gateway(Arc<Shared>);

pub(crate) struct Shared {
    installation: Arc<Installation>,
    sessions: Sessions,
    limits: limits::Limits,
    /// Another process gives the answers their faces.
    is_behind: bool,
    streams: streams::Streams,
    requests: requests::Requests,
    clock: Clock,
    /// When it was ready to answer.
    opened_at: Timestamp,
    settings: Settings,
    pulse: console::Pulse,
}

impl Gateway {
    fn new(installation: Arc<Installation>, settings: Settings, is_behind: bool) -> Self {
        if let Some(stopping) = &settings.stopping {
            installation.stops_with(stopping.clone());
        }
        let clock = installation.clock().clone();
        Self(Arc::new(Shared {
            sessions: Sessions::new(&installation),
            limits: limits::Limits::default(),
            is_behind,
            streams: streams::Streams::default(),
            requests: requests::Requests::default(),
            installation,
            opened_at: clock.now(),
            clock,
            settings,
            pulse: console::Pulse::default(),
        }))
    }

    pub(crate) fn installation(&self) -> &Installation {
        &self.0.installation
    }

    pub(crate) fn service_names(&self) -> Vec<&'static str> {
        let handles = self.installation().handles().iter();
        handles.map(tidings::Handle::name).collect()
    }

    /// What it is called in logs and traces.
    pub(crate) fn name(&self) -> &'static str {
        let here = self.installation().handles().iter();
        let mut here = here.filter(|handle| handle.runs_here());
        match (self.0.is_behind, here.next(), here.next()) {
            (false, ..) => "gateway",
            (true, Some(only), None) => only.name(),
            (true, ..) => "services",
        }
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
    let gateway = Gateway::new(installation, settings, false);
    let here = gateway.installation().router();
    let routes = here.merge(gateway.installation().forwarding_router());
    let own = assets::routes()
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(openapi::routes())
        .merge(asyncapi::routes())
        .merge(console::pages())
        .merge(console::programs(&gateway))
        .merge(problems::routes())
        .with_state(gateway.clone());
    let authenticate = from_fn_with_state(gateway.clone(), session::authenticate);
    within_limits(gateway, routes.merge(own), authenticate)
}

/// The door of a process without a gateway, which a gateway in another process passes requests
/// on to: the routes of the services that run here and the feeds of their streams, `/healthz`,
/// `/readyz`, `/status`, `/metrics`, and `/ops` for operators with an access token.
///
/// Sessions, pages and the console are the gateway's; everything else about a request is
/// checked here as it is there, for anybody may send one.
pub fn behind(installation: Arc<Installation>, settings: Settings) -> Router {
    let gateway = Gateway::new(installation, settings, true);
    let routes = gateway.installation().router();
    let own = health::routes()
        .merge(metrics::routes())
        .merge(console::programs(&gateway))
        .with_state(gateway.clone());
    let recognize = from_fn_with_state(gateway.clone(), session::recognize);
    within_limits(gateway, routes.merge(own), recognize)
}

fn within_limits<L>(gateway: Gateway, routes: Router, who: L) -> Router
where
    L: tower::Layer<axum::routing::Route> + Clone + Send + Sync + 'static,
    L::Service: tower::Service<
            axum::extract::Request,
            Response = axum::response::Response,
            Error = std::convert::Infallible,
            Future: Send,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    // The last layer is the outermost.
    routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(who)
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
