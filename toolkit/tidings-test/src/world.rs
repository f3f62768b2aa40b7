//! Services in one process, stepped by hand.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value as Json;
use tidings::{
    Claims, Clock, Db, Handle, Identity, Installation, Service, Setup, Signer, Storage, Uuid,
    Worker, crash,
};
use tower::ServiceExt;

use crate::bad_transport::BadTransport;
use crate::misbehaviour::{Dice, Misbehaviour};

/// When every world begins.
const START: &str = "2026-01-01T12:00:00Z";
/// More steps than any story needs; a world that goes on longer is going in circles.
const STEPS_MAX: usize = 100_000;

/// A set of services on databases in memory, whose time stands still until the test moves it.
///
/// Nothing happens by itself: [`World::settle`] lets everything that is due happen, in one
/// thread and in an order that the seed decides. A world made with [`World::misbehaving`]
/// loses, duplicates, delays and reorders events and crashes at any crash point; after a
/// crash all services start anew from their databases.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use tidings::Service;
/// use tidings_test::World;
///
/// let mut world = World::new([Service::new("orders")]).await;
/// world.advance(std::time::Duration::from_secs(900)).await;
/// # });
/// ```
pub struct World {
    running: Running,
    clock: Clock,
    signer: Signer,
    /// How to start anew after a crash; only misbehaving worlds crash.
    again: Option<Again>,
}

/// What a crash ends and a restart makes anew.
struct Running {
    installation: Installation,
    workers: Vec<Worker>,
    /// Made for the first request: a world that crashes a hundred times need not have a hundred.
    router: OnceLock<Router>,
}

struct Again {
    services: Box<dyn Fn() -> Vec<Service>>,
    databases: Vec<(&'static str, Db)>,
    dice: Arc<Dice>,
    seed: u64,
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

impl Answer {
    /// The status and the code of a refusal; no code where there is none.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status.as_u16(), text(&self.json, "code"))
    }

    /// Every field that was refused, with its code; the whole body has no name.
    pub fn mistakes(&self) -> Vec<(&str, &str)> {
        let mistakes = self.json["errors"].as_array();
        let mistakes = mistakes.into_iter().flatten();
        mistakes
            .map(|one| (text(one, "field"), text(one, "code")))
            .collect()
    }
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_default()
}

impl Again {
    async fn open(&self, clock: &Clock) -> Running {
        let dice = Arc::clone(&self.dice);
        let setup = Setup::new(Storage::Memory)
            .clock(clock.clone())
            .seed(self.seed);
        let setup = setup.transport(move |feed| {
            let dice = Arc::clone(&dice);
            let inner = Arc::new(feed);
            Arc::new(BadTransport { inner, dice })
        });
        let databases = self.databases.iter().cloned();
        let setup = databases.fold(setup, |setup, (name, db)| setup.database(name, db));
        Running::open((self.services)().into_iter().fold(setup, Setup::service)).await
    }
}

impl Running {
    async fn open(setup: Setup) -> Self {
        let mut installation = setup.open().await.expect("the services open");
        Self {
            workers: installation.workers(),
            router: OnceLock::new(),
            installation,
        }
    }
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
        Self::with(Running::open(setup).await, clock, None)
    }

    /// Opens the services in memory, in a world that does wrong as the seed says.
    ///
    /// A failing seed is a test: print it, and use it again.
    pub async fn misbehaving(
        seed: u64,
        rules: Misbehaviour,
        services: impl Fn() -> Vec<Service> + 'static,
    ) -> Self {
        let clock = Clock::manual(START.parse().expect("START is a time"));
        let mut again = Again {
            services: Box::new(services),
            databases: Vec::new(),
            dice: Dice::new(seed, rules),
            seed,
        };
        let running = again.open(&clock).await;
        let handles = running.installation.handles();
        again.databases = handles
            .iter()
            .map(|one| (one.name(), one.db().clone()))
            .collect();
        Self::with(running, clock, Some(again))
    }

    fn with(running: Running, clock: Clock, again: Option<Again>) -> Self {
        let key = Signer::generate().expect("a key pair");
        let signer = Signer::new("world", &key).expect("a signer");
        let world = Self {
            running,
            clock,
            signer,
            again,
        };
        world.trust();
        world
    }

    fn trust(&self) {
        self.running
            .installation
            .verifier()
            .trust("world", self.signer.public_key());
    }

    /// Ends all services where they stand and starts them anew from their databases.
    async fn restart(&mut self) {
        if let Some(again) = &self.again {
            // A job that the crash has cut off holds its transaction, and with it the only
            // connection of a database in memory, until it is dropped.
            self.running.workers.clear();
            self.running = again.open(&self.clock).await;
            self.trust();
        }
    }

    /// How often each fault has happened: a test in which none did has shown nothing.
    pub fn faults(&self) -> BTreeMap<String, u32> {
        self.again
            .as_ref()
            .map(|again| again.dice.fallen())
            .unwrap_or_default()
    }

    /// The clock of this world.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The services as they run.
    pub fn installation(&self) -> &Installation {
        &self.running.installation
    }

    /// One service.
    pub fn service(&self, name: &str) -> Handle {
        self.running
            .installation
            .handle(name)
            .expect("a service of this world")
    }

    /// Runs a piece of work as the world's processes run: it may crash on the way.
    ///
    /// `None` says that it did; whether it has happened is not known, and all services
    /// have started anew.
    pub async fn attempt<T>(&mut self, work: impl AsyncFnOnce(&Installation) -> T) -> Option<T> {
        let Some(again) = &self.again else {
            return Some(work(&self.running.installation).await);
        };
        let plan = again.dice.plan();
        let outcome = crash::with_plan(&plan, work(&self.running.installation)).await;
        if outcome.is_none() {
            self.restart().await;
        }
        outcome
    }

    /// One step of one worker; `None` says that the world crashed.
    async fn step(&mut self, index: usize) -> Option<bool> {
        let worker = &mut self.running.workers[index];
        let name = worker.name().to_owned();
        let stepped = match &self.again {
            Some(again) => crash::with_plan(&again.dice.plan(), worker.step()).await?,
            None => worker.step().await,
        };
        Some(stepped.unwrap_or_else(|error| panic!("{name} failed: {error}")))
    }

    /// Lets everything happen that is due now.
    pub async fn settle(&mut self) {
        for _ in 0..STEPS_MAX {
            let mut order: Vec<usize> = (0..self.running.workers.len()).collect();
            if let Some(again) = &self.again {
                again.dice.shuffle(&mut order);
            }
            let mut moved = false;
            for index in order {
                match Box::pin(self.step(index)).await {
                    Some(did) => moved |= did,
                    None => {
                        self.restart().await;
                        moved = true;
                    }
                }
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

    /// Sends a request to the services' routes, without a socket.
    pub async fn call(&self, request: Request<Body>) -> Answer {
        let Running {
            router,
            installation,
            ..
        } = &self.running;
        let router = router.get_or_init(|| installation.router()).clone();
        let response = match router.oneshot(request).await {
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
