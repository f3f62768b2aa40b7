//! A process as others see it: a part of the services behind an address.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tidings::{Installation, Running, Setup};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the services of one installation know, and nobody else.
pub(crate) const SECRET: &[u8] = b"what only these services can know";

/// A running process. Dropped, it is gone at once.
pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) installation: Arc<Installation>,
    server: JoinHandle<()>,
    _running: Option<Running>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An address that is not answered yet.
pub(crate) async fn address() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

impl Site {
    pub(crate) async fn open(setup: Setup) -> Self {
        let (listener, _) = address().await;
        Self::open_at(setup, listener).await
    }

    pub(crate) async fn open_at(setup: Setup, listener: TcpListener) -> Self {
        Self::of(setup.open().await.unwrap(), None, listener)
    }

    /// With its moving parts moving.
    pub(crate) async fn open_running(setup: Setup) -> Self {
        Self::open_running_at(setup, address().await.0).await
    }

    pub(crate) async fn open_running_at(setup: Setup, listener: TcpListener) -> Self {
        let mut installation = setup.open().await.unwrap();
        let running = installation.start();
        Self::of(installation, Some(running), listener)
    }

    fn of(installation: Installation, running: Option<Running>, listener: TcpListener) -> Self {
        let installation = Arc::new(installation);
        // As in a process with a gateway: what is not here is passed on.
        let router = installation
            .router()
            .merge(installation.forwarding_router());
        Self {
            _running: running,
            url: format!("http://{}", listener.local_addr().unwrap()),
            server: serve(listener, router),
            installation,
        }
    }
}

pub(crate) fn serve(listener: TcpListener, router: Router) -> JoinHandle<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move {
        axum::serve(listener, service).await.unwrap();
    })
}
