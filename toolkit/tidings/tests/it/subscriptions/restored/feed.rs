//! The feed of a producer in another process, which is restarted now and then.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tidings::{Envelope, Error, Feed, FeedPage, Handle, LocalFeed, Receiver, Standing, Transport};
use tokio::sync::watch;

type Marks = Vec<tidings::Marked>;

/// Brings only what the test has it carry; the rest is read from the feed.
pub(super) struct Swapped {
    feed: Mutex<Option<LocalFeed>>,
    carried: Arc<Mutex<Vec<Envelope>>>,
}

impl Swapped {
    pub(super) fn new(producer: Handle) -> Arc<Self> {
        let feed = Mutex::new(Some(LocalFeed::new(producer)));
        let carried = Arc::default();
        Arc::new(Self { feed, carried })
    }

    pub(super) fn swap(&self, producer: Handle) {
        *self.feed.lock().unwrap() = Some(LocalFeed::new(producer));
    }

    /// The producer's process ends.
    pub(super) fn unplug(&self) {
        *self.feed.lock().unwrap() = None;
    }

    /// A bus brings these before anybody has asked the producer.
    pub(super) fn carry(&self, events: Vec<Envelope>) {
        self.carried.lock().unwrap().extend(events);
    }

    fn now(&self) -> Result<LocalFeed, Error> {
        let gone = || Error::ConnectionLost("nobody is there".into());
        self.feed.lock().unwrap().clone().ok_or_else(gone)
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
        Box::pin(async {
            let carried = Arc::clone(&self.carried);
            let wakes = watch::Sender::new(0);
            Ok(Box::new(Carrier { carried, wakes }) as Box<dyn Receiver>)
        })
    }
}

struct Carrier {
    carried: Arc<Mutex<Vec<Envelope>>>,
    wakes: watch::Sender<u64>,
}

impl Receiver for Carrier {
    fn receive(&mut self, _: u32) -> BoxFuture<'_, Result<Vec<Envelope>, Error>> {
        Box::pin(async { Ok(std::mem::take(&mut *self.carried.lock().unwrap())) })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.wakes.subscribe()
    }
}

/// The marks as the producer knows them, and as a feed gives them that only reads.
pub(super) async fn marks_of_both(producer: Handle, places: &[(u16, u64)]) -> (Marks, Marks) {
    let local = LocalFeed::new(producer.clone());
    let local = local.marks("counts", places).await.unwrap();
    let read = Swapped::new(producer);
    (local, read.marks("counts", places).await.unwrap())
}
