//! The carriers that need nothing: the feed within a process, and any carrier made bad.

use std::sync::{Arc, Mutex, PoisonError};

use tidings::{Cause, Installation, LocalFeed, Setup};

use super::carrier::{Carrier, Disturbance, Doing, Route};
use super::letters::PRODUCER;
use crate::bad_transport::BadTransport;
use crate::misbehaviour::{Dice, Misbehaviour};

/// The feed of a producer in the same process: the transport that needs no broker.
#[derive(Default)]
pub struct InProcess(Mutex<Option<LocalFeed>>);

impl Carrier for InProcess {
    fn carry<'a>(&'a self, producer: &'a Installation) -> Doing<'a, Result<(), Cause>> {
        Box::pin(async move {
            let producer = producer.handle(PRODUCER).ok_or("find the producer")?;
            let mut feed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *feed = Some(LocalFeed::new(producer));
            Ok(())
        })
    }

    fn route(&self) -> Result<Route, Cause> {
        let feed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = feed.clone().ok_or("carry a producer first")?;
        Ok(Route::new(feed.clone(), feed))
    }
}

/// Another carrier, whose transport loses, duplicates, delays and reorders by a seed.
///
/// It passes every case too: whatever is bad within the rules ends in order.
pub struct Misbehaving<C> {
    inner: C,
    dice: Arc<Dice>,
}

impl<C: Carrier> Misbehaving<C> {
    /// This carrier made bad. Crashes are no part of it.
    #[must_use]
    pub fn new(inner: C, seed: u64, rules: Misbehaviour) -> Self {
        let dice = Dice::new(seed, rules);
        Self { inner, dice }
    }
}

impl<C: Carrier> Carrier for Misbehaving<C> {
    fn prepare(&self, producer: Setup) -> Setup {
        self.inner.prepare(producer)
    }

    fn carry<'a>(&'a self, producer: &'a Installation) -> Doing<'a, Result<(), Cause>> {
        self.inner.carry(producer)
    }

    fn leave(&self) -> Doing<'_, ()> {
        self.inner.leave()
    }

    fn route(&self) -> Result<Route, Cause> {
        let Route { feed, transport } = self.inner.route()?;
        let dice = Arc::clone(&self.dice);
        let inner = transport;
        Ok(Route::shared(feed, Arc::new(BadTransport { inner, dice })))
    }

    fn is_complete(&self) -> bool {
        false
    }

    fn disturb(&self, how: Disturbance) -> Doing<'_, Result<(), Cause>> {
        self.inner.disturb(how)
    }
}
