//! An installation behind a socket, and those who ask it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::Value;
use tidings::{
    Claims, Clock, Envelope, Error, Event, Handle, HttpFeed, HttpTransport, Identity, Installation,
    Running, Service, ServiceTokens, Setup, Signer, Tx,
};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::bed::words::write_down;
use crate::bed::{Bed, CountEvent, consumer, producer};

pub(crate) const SECRET: &[u8] = b"the secret of the installation, 32 bytes and more";
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Services that run, and their routes on a port of this machine.
pub(crate) struct Site {
    pub(crate) installation: Installation,
    pub(crate) address: SocketAddr,
    stopping: watch::Sender<bool>,
    running: Running,
    server: JoinHandle<()>,
    signer: Signer,
    /// Where its databases are, if nobody else keeps them.
    bed: Option<Bed>,
}

impl Site {
    /// Opens services on a port, or on any that is free.
    pub(crate) async fn open(setup: Setup, port: Option<u16>) -> Self {
        let stopping = watch::Sender::new(false);
        let mut installation = setup.secret(SECRET).open().await.unwrap();
        installation.stops_with(stopping.subscribe());
        let signer = Signer::new("test", &Signer::generate().unwrap()).unwrap();
        installation.verifier().trust("test", signer.public_key());
        let running = installation.start();
        let listener = TcpListener::bind(("127.0.0.1", port.unwrap_or(0)));
        let listener = listener.await.unwrap();
        let address = listener.local_addr().unwrap();
        // As in a process with a gateway: what is not here is passed on.
        let passed_on = installation.forwarding_router();
        let routes = installation.router().merge(passed_on);
        let server = serve(listener, routes, stopping.subscribe());
        Self {
            installation,
            address,
            stopping,
            running,
            server,
            signer,
            bed: None,
        }
    }

    /// The producer alone; its stream is open to programs outside.
    pub(crate) async fn of_producer(bed: &Bed) -> Self {
        let service = producer().accepts::<CountEvent>();
        Self::open(bed.setup(&Clock::system()).service(service), None).await
    }

    pub(crate) fn handle(&self, service: &str) -> Handle {
        self.installation.handle(service).unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The way of the door: who waits is answered first, then the workers stop.
    pub(crate) async fn stop(self) {
        self.stopping.send_replace(true);
        self.server.await.unwrap();
        self.running.stop().await;
        drop(self.bed);
    }

    /// Says that the process is about to end, and no more.
    pub(crate) fn begin_to_stop(&self) {
        self.stopping.send_replace(true);
    }

    /// The access token of an account with one role.
    pub(crate) fn token_of(&self, role: &str) -> String {
        let identity = Identity {
            user_id: Uuid::nil(),
            email: "somebody@example.com".to_owned(),
            roles: vec![role.to_owned()],
        };
        let now = Clock::system().now();
        let claims = Claims::new(&identity, now, now.plus(Duration::from_secs(600)));
        self.signer.sign(&claims).unwrap()
    }

    /// Asks as a reader.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_as(&self.token_of("reader"), path).await
    }

    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Answer {
        let request = reqwest::Client::new().get(self.url(path));
        answer(request.header(AUTHORIZATION, format!("Bearer {token}"))).await
    }

    /// Sends one event.
    pub(crate) async fn post_as(&self, token: &str, path: &str, event: &Value) -> Answer {
        let request = reqwest::Client::new().post(self.url(path));
        let request = request
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header("content-type", "application/cloudevents+json")
            .body(event.to_string());
        answer(request).await
    }

    /// The feed as another service reads it.
    pub(crate) fn feed(&self) -> HttpFeed {
        feed_at(&self.url(""))
    }
}

/// The feed of the producer at an address.
pub(crate) fn feed_at(url: &str) -> HttpFeed {
    let tokens = ServiceTokens::new(SECRET);
    let bearer = move || tokens.sign("consumer", "producer", Clock::system().now());
    HttpFeed::try_new(url, &Clock::system(), bearer).unwrap()
}

fn serve(listener: TcpListener, routes: Router, stop: watch::Receiver<bool>) -> JoinHandle<()> {
    let mut stop = stop;
    tokio::spawn(async move {
        let stopped = async move {
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let server = axum::serve(listener, routes).with_graceful_shutdown(stopped);
        server.await.unwrap();
    })
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) took: Duration,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The code of a problem, and what it says.
    pub(crate) fn problem(&self) -> (u16, String, String) {
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        (self.status, text("code"), text("title"))
    }

    pub(crate) fn events(&self) -> Vec<Envelope> {
        assert_eq!(self.status, 200, "{}", self.text);
        Envelope::from_cloudevents(self.text.as_bytes()).unwrap()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        let ids = self.events().into_iter().map(|event| event.id.to_string());
        ids.collect()
    }
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let began = Instant::now();
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer {
        status,
        headers,
        text: response.text().await.unwrap(),
        took: began.elapsed(),
    }
}

async fn count(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(&event, tx).await
}

pub(crate) fn counting() -> Service {
    consumer().subscribes("count", count)
}

/// A consumer in another installation, which follows the producer at an address.
pub(crate) async fn consumer_of(bed: Bed, feed: HttpFeed) -> Site {
    let transport = Arc::new(HttpTransport::new(feed.clone()));
    let setup = bed.setup(&Clock::system()).service(counting());
    let setup = setup.elsewhere("counts", Arc::new(feed), transport);
    let mut site = Site::open(setup, None).await;
    site.bed = Some(bed);
    site
}

/// Waits until something is so; how long it took.
pub(crate) async fn until<T: AsyncFnMut() -> bool>(mut is_so: T) -> Duration {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "it does not come about");
        Clock::system().sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}

/// Waits until so many events are numbered, which PostgreSQL does after the commit.
pub(crate) async fn are_numbered(service: &Handle, events: u64) {
    until(async || {
        let sql = "SELECT CAST(coalesce(sum(sequence), 0) AS BIGINT) FROM tidings_heads";
        let mut conn = service.read().await.unwrap();
        let (all,): (u64,) = conn.query_one(sql, &[]).await.unwrap();
        all >= events
    })
    .await;
}
