//! The feed of a producer in another process, which is restarted now and then.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tidings::{Error, Feed, FeedPage, Handle, LocalFeed, Receiver, Standing, Transport};
use tokio::sync::watch;

type Marks = Vec<(u16, u64)>;

/// Brings nothing by itself: what is read comes from the feed.
pub(super) struct Swapped(Mutex<Option<LocalFeed>>);

impl Swapped {
    pub(super) fn new(producer: Handle) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(LocalFeed::new(producer)))))
    }

    pub(super) fn swap(&self, producer: Handle) {
        *self.0.lock().unwrap() = Some(LocalFeed::new(producer));
    }

    /// The producer's process ends.
    pub(super) fn unplug(&self) {
        *self.0.lock().unwrap() = None;
    }

    fn now(&self) -> Result<LocalFeed, Error> {
        let gone = || Error::ConnectionLost("nobody is there".into());
        self.0.lock().unwrap().clone().ok_or_else(gone)
    }
}

impl Feed for Swapped {
    fn read<'a>(
        &'a self,
        stream: &'a str,
        slot: u16,
        after: u64,
        limit: u32,
    ) -> BoxFuture<'a, Result<FeedPage, Error>> {
        Box::pin(async move { self.now()?.read(stream, slot, after, limit).await })
    }

    fn heads<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        Box::pin(async move { self.now()?.heads(stream).await })
    }

    fn standing<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Standing, Error>> {
        Box::pin(async move { self.now()?.standing(stream).await })
    }
}

impl Transport for Swapped {
    fn open<'a>(
        &'a self,
        _: &'static str,
        _: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Box<dyn Receiver>, Error>> {
        Box::pin(async { Ok(Box::new(Silent(watch::Sender::new(0))) as Box<dyn Receiver>) })
    }
}

struct Silent(watch::Sender<u64>);

impl Receiver for Silent {
    fn receive(&mut self, _: u32) -> BoxFuture<'_, Result<Vec<tidings::Envelope>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// The marks as the producer knows them, and as a feed gives them that only reads.
pub(super) async fn marks_of_both(producer: Handle, places: &[(u16, u64)]) -> (Marks, Marks) {
    let local = LocalFeed::new(producer.clone());
    let local = local.marks("counts", places).await.unwrap();
    let read = Swapped::new(producer);
    (local, read.marks("counts", places).await.unwrap())
}
