//! A service that answers as it is told, in the same process or behind a socket, and a client
//! that calls it.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use futures_util::poll;
use serde_json::json;
use tidings::{
    Calls, Client, Clock, Handle, Installation, Problem, Service, Setup, Storage, Timestamp,
};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::bed;

/// What the target does with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Does {
    /// Says what it was asked.
    Well,
    /// Answers with a problem of this status.
    Status(u16),
    /// Answers with this status and Retry-After.
    Later(u16, &'static str),
    /// Answers when the gate opens.
    Hold,
    /// Sends ten megabytes.
    Much,
    /// Sends what is no JSON.
    Nonsense,
    /// Sends the caller elsewhere.
    Away,
    Panic,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) at: Timestamp,
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
}

impl Arrival {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

/// What the target does, and what it has seen.
pub(crate) struct Target {
    next: Mutex<VecDeque<Does>>,
    otherwise: Mutex<Does>,
    arrivals: Mutex<Vec<Arrival>>,
    count: watch::Sender<usize>,
    gate: watch::Sender<bool>,
    inside: Mutex<(usize, usize)>,
    clock: Clock,
}

impl Target {
    fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            next: Mutex::default(),
            otherwise: Mutex::new(Does::Well),
            arrivals: Mutex::default(),
            count: watch::Sender::new(0),
            gate: watch::Sender::new(false),
            inside: Mutex::default(),
            clock,
        })
    }

    /// Does these first.
    pub(crate) fn does(&self, these: impl IntoIterator<Item = Does>) {
        self.next.lock().unwrap().extend(these);
    }

    /// Does this when nothing else is to be done.
    pub(crate) fn always(&self, this: Does) {
        *self.otherwise.lock().unwrap() = this;
    }

    pub(crate) fn open_gate(&self) {
        self.gate.send_replace(true);
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until so many have arrived.
    pub(crate) async fn has_seen(&self, count: usize) {
        let mut seen = self.count.subscribe();
        seen.wait_for(|seen| *seen >= count).await.unwrap();
    }

    /// The most that were inside at one moment.
    pub(crate) fn peak(&self) -> usize {
        self.inside.lock().unwrap().1
    }

    fn enter(&self, arrival: Arrival) -> Does {
        self.arrivals.lock().unwrap().push(arrival);
        self.count.send_modify(|count| *count += 1);
        let mut inside = self.inside.lock().unwrap();
        inside.0 += 1;
        inside.1 = inside.1.max(inside.0);
        let next = self.next.lock().unwrap().pop_front();
        next.unwrap_or(*self.otherwise.lock().unwrap())
    }

    fn routes(self: Arc<Self>) -> Router {
        Router::new()
            .route("/{*path}", any(answer))
            .with_state(self)
    }
}

async fn answer(State(target): State<Arc<Target>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let does = target.enter(Arrival {
        at: target.clock.now(),
        line: format!(
            "{} {} {text}",
            parts.method,
            parts.uri.path_and_query().unwrap()
        ),
        headers: parts.headers,
    });
    let response = match does {
        Does::Well => axum::Json(json!({ "asked": parts.uri.to_string() })).into_response(),
        Does::Status(status) => {
            let status = StatusCode::from_u16(status).unwrap();
            Problem::new(status, "as_told", "As it was told.").into_response()
        }
        Does::Later(status, when) => {
            let status = StatusCode::from_u16(status).unwrap();
            (status, [("retry-after", when)]).into_response()
        }
        Does::Hold => {
            let mut gate = target.gate.subscribe();
            gate.wait_for(|open| *open).await.unwrap();
            axum::Json(json!({})).into_response()
        }
        Does::Much => Body::from(Bytes::from(vec![b' '; 10_000_000])).into_response(),
        Does::Nonsense => "<p>Welcome</p>".into_response(),
        Does::Away => (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(),
        Does::Panic => panic!("the secret of the house"),
    };
    target.inside.lock().unwrap().0 -= 1;
    response
}

/// Where the target is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    InProcess,
    OverNetwork,
}

/// A caller, its target, and the time between them.
pub(crate) struct Line {
    pub(crate) clock: Clock,
    pub(crate) target: Arc<Target>,
    pub(crate) installation: Installation,
    pub(crate) client: Client,
}

impl Line {
    pub(crate) async fn open(place: Place) -> Self {
        Self::with(place, Calls::default()).await
    }

    pub(crate) async fn with(place: Place, how: Calls) -> Self {
        let clock = bed::clock();
        let target = Target::new(clock.clone());
        let setup = match place {
            Place::InProcess => {
                let routes = Arc::clone(&target).routes();
                let routes = Router::<Handle>::new().merge(routes.with_state(()));
                setup(&clock).service(Service::new("target").http(routes))
            }
            Place::OverNetwork => {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let routes = Arc::clone(&target).routes();
                tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
                setup(&clock).remote("target", &format!("http://{address}"))
            }
        };
        let caller = Service::new("caller").calls("target", how);
        let installation = setup.service(caller).open().await.unwrap();
        let client = installation.handle("caller").unwrap().client("target");
        Self {
            client: client.unwrap(),
            clock,
            target,
            installation,
        }
    }

    pub(crate) async fn patiently<T>(&self, outcome: impl Future<Output = T>) -> T {
        patiently(&self.clock, &self.client, outcome).await
    }

    /// The gaps between the arrivals, in milliseconds.
    pub(crate) fn gaps(&self) -> Vec<u128> {
        let arrivals = self.target.arrivals();
        let pairs = arrivals.windows(2);
        pairs
            .map(|pair| pair[1].at.since(pair[0].at).as_millis())
            .collect()
    }
}

/// Waits for an outcome, and lets time pass while no call is under way.
pub(crate) async fn patiently<T>(
    clock: &Clock,
    client: &Client,
    outcome: impl Future<Output = T>,
) -> T {
    let mut outcome = pin!(outcome);
    loop {
        if let Poll::Ready(outcome) = poll!(outcome.as_mut()) {
            return outcome;
        }
        if client.status().in_flight == 0 {
            clock.advance(Duration::from_millis(1));
        }
        tokio::task::yield_now().await;
    }
}

pub(crate) fn setup(clock: &Clock) -> Setup {
    Setup::new(Storage::Memory).clock(clock.clone()).seed(1)
}

/// A story that waits for a moment that never comes fails.
pub(crate) async fn in_a_minute(story: impl Future<Output = ()>) {
    let minute = Duration::from_secs(60);
    tokio::time::timeout(minute, Box::pin(story)).await.unwrap();
}

/// Tells each story of a target in the same process and of one over the network.
macro_rules! both_ways {
    ($($story:ident),* $(,)?) => {$(
        mod $story {
            use crate::clients::target::{Place, in_a_minute};

            #[tokio::test]
            async fn in_process() {
                in_a_minute(super::$story(Place::InProcess)).await;
            }

            #[tokio::test]
            async fn over_the_network() {
                in_a_minute(super::$story(Place::OverNetwork)).await;
            }
        }
    )*};
}
pub(crate) use both_ways;
