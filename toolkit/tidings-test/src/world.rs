//! Services in one process, stepped by hand.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value as Json;
use tidings::{
    Claims, Clock, Handle, Identity, Installation, Service, Setup, Signer, Storage, Uuid, Worker,
};
use tower::ServiceExt;

/// When every world begins.
const START: &str = "2026-01-01T12:00:00Z";
/// More steps than any story needs; a world that goes on longer is going in circles.
const STEPS_MAX: usize = 100_000;

/// A set of services on databases in memory, whose time stands still until the test moves it.
///
/// Nothing happens by itself: [`World::settle`] lets everything that is due happen, in one
/// thread and in a fixed order.
pub struct World {
    installation: Installation,
    workers: Vec<Worker>,
    router: Router,
    clock: Clock,
    signer: Signer,
}

/// An answer to [`World::call`].
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body, if it was JSON.
    pub json: Json,
    /// The body as text.
    pub text: String,
    /// The headers.
    pub headers: axum::http::HeaderMap,
}

impl World {
    /// Opens the services in memory.
    pub async fn new(services: impl IntoIterator<Item = Service>) -> Self {
        Self::on(Storage::Memory, services).await
    }

    /// Opens the services on another storage.
    pub async fn on(storage: Storage, services: impl IntoIterator<Item = Service>) -> Self {
        let clock = Clock::manual(START.parse().expect("START is a time"));
        let setup = Setup::new(storage).clock(clock.clone()).seed(1);
        let setup = services.into_iter().fold(setup, Setup::service);
        let mut installation = setup.open().await.expect("the services open");
        let workers = installation.workers();
        let router = installation.router();
        let key = Signer::generate().expect("a key pair");
        let signer = Signer::new("world", &key).expect("a signer");
        installation.verifier().trust("world", signer.public_key());
        Self {
            installation,
            workers,
            router,
            clock,
            signer,
        }
    }

    /// The clock of this world.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The services as they run.
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// One service.
    pub fn service(&self, name: &str) -> Handle {
        self.installation
            .handle(name)
            .expect("a service of this world")
    }

    /// An access token for somebody, good for a day of this world's time.
    pub fn token(&self, user_id: Uuid, roles: &[&str]) -> String {
        let identity = Identity {
            user_id,
            email: format!("{user_id}@example.com"),
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
        };
        let now = self.clock.now();
        let claims = Claims::new(&identity, now, now.plus(Duration::from_secs(86_400)));
        self.signer.sign(&claims).expect("a token")
    }

    /// Lets everything happen that is due now.
    pub async fn settle(&mut self) {
        for _ in 0..STEPS_MAX {
            let mut moved = false;
            for worker in &mut self.workers {
                moved |= worker.step().await.unwrap_or_else(|error| {
                    panic!("{} failed: {error}", worker.name());
                });
            }
            if !moved {
                return;
            }
        }
        panic!("the world does not settle");
    }

    /// Moves time, then lets everything happen that has become due.
    pub async fn advance(&mut self, span: Duration) {
        self.settle().await;
        self.clock.advance(span);
        self.settle().await;
    }

    /// Sends a request to the services' routes, without a socket.
    pub async fn call(&self, request: Request<Body>) -> Answer {
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer {
            status: parts.status,
            json: serde_json::from_str(&text).unwrap_or(Json::Null),
            text,
            headers: parts.headers,
        }
    }

    /// Sends JSON, signed in with an access token if one is given.
    pub async fn send(&self, method: &str, path: &str, token: Option<&str>, body: Json) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        };
        self.call(request.body(body).expect("a request")).await
    }

    /// Asks with GET.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send("GET", path, token, Json::Null).await
    }
}
