//! Applies a stream to a subscription: once, in order per key, without silent gaps.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::Subscription;
use super::cursor::{self, Cursors};
use super::handler::Failed;
use super::parked;
use crate::alert::{self, Alert};
use crate::failure::{Failure, guarded};
use crate::feed::{Feed, Receiver, Transport};
use crate::handle::Handle;
use crate::{Envelope, Error, Fate, Tx, crash};

/// Events in one transaction at the most. More does not pay: the transaction gets long.
const BATCH: u32 = 100;
/// Tries in direct succession before an event is parked.
const QUICK_TRIES: u32 = 3;
/// A handler that takes longer has failed; it holds the writer's turn.
const HANDLER_LIMIT: Duration = Duration::from_secs(30);

/// What a step has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Events were applied or parked; there may be more.
    Moved,
    /// There is nothing now.
    Idle,
}

/// One subscription's reader of one stream.
pub(crate) struct Reader {
    service: Handle,
    subscription: Arc<Subscription>,
    transport: Arc<dyn Transport>,
    feed: Arc<dyn Feed>,
    /// Gone after every fault, so that the next step starts from what is stored.
    state: Option<State>,
    created: bool,
}

struct State {
    cursors: Cursors,
    receiver: Box<dyn Receiver>,
    /// Slots that cannot go on, and why.
    stopped: BTreeMap<u16, Alert>,
}

impl Reader {
    pub(crate) fn new(
        service: Handle,
        subscription: Arc<Subscription>,
        transport: Arc<dyn Transport>,
        feed: Arc<dyn Feed>,
    ) -> Self {
        Self {
            service,
            subscription,
            transport,
            feed,
            state: None,
            created: false,
        }
    }

    /// Where to wait for more.
    pub(crate) fn wakes(&self) -> Option<tokio::sync::watch::Receiver<u64>> {
        self.state.as_ref().map(|state| state.receiver.wakes())
    }

    /// Receives what there is and applies it.
    pub(crate) async fn step(&mut self) -> Result<Progress, Failure> {
        let outcome = self.receive_and_apply().await;
        if outcome.is_err() {
            self.state = None;
        }
        match outcome {
            // Another instance was faster; its work counts as well as ours.
            Err(Stop::Overtaken) => Ok(Progress::Moved),
            Err(Stop::Failed(failure)) => Err(failure),
            Ok(progress) => Ok(progress),
        }
    }

    async fn receive_and_apply(&mut self) -> Result<Progress, Stop> {
        self.load().await?;
        let stream = self.subscription.stream.name;
        let Some(state) = &mut self.state else {
            return Ok(Progress::Idle);
        };
        let received = state.receiver.receive(BATCH).await?;
        let mut batch = state.accept(&*self.feed, stream, received).await?;
        if batch.is_empty() {
            batch = self.catch_up().await?;
        }
        if batch.is_empty() {
            return Ok(Progress::Idle);
        }
        crash::point("C0").await;
        self.apply(batch).await?;
        Ok(Progress::Moved)
    }

    async fn load(&mut self) -> Result<(), Error> {
        if self.state.is_some() {
            return Ok(());
        }
        let Subscription { name, stream, .. } = &*self.subscription;
        if !self.created {
            let mut tx = self.service.begin_own().await?;
            cursor::create(&mut tx, name, stream).await?;
            tx.commit().await?;
            self.created = true;
        }
        let cursors = cursor::load(&mut self.service.read().await?, name, stream).await?;
        let pairs: Vec<(u16, u64)> = cursors.iter().map(|(slot, last)| (*slot, *last)).collect();
        let receiver = self.transport.open(stream.name, &pairs).await?;
        let stopped = BTreeMap::new();
        self.state = Some(State {
            cursors,
            receiver,
            stopped,
        });
        Ok(())
    }

    /// Compares cursors with the producer's heads and fetches what no transport has brought.
    async fn catch_up(&mut self) -> Result<Vec<Envelope>, Error> {
        let Subscription { name, stream, .. } = &*self.subscription;
        let Some(state) = &mut self.state else {
            return Ok(Vec::new());
        };
        let heads: BTreeMap<u16, u64> = self.feed.heads(stream.name).await?.into_iter().collect();
        let mut batch = Vec::new();
        let mut stopped = BTreeMap::new();
        for (slot, cursor) in &state.cursors {
            let head = heads.get(slot).copied().unwrap_or(0);
            if *cursor > head {
                stopped.insert(*slot, Alert::ahead(name, stream.name, *slot, *cursor, head));
            } else if *cursor < head && batch.len() < BATCH as usize {
                let page = self.feed.read(stream.name, *slot, *cursor, BATCH).await?;
                let run = contiguous(*cursor, page.events);
                if run.is_empty() {
                    let alert = Alert::gap(name, stream.name, *slot, *cursor + 1, head);
                    stopped.insert(*slot, alert);
                }
                batch.extend(run);
            }
        }
        alert::replace(&self.service, &state.stopped, &stopped).await?;
        state.stopped = stopped;
        Ok(batch)
    }

    /// Applies a batch in as few transactions as its faults allow.
    async fn apply(&mut self, batch: Vec<Envelope>) -> Result<(), Stop> {
        let mut parts = VecDeque::from([batch]);
        let mut tries = 0;
        while let Some(mut part) = parts.pop_front() {
            let failed = match self.apply_part(&part).await {
                Ok(()) => continue,
                Err(PartError::Stop(stop)) => return Err(stop),
                Err(PartError::Failed(failed)) => failed,
            };
            if failed.failure.fate == Fate::Wait {
                return Err(Stop::Failed(failed.failure));
            }
            if part.len() == 1 {
                tries += 1;
                if failed.failure.fate == Fate::Retry && tries < QUICK_TRIES {
                    parts.push_front(part);
                    continue;
                }
                self.park(&part[0], &failed.failure, tries).await?;
                tries = 0;
                continue;
            }
            // No savepoints: they halve the rate of every batch, and faults are rare.
            // The one that failed is set apart; if it is not known which, halve.
            let middle = failed.index.unwrap_or(part.len() / 2).min(part.len() - 1);
            let after = part.split_off((middle + 1).min(part.len()));
            let at = part.split_off(if failed.index.is_some() {
                middle
            } else {
                part.len()
            });
            for piece in [after, at, part] {
                if !piece.is_empty() {
                    parts.push_front(piece);
                }
            }
        }
        Ok(())
    }

    /// One transaction: cursors, effects, and what queues up behind parked events.
    async fn apply_part(&mut self, part: &[Envelope]) -> Result<(), PartError> {
        let mut tx = self.service.begin_own().await?;
        let moved = self.advance(&mut tx, part).await?;
        crash::point("C1").await;
        let blocked = parked::blocked_keys(&mut tx, &self.subscription, part).await?;
        let mut free = Vec::with_capacity(part.len());
        let mut places = Vec::with_capacity(part.len());
        for (place, event) in part.iter().enumerate() {
            if blocked.contains(&event.key) {
                parked::queue_up(&mut tx, self.subscription.name, event).await?;
            } else {
                free.push(event);
                places.push(place);
            }
        }
        let handler = &self.subscription.handler;
        let mut failed_at = None;
        let work = async {
            handler.apply(&free, &mut tx).await.map_err(|failed| {
                failed_at = failed.index.and_then(|index| places.get(index).copied());
                failed.failure
            })
        };
        match guarded(self.service.clock(), HANDLER_LIMIT, work).await {
            Ok(0) => {}
            Ok(unknown) => {
                tracing::debug!(
                    subscription = self.subscription.name,
                    unknown,
                    "events of unknown types were skipped"
                );
            }
            Err(failure) => {
                let index = failed_at;
                return Err(PartError::Failed(Failed { index, failure }));
            }
        }
        crash::point("C2").await;
        tx.commit().await?;
        crash::point("C4").await;
        self.remember(moved);
        Ok(())
    }

    /// Moves the cursors of the part's slots, first in the transaction, so that an
    /// instance that comes second stops before it has worked.
    async fn advance(&mut self, tx: &mut Tx, part: &[Envelope]) -> Result<Cursors, Error> {
        let mut moved = Cursors::new();
        for event in part {
            moved.insert(event.id.slot, event.id.sequence);
        }
        let Subscription { name, stream, .. } = &*self.subscription;
        for (slot, new) in &moved {
            let state = self.state.as_ref().ok_or(Error::Overtaken)?;
            let old = state.cursors.get(slot).copied().unwrap_or(0);
            cursor::advance(tx, name, stream.name, *slot, (old, *new)).await?;
        }
        Ok(moved)
    }

    async fn park(&mut self, event: &Envelope, failure: &Failure, tries: u32) -> Result<(), Error> {
        let part = std::slice::from_ref(event);
        let mut tx = self.service.begin_own().await?;
        let moved = self.advance(&mut tx, part).await?;
        parked::park(&mut tx, self.subscription.name, event, failure, tries).await?;
        tx.commit().await?;
        self.remember(moved);
        tracing::warn!(
            subscription = self.subscription.name, event = %event.id, error = failure.error,
            "an event is parked; later events of its key wait behind it"
        );
        Ok(())
    }

    fn remember(&mut self, moved: Cursors) {
        if let Some(state) = &mut self.state {
            state.cursors.extend(moved);
        }
    }
}

impl State {
    /// Sorts out what arrived: duplicates are dropped, gaps filled from the feed.
    async fn accept(
        &mut self,
        feed: &dyn Feed,
        stream: &str,
        received: Vec<Envelope>,
    ) -> Result<Vec<Envelope>, Error> {
        let mut slots: BTreeMap<u16, Vec<Envelope>> = BTreeMap::new();
        for event in received {
            slots.entry(event.id.slot).or_default().push(event);
        }
        let mut batch = Vec::new();
        for (slot, mut events) in slots {
            let Some(&cursor) = self.cursors.get(&slot) else {
                continue;
            };
            events.retain(|event| event.id.sequence > cursor);
            let newest = events.iter().map(|event| event.id.sequence).max();
            let mut run = contiguous(cursor, events);
            let reached = run.last().map_or(cursor, |event| event.id.sequence);
            if newest.is_some_and(|newest| newest > reached) {
                let page = feed.read(stream, slot, reached, BATCH).await?;
                run.extend(contiguous(reached, page.events));
            }
            batch.extend(run);
        }
        Ok(batch)
    }
}

/// The events that directly follow the cursor, in order, each once.
fn contiguous(cursor: u64, mut events: Vec<Envelope>) -> Vec<Envelope> {
    events.sort_by_key(|event| event.id.sequence);
    events.dedup_by_key(|event| event.id.sequence);
    let mut next = cursor;
    events.retain(|event| {
        let follows = event.id.sequence == next + 1;
        next += u64::from(follows);
        follows
    });
    events
}

/// Why a step ended early.
enum Stop {
    Overtaken,
    Failed(Failure),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::Overtaken => Stop::Overtaken,
            other => Stop::Failed(Failure {
                // Whatever the store says here is not about an event: no attempt is counted.
                fate: Fate::Wait,
                error: crate::chain(&other),
            }),
        }
    }
}

enum PartError {
    Stop(Stop),
    Failed(Failed),
}

impl From<Error> for PartError {
    fn from(error: Error) -> Self {
        PartError::Stop(error.into())
    }
}
