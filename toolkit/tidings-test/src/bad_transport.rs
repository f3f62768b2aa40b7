//! A transport that loses, duplicates, delays and reorders.

use std::sync::Arc;
use std::time::Duration;

use tidings::{Envelope, Error, Receiver, Transport};
use tokio::sync::watch;

use crate::misbehaviour::Dice;

type Answer<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

pub(crate) struct BadTransport {
    pub(crate) inner: Arc<dyn Transport>,
    pub(crate) dice: Arc<Dice>,
}

struct BadReceiver {
    inner: Box<dyn Receiver>,
    dice: Arc<Dice>,
    late: Vec<Envelope>,
}

impl Transport for BadTransport {
    fn open<'a>(
        &'a self,
        stream: &'static str,
        cursors: &'a [(u16, u64)],
    ) -> Answer<'a, Box<dyn Receiver>> {
        Box::pin(async move {
            let receiver: Box<dyn Receiver> = Box::new(BadReceiver {
                inner: self.inner.open(stream, cursors).await?,
                dice: Arc::clone(&self.dice),
                late: Vec::new(),
            });
            Ok(receiver)
        })
    }

    fn patience(&self) -> Duration {
        self.inner.patience()
    }
}

impl Receiver for BadReceiver {
    fn receive(&mut self, limit: u32) -> Answer<'_, Vec<Envelope>> {
        Box::pin(async move {
            let mut delivered = std::mem::take(&mut self.late);
            let rules = *self.dice.rules();
            for event in self.inner.receive(limit).await? {
                if self.dice.falls(rules.lose, "lost") {
                    continue;
                }
                if self.dice.falls(rules.duplicate, "duplicated") {
                    self.late.push(event.clone());
                }
                if self.dice.falls(rules.delay, "delayed") {
                    self.late.push(event);
                } else {
                    delivered.push(event);
                }
            }
            if delivered.len() > 1 && self.dice.falls(rules.reorder, "reordered") {
                self.dice.shuffle(&mut delivered);
            }
            // Bad within the rules: no more at once than was asked for.
            let most = delivered.len().min(limit as usize);
            self.late.extend(delivered.split_off(most));
            Ok(delivered)
        })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.inner.wakes()
    }
}
