//! Who can be called from this process, and on which way.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tower::ServiceExt;

use super::Calls;
use super::channel::{CallStatus, Channel};
use super::error::CallError;
use crate::failure::panic_text;
use crate::handle::seeded;
use crate::{Cause, Clock, Error, Problem, ServiceTokens};

/// Servers close idle connections after ten seconds or more: a connection that is never older
/// is not closed under a request that may not be repeated.
const IDLE_MAX: Duration = Duration::from_secs(5);

/// Every target of one process. The installation owns it; services and clients do not, or
/// a router, which holds its service, would be held by it in turn, and nothing ever dropped.
pub(crate) struct Network {
    clock: Clock,
    seed: Option<u64>,
    services: BTreeSet<&'static str>,
    /// Filled once the services are wired to each other.
    routers: OnceLock<HashMap<&'static str, Router>>,
    remotes: HashMap<String, String>,
    tokens: Option<ServiceTokens>,
    http: Option<reqwest::Client>,
    channels: Mutex<BTreeMap<(String, String), Arc<Channel>>>,
}

/// How a target is reached.
pub(super) enum Way {
    InProcess(Weak<Network>),
    Remote { http: reqwest::Client, base: String },
}

impl Network {
    pub(crate) fn try_new(
        clock: Clock,
        seed: Option<u64>,
        services: BTreeSet<&'static str>,
        remotes: HashMap<String, String>,
        tokens: Option<ServiceTokens>,
    ) -> Result<Arc<Self>, Error> {
        for (name, base) in &remotes {
            check_base(base)
                .map_err(|reason| Error::Unsafe(format!("remote {name} at {base}: {reason}")))?;
        }
        let http = (!remotes.is_empty()).then(http_client).transpose()?;
        Ok(Arc::new(Self {
            clock,
            seed,
            services,
            routers: OnceLock::new(),
            remotes,
            tokens,
            http,
            channels: Mutex::default(),
        }))
    }

    /// Gives the services in the same process their routes.
    pub(crate) fn wire(&self, routers: HashMap<&'static str, Router>) {
        // Nobody else wires, so it is empty.
        let _ = self.routers.set(routers);
    }

    /// The channel between two; the limits count when it is asked for first.
    pub(super) fn channel(
        self: &Arc<Self>,
        from: &str,
        to: &str,
        limits: &Calls,
    ) -> Result<Arc<Channel>, Error> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = (from.to_owned(), to.to_owned());
        if let Some(known) = channels.get(&pair) {
            return Ok(Arc::clone(known));
        }
        let way = match (self.remotes.get(to), &self.http) {
            (Some(base), Some(http)) => Way::Remote {
                http: http.clone(),
                base: base.trim_end_matches('/').to_owned(),
            },
            _ if self.services.contains(to) => Way::InProcess(Arc::downgrade(self)),
            _ => {
                let what = format!("the service {to}");
                return Err(Error::Undeclared { what });
            }
        };
        let random = seeded(self.seed);
        let way = (way, self.tokens.clone());
        let channel = Channel::new((from, to), way, limits.clone(), self.clock.clone(), random);
        let channel = Arc::new(channel);
        channels.insert(pair, Arc::clone(&channel));
        Ok(channel)
    }

    /// Where a service is reached that does not run here.
    pub(crate) fn remote(&self, name: &str) -> Option<String> {
        self.remotes.get(name).cloned()
    }

    /// What sends requests out of this process; nothing where no service is elsewhere.
    pub(crate) fn http(&self) -> Option<&reqwest::Client> {
        self.http.as_ref()
    }

    pub(crate) fn statuses(&self) -> Vec<CallStatus> {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.values().map(|channel| channel.status()).collect()
    }
}

/// Redirects are answers, and no proxy of the environment sees what services tell each other.
pub(crate) fn http_client() -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .pool_idle_timeout(IDLE_MAX)
        .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")));
    let built = builder.build();
    built.map_err(|error| Error::Unsafe(format!("no HTTP client can be made: {error}")))
}

/// A base is a scheme and a host: a path would hide routes, and a password would be logged.
pub(crate) fn check_base(base: &str) -> Result<(), &'static str> {
    let url = reqwest::Url::parse(base).map_err(|_| "it is not a URL")?;
    match () {
        () if !["http", "https"].contains(&url.scheme()) => Err("it is neither http nor https"),
        () if !url.username().is_empty() || url.password().is_some() => Err("it has a password"),
        () if url.path() != "/" || url.query().is_some() || url.fragment().is_some() => {
            Err("it has more than a host and a port")
        }
        () => Ok(()),
    }
}

impl Way {
    /// Sends a request whose URI is a path; the body of the answer is yet to be read.
    pub(super) async fn send(
        &self,
        to: Arc<str>,
        request: Request<Bytes>,
    ) -> Result<Response, CallError> {
        match self {
            Way::InProcess(network) => in_process(network, to, request.map(Body::from)).await,
            Way::Remote { http, base } => remote(http, base, to, request).await,
        }
    }
}

async fn in_process(
    network: &Weak<Network>,
    to: Arc<str>,
    request: Request<Body>,
) -> Result<Response, CallError> {
    let router = network
        .upgrade()
        .and_then(|network| network.routers.get()?.get(&*to).cloned());
    let Some(router) = router else {
        let source = Cause::from("the installation is not open");
        return Err(CallError::Unreachable { to, source });
    };
    // A panic over there is a 500, as it would be over the network.
    match AssertUnwindSafe(router.oneshot(request))
        .catch_unwind()
        .await
    {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(never)) => match never {},
        Err(panic) => {
            let panic = panic_text(&*panic);
            tracing::error!(to = &*to, panic, "a request handler has panicked");
            Ok(Problem::internal().into_response())
        }
    }
}

async fn remote(
    http: &reqwest::Client,
    base: &str,
    to: Arc<str>,
    request: Request<Bytes>,
) -> Result<Response, CallError> {
    let (parts, body) = request.into_parts();
    let url = format!("{base}{}", parts.uri);
    let sent = http
        .request(parts.method, url)
        .headers(parts.headers)
        .body(body)
        .send();
    match sent.await {
        Ok(response) => Ok(axum::http::Response::from(response).map(Body::new)),
        Err(error) => Err(CallError::Unreachable {
            to,
            // The query may hold what nobody else may read.
            source: error.without_url().into(),
        }),
    }
}
