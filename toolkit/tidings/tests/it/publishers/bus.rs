//! A bus in memory that writes down what it is given and can be away.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tidings::{Bus, Envelope, Error, Feed, Handle, LocalFeed, StreamInfo, Transport};

#[derive(Clone, Default)]
pub(super) struct ToyBus(Arc<State>);

#[derive(Default)]
struct State {
    taken: Mutex<Vec<Envelope>>,
    is_away: AtomicBool,
}

impl ToyBus {
    pub(super) fn as_bus(&self) -> Arc<dyn Bus> {
        Arc::new(self.clone())
    }

    pub(super) fn is_away(&self, is_away: bool) {
        self.0.is_away.store(is_away, SeqCst);
    }

    /// Every event it was given, in the order it came.
    pub(super) fn taken(&self) -> Vec<Envelope> {
        self.0.taken.lock().unwrap().clone()
    }

    /// What a broker that knows duplicates has kept.
    pub(super) fn first_of_each(&self) -> Vec<Envelope> {
        let mut seen = BTreeSet::new();
        let mut first = self.taken();
        first.retain(|event| seen.insert(event.id.clone()));
        first
    }

    /// What the producer's feed has, in the order in which it was taken.
    pub(super) async fn in_order(&self, producer: &Handle) -> Vec<Envelope> {
        let feed = LocalFeed::new(producer.clone());
        let mut all = Vec::new();
        for (slot, _) in feed.heads("counts").await.unwrap() {
            let page = feed.read("counts", slot, 0, 1000).await.unwrap();
            all.extend(page.events);
        }
        let order: Vec<_> = self.first_of_each();
        let place = |event: &Envelope| order.iter().position(|other| other.id == event.id);
        // Stable: slots keep the order of their numbers, so a bus that mixed them up differs.
        let mut of_slot = std::collections::BTreeMap::<u16, Vec<usize>>::new();
        for event in &all {
            let places = of_slot.entry(event.id.slot).or_default();
            places.push(place(event).unwrap());
        }
        assert!(of_slot.values().all(|places| places.is_sorted()));
        all.sort_by_key(place);
        all
    }
}

impl Bus for ToyBus {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn transport(&self) -> Arc<dyn Transport> {
        unimplemented!("nobody reads from it")
    }

    fn publish<'a>(
        &'a self,
        _: &'a StreamInfo,
        events: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            if self.0.is_away.load(SeqCst) {
                return Err(Error::Bus("nobody is at home".into()));
            }
            self.0.taken.lock().unwrap().extend_from_slice(events);
            Ok(())
        })
    }

    fn heads<'a>(&'a self, _: &'a StreamInfo) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        let places = self.taken().into_iter().map(|e| (e.id.slot, e.id.sequence));
        let heads: Vec<(u16, u64)> = places.collect();
        Box::pin(async { Ok(heads) })
    }

    fn forget<'a>(&'a self, _: &'a StreamInfo) -> BoxFuture<'a, Result<(), Error>> {
        self.0.taken.lock().unwrap().clear();
        Box::pin(async { Ok(()) })
    }
}
