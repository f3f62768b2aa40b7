//! Applies events: cursors, effects, and what queues up behind parked events, in one transaction.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tracing::Instrument;

use super::cursor::{self, Cursors, Move};
use super::handler::Failed;
use super::retried::{self, Failures};
use super::stop::{PartError, Stop, around};
use super::{Subscription, blocked, parked};
use crate::failure::{Failure, guarded};
use crate::handle::Handle;
use crate::meters::Consuming;
use crate::outbox::NewEvent;
use crate::spans::{self, Delivery};
use crate::{Dialect, Envelope, Error, Fate, Mask, Tx, crash};

/// Tries in direct succession before an event is parked.
pub(super) const QUICK_TRIES: u32 = 3;
/// A handler that takes longer has failed; it holds the writer's turn.
pub(super) const HANDLER_LIMIT: Duration = Duration::from_secs(30);
/// Lanes at once. SQLite has one writer, so one.
const LANES_MOST: usize = 4;
/// Events that make a lane worth its transaction.
const LANE: usize = 100;
/// After a fault in one of several lanes so many batches are applied in one.
const ALONE: u32 = 100;
/// Events in one transaction at the most. More does not pay: the transaction gets long.
const PART: usize = 250;

/// Applies the events of one subscription.
pub(super) struct Applier {
    service: Handle,
    subscription: Arc<Subscription>,
    meter: Arc<Consuming>,
    /// So many batches are still to be applied in one lane.
    alone: AtomicU32,
}

impl Applier {
    pub(super) fn new(service: Handle, subscription: Arc<Subscription>) -> Self {
        Self {
            meter: service
                .0
                .meters
                .of(subscription.name, subscription.stream.name),
            service,
            subscription,
            alone: AtomicU32::new(0),
        }
    }

    /// Applies a batch that begins at the cursors: what is of one slot in its order, and slots
    /// beside each other where there are many events. Says how far the cursors have come.
    pub(super) async fn apply(
        &self,
        cursors: &Cursors,
        batch: Vec<Envelope>,
    ) -> Result<Vec<Move>, Stop> {
        let beside: Vec<_> = (1..self.lanes(&batch))
            .map_while(|_| self.service.0.lanes.try_acquire().ok())
            .collect();
        let lanes = divide(batch, 1 + beside.len()).into_iter().map(|events| {
            let lane = Lane {
                applier: self,
                cursors: cursors.clone(),
                moves: Vec::new(),
            };
            lane.run(events)
        });
        // All are waited for: a transaction that is dropped in the middle costs its connection.
        let outcomes = join_all(lanes).await;
        if !beside.is_empty() && outcomes.iter().any(Result::is_err) {
            // Perhaps they wait for each other's rows in a circle.
            self.alone.store(ALONE, Ordering::Relaxed);
        }
        let mut moves = Vec::new();
        for outcome in outcomes {
            moves.extend(outcome?);
        }
        Ok(moves)
    }

    /// How many lanes these events are worth, of which no two have events of one slot.
    fn lanes(&self, batch: &[Envelope]) -> usize {
        let next = |left: u32| left.checked_sub(1);
        let alone = self
            .alone
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        match self.service.db().dialect() {
            Dialect::Postgres if alone.is_err() => {
                let slots: BTreeSet<u16> = batch.iter().map(|event| event.id.slot).collect();
                let most = slots.len().clamp(1, LANES_MOST);
                batch.len().div_ceil(LANE).clamp(1, most)
            }
            Dialect::Postgres | Dialect::Sqlite => 1,
        }
    }

    /// Puts an event off by itself, with all of its key that come later.
    pub(super) async fn park(
        &self,
        cursors: &Cursors,
        event: &Envelope,
        failure: &Failure,
        tries: u32,
    ) -> Result<Vec<Move>, Error> {
        let mut tx = self.service.begin_own().await?;
        let moves = self
            .advance(&mut tx, cursors, std::slice::from_ref(event))
            .await?;
        parked::park(&mut tx, self.subscription.name, event, failure, tries).await?;
        tx.commit().await?;
        let mask = Mask::of_stream(&self.service, &self.subscription.stream);
        let error = mask.text(&failure.error, &event.data);
        self.meter.consumed(1);
        let span = spans::park(self.service.name(), self.delivery(tries), event);
        span.in_scope(|| {
            tracing::warn!(
                error,
                "an event is parked; later events of its key wait behind it"
            );
        });
        Ok(moves)
    }

    /// Counts another failure of an event.
    fn failures(&self, before: Option<Failures>, failure: &Failure) -> Failures {
        let first_at = before.as_ref().map(|before| before.first_at);
        Failures {
            tries: before.map_or(0, |before| before.tries) + 1,
            error: failure.error.clone(),
            first_at: first_at.unwrap_or_else(|| self.service.now()),
        }
    }

    /// Tells whoever waits that an event cannot be applied; with that it is done.
    async fn answer(
        &self,
        cursors: &Cursors,
        event: &Envelope,
        answer: NewEvent,
    ) -> Result<Vec<Move>, Error> {
        let mut tx = self.service.begin_own().await?;
        let moves = self
            .advance(&mut tx, cursors, std::slice::from_ref(event))
            .await?;
        tx.add_event(answer);
        let span = spans::park(self.service.name(), self.delivery(0), event);
        tx.commit().instrument(span).await?;
        self.meter.consumed(1);
        Ok(moves)
    }

    fn delivery(&self, attempt: u32) -> Delivery {
        let subscription = self.subscription.name;
        Delivery {
            subscription,
            attempt,
        }
    }

    /// One transaction: cursors, effects, and what queues up behind parked events.
    ///
    /// An event that has failed before stands alone.
    async fn apply_part(
        &self,
        cursors: &Cursors,
        part: &[Envelope],
        failed: Option<&Failures>,
    ) -> Result<Vec<Move>, PartError> {
        let of = &*self.subscription;
        let begun = blocked::begin(&self.service, of, part).await?;
        let (mut tx, mut waiting) = begun.ok_or(Stop::Paused)?;
        let moves = self.advance(&mut tx, cursors, part).await?;
        if of.is_projection && tx.dialect() == Dialect::Postgres {
            let anew = blocked::anew(&mut tx, of, part).await?;
            waiting = anew.ok_or(Stop::Paused)?;
        }
        crash::point("C1").await;
        let mut free = Vec::with_capacity(part.len());
        let mut places = Vec::with_capacity(part.len());
        for (place, event) in part.iter().enumerate() {
            if waiting.contains(&event.key) {
                parked::queue_up(&mut tx, self.subscription.name, event).await?;
            } else {
                free.push(event);
                places.push(place);
            }
        }
        let tried = failed.map_or(0, |failed| failed.tries);
        tx.delivery = Some(self.delivery(tried + 1));
        self.call(&mut tx, &free, &places).await?;
        if let (Some(failed), [event]) = (failed, free.as_slice()) {
            let noted = retried::note(&mut tx, of.name, event, failed).await;
            // A transaction in which the handler has let something fail takes nothing more;
            // COMMIT tells of that, and whose fault it is.
            if let Err(error) = noted
                && error.is_transient()
            {
                return Err(error.into());
            }
        }
        crash::point("C2").await;
        // COMMIT may fail for what the handler did: a deferred rule, a statement whose
        // failure it kept to itself. Only the ground's faults are nobody's.
        if let Err(error) = tx.commit().await {
            return Err(if error.is_transient() {
                error.into()
            } else {
                PartError::Failed(Failed {
                    index: None,
                    failure: error.into(),
                    answer: None,
                })
            });
        }
        crash::point("C4").await;
        self.meter.consumed(part.len());
        Ok(moves)
    }

    /// Calls the handler; `places` says which events of the part these are.
    async fn call(
        &self,
        tx: &mut Tx,
        events: &[&Envelope],
        places: &[usize],
    ) -> Result<(), PartError> {
        let handler = &self.subscription.handler;
        let mut failed_at = None;
        let mut answer = None;
        let work = async {
            handler.apply(events, tx).await.map_err(|failed| {
                failed_at = failed.index.and_then(|index| places.get(index).copied());
                answer = failed.answer;
                failed.failure
            })
        };
        let began = self.service.now();
        let outcome = guarded(self.service.clock().sleep(HANDLER_LIMIT), work).await;
        self.meter.processed(self.service.now().since(began));
        let unknown = outcome.map_err(|failure| {
            PartError::Failed(Failed {
                index: failed_at,
                failure,
                answer,
            })
        })?;
        if unknown > 0 {
            tracing::debug!(
                subscription = self.subscription.name,
                unknown,
                "events of unknown types were skipped"
            );
        }
        Ok(())
    }

    /// Moves the cursors of the part's slots, first in the transaction, so that an
    /// instance that comes second stops before it has worked.
    async fn advance(
        &self,
        tx: &mut Tx,
        cursors: &Cursors,
        part: &[Envelope],
    ) -> Result<Vec<Move>, Error> {
        let last: BTreeMap<u16, &Envelope> =
            part.iter().map(|event| (event.id.slot, event)).collect();
        let Subscription { name, stream, .. } = &*self.subscription;
        let moves = last.into_iter().map(|(slot, event)| Move {
            slot,
            old: cursors.get(&slot).copied().unwrap_or(0),
            new: event.id.sequence,
            mark: event.mark(),
        });
        let moves: Vec<Move> = moves.collect();
        cursor::advance(tx, name, stream.name, &moves).await?;
        Ok(moves)
    }
}

/// Some of the slots of a batch, applied beside the others.
struct Lane<'a> {
    applier: &'a Applier,
    cursors: Cursors,
    moves: Vec<Move>,
}

impl Lane<'_> {
    /// Applies the events in as few transactions as their faults allow.
    async fn run(mut self, events: Vec<Envelope>) -> Result<Vec<Move>, Stop> {
        let mut parts = in_parts(events);
        let mut before: Option<Failures> = None;
        while let Some(part) = parts.pop_front() {
            let applied = self
                .applier
                .apply_part(&self.cursors, &part, before.as_ref());
            let failed = match applied.await {
                Ok(moves) => {
                    self.remember(moves);
                    before = None;
                    continue;
                }
                Err(PartError::Stop(stop)) => return Err(stop),
                Err(PartError::Failed(failed)) => failed,
            };
            if failed.failure.fate == Fate::Wait {
                return Err(Stop::Failed(failed.failure));
            }
            if part.len() == 1 {
                let so_far = self.applier.failures(before.take(), &failed.failure);
                if failed.failure.fate == Fate::Retry && so_far.tries < QUICK_TRIES {
                    before = Some(so_far);
                    parts.push_front(part);
                    continue;
                }
                self.set_aside(&part[0], failed, so_far.tries).await?;
                continue;
            }
            // No savepoints: they halve the rate of every batch, and faults are rare.
            for piece in around(part, failed.index).into_iter().rev() {
                parts.push_front(piece);
            }
        }
        Ok(self.moves)
    }

    async fn set_aside(
        &mut self,
        event: &Envelope,
        failed: Failed,
        tries: u32,
    ) -> Result<(), Error> {
        let (applier, cursors) = (self.applier, &self.cursors);
        let moves = match failed.answer {
            Some(answer) => applier.answer(cursors, event, *answer).await?,
            None => applier.park(cursors, event, &failed.failure, tries).await?,
        };
        self.remember(moves);
        Ok(())
    }

    fn remember(&mut self, moves: Vec<Move>) {
        self.cursors
            .extend(moves.iter().map(|one| (one.slot, one.new)));
        self.moves.extend(moves);
    }
}

/// Divides a batch by slots, which are given to the lanes in turn; so none is without any where
/// there are as many slots.
fn divide(batch: Vec<Envelope>, count: usize) -> Vec<Vec<Envelope>> {
    let mut lanes = vec![Vec::new(); count];
    let mut lane_of = BTreeMap::new();
    for event in batch {
        let next = lane_of.len() % count;
        let lane = *lane_of.entry(event.id.slot).or_insert(next);
        lanes[lane].push(event);
    }
    lanes
}

fn in_parts(mut events: Vec<Envelope>) -> VecDeque<Vec<Envelope>> {
    let mut parts = VecDeque::new();
    while events.len() > PART {
        let rest = events.split_off(PART);
        parts.push_back(std::mem::replace(&mut events, rest));
    }
    parts.push_back(events);
    parts
}
