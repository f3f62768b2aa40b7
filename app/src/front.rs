//! The door to the street: shut, open with a note on it, or open.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::{Error, door};

/// A port that is ours, and who answers there.
///
/// While an installation is opened nobody does: who connects waits for the moment that it takes.
/// Once it turns out that it may take long, everybody is told to come back.
pub(crate) struct Front {
    listener: Option<TcpListener>,
    pub(crate) address: SocketAddr,
    routers: watch::Sender<Router>,
    pub(crate) stopping: watch::Sender<bool>,
    server: Option<JoinHandle<()>>,
}

impl Front {
    /// Shut.
    ///
    /// # Errors
    /// When the system does not say where the port is.
    pub(crate) fn try_new(listener: TcpListener, config: &Config) -> Result<Self, Error> {
        Ok(Self {
            address: listener.local_addr().map_err(Error::Serve)?,
            listener: Some(listener),
            routers: watch::Sender::new(gateway::waiting(&config.services())),
            stopping: watch::Sender::new(false),
            server: None,
        })
    }

    /// Opens the door if it is shut.
    pub(crate) fn open(&mut self) {
        if let Some(listener) = self.listener.take() {
            let (routers, stop) = (self.routers.subscribe(), self.stopping.subscribe());
            self.server = Some(tokio::spawn(door::serve(listener, routers, stop)));
        }
    }

    /// Lets everybody in; gives what ends when the door is shut for good.
    pub(crate) fn show(&mut self, router: Router) -> JoinHandle<()> {
        self.routers.send_modify(|shown| *shown = router);
        self.open();
        self.server.take().unwrap_or_else(|| tokio::spawn(async {}))
    }
}
