//! The gateway as these tests call it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::Value;
use tidings::catalog::Server;
use tidings::{
    CallbackPolicy, Clock, Handle, Installation, Service, Setup, Signer, Storage, Worker,
};
use tokio::sync::watch;
use tower::ServiceExt;

use crate::services::{self, Auth};

pub(crate) struct Door {
    pub(crate) router: Router,
    pub(crate) clock: Clock,
    pub(crate) installation: Arc<Installation>,
    pub(crate) stopping: watch::Sender<bool>,
    workers: Vec<Worker>,
    public: [u8; 32],
    auth_is_down: Arc<AtomicBool>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Tests talk to nobody outside.
async fn nowhere(_: String) -> std::io::Result<Vec<IpAddr>> {
    Err(std::io::Error::other("no <b>such</b> host"))
}

impl Door {
    pub(crate) async fn open() -> Self {
        Self::open_before(None).await
    }

    /// The gateway of a process that runs `auth` and `reader`. `things` is elsewhere, its
    /// database cannot be looked into, and nobody answers there.
    pub(crate) async fn open_part() -> Self {
        Self::open_part_beside("http://127.0.0.1:1").await
    }

    /// The same, with the address at which `things` is.
    pub(crate) async fn open_part_beside(things: &str) -> Self {
        let setup = Setup::new(Storage::Memory)
            .only(&["auth", "reader"])
            .remote("things", things)
            .secret(b"thirty-two bytes of these tests, or more");
        Self::open_as(setup, None).await
    }

    /// With one more service behind it.
    pub(crate) async fn open_before(more: Option<Service>) -> Self {
        Self::open_as(Setup::new(Storage::Memory), more).await
    }

    async fn open_as(setup: Setup, more: Option<Service>) -> Self {
        let signer = Signer::new("test", &Signer::generate().unwrap()).unwrap();
        let public = *signer.public_key();
        let auth_is_down = Arc::new(AtomicBool::new(false));
        let auth = services::auth(signer, Arc::clone(&auth_is_down));
        let clock = Clock::manual("2026-03-01T12:00:00Z".parse().unwrap());
        let setup = setup.clock(clock.clone());
        let setup = more.into_iter().fold(setup, Setup::service);
        Self::with(setup.service(auth), clock, public, auth_is_down).await
    }

    /// One whose service `auth` is behind another door.
    pub(crate) async fn without_auth(base: &str, there: &Self) -> Self {
        let setup = Setup::new(Storage::Memory).clock(there.clock.clone());
        let setup = setup.remote("auth", base);
        let auth_is_down = Arc::clone(&there.auth_is_down);
        Self::with(setup, there.clock.clone(), there.public, auth_is_down).await
    }

    async fn with(
        setup: Setup,
        clock: Clock,
        public: [u8; 32],
        auth_is_down: Arc<AtomicBool>,
    ) -> Self {
        let setup = setup
            .callbacks(CallbackPolicy::strict().resolver(nowhere))
            .service(services::things())
            .service(services::reader());
        let mut installation = setup.open().await.unwrap();
        installation.verifier().trust("test", &public);
        let workers = installation.workers();
        let installation = Arc::new(installation);
        let stopping = watch::Sender::new(false);
        let settings = gateway::Settings {
            stopping: Some(stopping.subscribe()),
            streams_at: vec![Server::Feeds("https://things.example".to_owned())],
        };
        Self {
            router: gateway::shell(Arc::clone(&installation), settings),
            clock,
            installation,
            stopping,
            workers,
            public,
            auth_is_down,
        }
    }

    pub(crate) fn break_auth(&self) {
        self.auth_is_down.store(true, Ordering::SeqCst);
    }

    pub(crate) fn mend_auth(&self) {
        self.auth_is_down.store(false, Ordering::SeqCst);
    }

    pub(crate) fn service(&self, name: &str) -> Handle {
        self.installation.handle(name).unwrap()
    }

    pub(crate) fn token(&self, name: &str) -> String {
        let auth = self.service("auth");
        auth.resource::<Auth>().unwrap().token(&auth, name)
    }

    /// Lets everything happen that is due.
    pub(crate) async fn settle(&mut self) {
        let mut moved = true;
        while moved {
            moved = false;
            for worker in &mut self.workers {
                moved |= worker.step().await.unwrap();
            }
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends a request with headers `name: value`.
    pub(crate) async fn call(&self, line: &str, headers: &[&str], body: &str) -> Answer {
        let (method, target) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers.iter().map(|line| line.split_once(": ").unwrap()) {
            request = request.header(name, value);
        }
        let body = if body.is_empty() {
            Body::empty()
        } else {
            Body::from(body.to_owned())
        };
        let response = self.send(request.body(body).unwrap()).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Asks as a program.
    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.call(&format!("GET {target}"), &[], "").await
    }

    /// Asks as a browser shows a page.
    pub(crate) async fn visit(&self, target: &str, cookie: &str) -> Answer {
        let cookie = format!("cookie: __Host-session={cookie}");
        self.call(
            &format!("GET {target}"),
            &["accept: text/html", &cookie],
            "",
        )
        .await
    }

    /// Asks as an operator's program.
    pub(crate) async fn ops(&self, line: &str) -> Answer {
        let token = format!("authorization: Bearer {}", self.token("olga"));
        self.call(line, &[&token], "").await
    }

    /// Submits a form as a browser does from one of our pages.
    pub(crate) async fn submit(&self, target: &str, cookie: &str, form: &str) -> Answer {
        let cookie = format!("cookie: __Host-session={cookie}");
        let headers = [
            "accept: text/html",
            "content-type: application/x-www-form-urlencoded",
            "sec-fetch-site: same-origin",
            "host: tickets.example",
            "referer: http://tickets.example/console?page=2",
            &cookie,
        ];
        self.call(&format!("POST {target}"), &headers, form).await
    }
}
