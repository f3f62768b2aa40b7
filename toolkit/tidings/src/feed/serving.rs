//! What the feeds of one installation share: how many may wait, and when all waiting ends.

use std::sync::{Arc, OnceLock};

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::{Installation, Problem, Setup};

/// Half of the requests that the gateway answers at once, so that readers who wait leave room.
const WAITING_MAX: usize = 512;
/// Seconds after which a reader that found no place may come again.
const AGAIN_AFTER_S: u32 = 5;

/// Cheap to clone; clones share the places.
#[derive(Clone)]
pub(crate) struct Serving {
    places: Arc<Semaphore>,
    stopping: Arc<OnceLock<watch::Receiver<bool>>>,
}

impl Default for Serving {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(WAITING_MAX)),
            stopping: Arc::default(),
        }
    }
}

impl Serving {
    /// A place to wait, given back when it is dropped.
    pub(super) fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            let text = "Too many readers wait for events already. Come again, or ask without \
                timeout.";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Problem::new(status, "too_many_readers", text).retry_after(AGAIN_AFTER_S)
        })
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.get().is_some_and(|stop| *stop.borrow())
    }

    /// Waits until the process is about to end.
    pub(super) async fn stopping(&self) {
        if let Some(mut stopping) = self.stopping.get().cloned()
            && stopping.wait_for(|stopping| *stopping).await.is_ok()
        {
            return;
        }
        // Without a sender nobody can say that it stops.
        std::future::pending().await
    }
}

impl Installation {
    /// Says by what the process tells that it is about to end: when `stopping` turns true,
    /// readers of feeds that wait for events are answered at once, with none. Said once,
    /// before the routes are served.
    ///
    /// Without it a graceful stop of the server waits for them, for 25 seconds at the most.
    ///
    /// ```
    /// # use tidings::{Service, Setup, Storage};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let installation = Setup::new(Storage::Memory).service(Service::new("orders")).open().await?;
    /// let stopping = tokio::sync::watch::Sender::new(false);
    /// installation.stops_with(stopping.subscribe());
    /// // … serve installation.router(), and before the server is stopped:
    /// stopping.send_replace(true);
    /// # Ok::<(), tidings::Error>(()) }).unwrap();
    /// ```
    pub fn stops_with(&self, stopping: watch::Receiver<bool>) {
        // Its services share what is told here to one of them.
        if let Some(any) = self.handles().first() {
            let _ = any.0.feeds.stopping.set(stopping);
        }
    }
}

impl Setup {
    /// How many readers of feeds may wait for events at the same time: 512. One more is
    /// answered 503 with `Retry-After`; who does not wait is always answered.
    #[must_use]
    pub fn feed_readers(mut self, most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        self.feeds.places = Arc::new(Semaphore::new(most));
        self
    }
}
