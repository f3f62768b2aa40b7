//! A transport as bad as one may be.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tidings::{Envelope, Error, LocalFeed, Receiver, Transport};
use tokio::sync::watch;

/// What it does to what it carries; each number is a pattern, one bit an event.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    pub(crate) lose: u64,
    pub(crate) repeat: u64,
    pub(crate) delay: u64,
    pub(crate) backwards: bool,
}

/// Loses, repeats, delays and reorders what the feed's own transport brings.
#[derive(Clone)]
pub(crate) struct BadTransport {
    good: LocalFeed,
    faults: Faults,
    carried: Arc<Mutex<u32>>,
}

impl BadTransport {
    pub(crate) fn new(good: LocalFeed, faults: Faults) -> Self {
        let carried = Arc::default();
        Self {
            good,
            faults,
            carried,
        }
    }
}

impl Transport for BadTransport {
    fn open<'a>(
        &'a self,
        stream: &'static str,
        cursors: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Box<dyn Receiver>, Error>> {
        Box::pin(async move {
            let receiver = BadReceiver {
                good: self.good.open(stream, cursors).await?,
                how: self.clone(),
                late: Vec::new(),
            };
            Ok(Box::new(receiver) as Box<dyn Receiver>)
        })
    }
}

struct BadReceiver {
    good: Box<dyn Receiver>,
    how: BadTransport,
    late: Vec<Envelope>,
}

impl Receiver for BadReceiver {
    fn receive(&mut self, limit: u32) -> BoxFuture<'_, Result<Vec<Envelope>, Error>> {
        Box::pin(async move {
            let mut given = std::mem::take(&mut self.late);
            let faults = self.how.faults;
            for event in self.good.receive(limit).await? {
                let place = {
                    let mut carried = self.how.carried.lock().unwrap();
                    *carried += 1;
                    *carried % 64
                };
                let happens = |pattern: u64| pattern >> place & 1 == 1;
                if happens(faults.repeat) {
                    given.push(event.clone());
                    self.late.push(event.clone());
                }
                if happens(faults.delay) {
                    self.late.push(event);
                } else if !happens(faults.lose) {
                    given.push(event);
                }
            }
            if faults.backwards {
                given.reverse();
            }
            Ok(given)
        })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.good.wakes()
    }
}
