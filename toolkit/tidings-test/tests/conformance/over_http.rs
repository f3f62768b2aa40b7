//! The feed over HTTP, from a server of the producer's own.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tidings::{Cause, Clock, HttpFeed, HttpTransport, Installation, ServiceTokens, Setup};
use tidings_test::conformance::{Carrier, Disturbance, Doing, Ground, PRODUCER, Route};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

const SECRET: &[u8] = b"the secret of the installation, 32 bytes and more";
const PLAIN: bool = false;
const COMPRESSED: bool = true;

/// The producer's routes on a free port, and before it a way that can be cut. Readers know the
/// way's address only, and keep it while servers come and go.
struct OverHttp {
    way: Way,
    compressed: bool,
    server: Mutex<Option<Server>>,
}

impl OverHttp {
    async fn new(compressed: bool) -> Self {
        Self {
            way: Way::open().await,
            compressed,
            server: Mutex::default(),
        }
    }
}

/// What is served, and what serves it now.
struct Server {
    routes: Router,
    stopping: watch::Sender<bool>,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(
        routes: Router,
        stopping: watch::Sender<bool>,
        way: &Way,
    ) -> Result<Self, Cause> {
        stopping.send_replace(false);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        way.leads_to(Some(listener.local_addr()?));
        let mut stop = stopping.subscribe();
        let serving = axum::serve(listener, routes.clone());
        let serving = serving.with_graceful_shutdown(async move {
            let _ = stop.wait_for(|stop| *stop).await;
        });
        let ended = tokio::spawn(serving.into_future());
        Ok(Self {
            routes,
            stopping,
            ended,
        })
    }

    /// Who waits for events is answered, and every connection ends.
    async fn stop(self, way: &Way) -> Result<(Router, watch::Sender<bool>), Cause> {
        way.leads_to(None);
        self.stopping.send_replace(true);
        self.ended.await??;
        Ok((self.routes, self.stopping))
    }
}

/// Carries bytes to wherever a server is now.
struct Way {
    address: SocketAddr,
    to: watch::Sender<Option<SocketAddr>>,
    is_open: Arc<watch::Sender<bool>>,
}

impl Way {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Self {
            address: listener.local_addr().unwrap(),
            to: watch::Sender::new(None),
            is_open: Arc::new(watch::Sender::new(true)),
        };
        let (to, is_open) = (way.to.subscribe(), Arc::clone(&way.is_open));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let is_open = is_open.subscribe();
                let to = to.borrow().filter(|_| *is_open.borrow());
                if let Some(to) = to {
                    tokio::spawn(carry(near, to, is_open));
                }
            }
        });
        way
    }

    fn leads_to(&self, address: Option<SocketAddr>) {
        self.to.send_replace(address);
    }
}

/// Carries bytes both ways until one side hangs up, or the way is cut.
async fn carry(mut near: TcpStream, to: SocketAddr, mut is_open: watch::Receiver<bool>) {
    let Ok(mut far) = TcpStream::connect(to).await else {
        return;
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        _ = is_open.changed() => {}
    }
}

impl Carrier for OverHttp {
    fn prepare(&self, producer: Setup) -> Setup {
        producer.secret(SECRET)
    }

    fn carry<'a>(&'a self, producer: &'a Installation) -> Doing<'a, Result<(), Cause>> {
        Box::pin(async move {
            let stopping = watch::Sender::new(false);
            producer.stops_with(stopping.subscribe());
            let server = Server::start(producer.router(), stopping, &self.way).await?;
            *self.server.lock().await = Some(server);
            Ok(())
        })
    }

    fn leave(&self) -> Doing<'_, ()> {
        Box::pin(async move {
            if let Some(server) = self.server.lock().await.take() {
                let _ = server.stop(&self.way).await.unwrap();
            }
        })
    }

    fn route(&self) -> Result<Route, Cause> {
        let (tokens, clock) = (ServiceTokens::new(SECRET), Clock::system());
        let now = clock.clone();
        let bearer = move || tokens.sign("subscriber", PRODUCER, now.now());
        let feed = HttpFeed::try_new(&format!("http://{}", self.way.address), &clock, bearer)?;
        let feed = match self.compressed {
            true => feed.compressed(),
            false => feed,
        };
        Ok(Route::new(feed.clone(), HttpTransport::new(feed)))
    }

    fn disturb(&self, how: Disturbance) -> Doing<'_, Result<(), Cause>> {
        Box::pin(async move {
            match how {
                Disturbance::Cut => {
                    self.way.is_open.send_replace(false);
                }
                Disturbance::Mend => {
                    self.way.is_open.send_replace(true);
                }
                // A server keeps nothing for its readers but their connections.
                Disturbance::LoseStorage | Disturbance::Restart => {
                    let mut serving = self.server.lock().await;
                    if let Some(server) = serving.take() {
                        let (routes, stopping) = server.stop(&self.way).await?;
                        *serving = Some(Server::start(routes, stopping, &self.way).await?);
                    }
                }
            }
            Ok(())
        })
    }
}

mod on_sqlite {
    use super::*;
    tidings_test::conformance!(Ground::sqlite(OverHttp::new(PLAIN).await));
}

mod on_postgres {
    use super::*;
    tidings_test::conformance!(Ground::postgres(OverHttp::new(COMPRESSED).await));
}
