//! A look at everything that the transport under test does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidings::{Envelope, Error, EventId, Receiver, Transport};
use tokio::sync::watch;

use super::carrier::Doing;
use super::stage::pause;

/// What a transport has carried, and which rules it broke on the way.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) events: BTreeMap<EventId, Envelope>,
    pub(super) broken: Vec<String>,
}

/// A transport of which everything is noted.
pub(super) struct Watched {
    inner: Arc<dyn Transport>,
    seen: Arc<Mutex<Seen>>,
    limit: Duration,
}

struct WatchedReceiver {
    inner: Box<dyn Receiver>,
    stream: &'static str,
    seen: Arc<Mutex<Seen>>,
    limit: Duration,
}

impl Watched {
    /// Watches a transport that has this long for an answer.
    pub(super) fn over(
        inner: Arc<dyn Transport>,
        seen: &Arc<Mutex<Seen>>,
        limit: Duration,
    ) -> Arc<dyn Transport> {
        let seen = Arc::clone(seen);
        Arc::new(Self { inner, seen, limit })
    }
}

pub(super) fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Transport for Watched {
    fn open<'a>(
        &'a self,
        stream: &'static str,
        cursors: &'a [(u16, u64)],
    ) -> Doing<'a, Result<Box<dyn Receiver>, Error>> {
        Box::pin(async move {
            let opening = self.inner.open(stream, cursors);
            let inner = in_time(opening, self.limit, "open", &self.seen).await?;
            let receiver: Box<dyn Receiver> = Box::new(WatchedReceiver {
                inner,
                stream,
                seen: Arc::clone(&self.seen),
                limit: self.limit,
            });
            Ok(receiver)
        })
    }

    fn patience(&self) -> Duration {
        self.inner.patience()
    }
}

impl Receiver for WatchedReceiver {
    fn receive(&mut self, limit: u32) -> Doing<'_, Result<Vec<Envelope>, Error>> {
        Box::pin(async move {
            let receiving = self.inner.receive(limit);
            let events = in_time(receiving, self.limit, "receive", &self.seen).await?;
            let mut seen = lock(&self.seen);
            if events.len() > limit as usize {
                let many = events.len();
                let text = format!("receive({limit}) gave {many} events");
                seen.broken.push(text);
            }
            for event in &events {
                if event.id.stream != self.stream {
                    let text = format!("a receiver of {} gave {}", self.stream, event.id);
                    seen.broken.push(text);
                }
                note(&mut seen, event);
            }
            drop(seen);
            Ok(events)
        })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.inner.wakes()
    }
}

fn note(seen: &mut Seen, event: &Envelope) {
    match seen.events.get(&event.id) {
        Some(before) if before != event => {
            let text = format!("{} came twice, and not the same", event.id);
            seen.broken.push(text);
        }
        Some(_) => {}
        None => {
            seen.events.insert(event.id.clone(), event.clone());
        }
    }
}

async fn in_time<T>(
    work: Doing<'_, Result<T, Error>>,
    limit: Duration,
    what: &str,
    seen: &Mutex<Seen>,
) -> Result<T, Error> {
    tokio::select! {
        done = work => done,
        () = pause(limit) => {
            let text = format!("{what} had not answered after {limit:?}; it must not wait for events");
            lock(seen).broken.push(text);
            Err(Error::ConnectionLost("the transport does not answer".into()))
        }
    }
}
