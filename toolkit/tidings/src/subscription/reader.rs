//! Applies a stream to a subscription: once, in order per key, without silent gaps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Subscription;
use super::cursor::{self, Move};
use super::handler::Failed;
use super::intake::{Intake, Missing};
use super::marks::{self, Marks};
use super::patience::Patience;
use super::stop::{PartError, Progress, Stop, around};
use super::{parked, tries};
use crate::alert;
use crate::failure::{Failure, guarded};
use crate::feed::{Feed, Transport};
use crate::handle::Handle;
use crate::instance::{Seat, View};
use crate::outbox::NewEvent;
use crate::{Envelope, Error, Fate, Tx, crash, history};

/// Tries in direct succession before an event is parked.
const QUICK_TRIES: u32 = 3;
/// A handler that takes longer has failed; it holds the writer's turn.
const HANDLER_LIMIT: Duration = Duration::from_secs(30);

/// One subscription's reader of one stream.
pub(crate) struct Reader {
    service: Handle,
    subscription: Arc<Subscription>,
    transport: Arc<dyn Transport>,
    feed: Arc<dyn Feed>,
    seat: Seat,
    /// The slots that this instance reads, by the last view it has looked at.
    share: BTreeSet<u16>,
    view: Option<u64>,
    /// Instances that had ended when slots were last taken over.
    ends: u64,
    has_cursors: bool,
    /// Gone after every fault, so that the next step starts from what is stored.
    intake: Option<Intake>,
    /// Until the first batch is through, after a start and after somebody has ended whose slots
    /// are read here now: it may have been of that batch.
    careful: bool,
    /// A new receiver has been opened; whoever waits must listen to that one.
    reopened: bool,
}

impl Reader {
    pub(crate) fn new(
        service: Handle,
        subscription: Arc<Subscription>,
        transport: Arc<dyn Transport>,
        feed: Arc<dyn Feed>,
        seat: Seat,
    ) -> Self {
        Self {
            service,
            subscription,
            transport,
            feed,
            seat,
            share: BTreeSet::new(),
            view: None,
            ends: 0,
            has_cursors: false,
            intake: None,
            careful: true,
            reopened: false,
        }
    }

    /// Whether a new receiver was opened since the last call.
    pub(crate) fn take_reopened(&mut self) -> bool {
        std::mem::take(&mut self.reopened)
    }

    /// Where to wait for more.
    pub(crate) fn wakes(&self) -> Option<tokio::sync::watch::Receiver<u64>> {
        self.intake.as_ref().map(|state| state.receiver.wakes())
    }

    /// Rises when other slots may be this instance's.
    pub(crate) fn views(&self) -> tokio::sync::watch::Receiver<u64> {
        self.seat.views()
    }

    /// Receives what there is and applies it.
    pub(crate) async fn step(&mut self) -> Result<Progress, Failure> {
        let outcome = self.receive_and_apply().await;
        if outcome.is_err() {
            self.intake = None;
        }
        match outcome {
            // Another instance was faster; its work counts as well as ours.
            Err(Stop::Overtaken) => {
                self.service.0.conflicts.fetch_add(1, Ordering::Relaxed);
                Ok(Progress::Moved)
            }
            Err(Stop::Failed(failure)) => Err(failure),
            Ok(progress) => Ok(progress),
        }
    }

    async fn receive_and_apply(&mut self) -> Result<Progress, Stop> {
        // Held to the end of the step, so that no slot is handed over in the middle of it.
        let sitting = self.seat.sit().await?;
        self.take_share(&sitting.view);
        if self.share.is_empty() {
            return Ok(Progress::Idle);
        }
        self.load().await?;
        let stream = self.subscription.stream.name;
        let Some(intake) = &mut self.intake else {
            return Ok(Progress::Idle);
        };
        let looks_first = intake.must_look();
        let mut batch = intake.receive(&*self.feed, stream).await?;
        if batch.is_empty() && intake.may_look(self.service.now()) {
            batch = self.catch_up().await?;
        }
        if let (true, true, Some(intake)) = (looks_first, batch.is_empty(), &mut self.intake) {
            batch = intake.receive(&*self.feed, stream).await?;
        }
        if batch.is_empty() {
            return Ok(Progress::Idle);
        }
        crash::point("C0").await;
        if self.careful {
            self.apply_carefully(batch).await?;
        } else {
            self.apply(batch).await?;
        }
        Ok(Progress::Moved)
    }

    async fn load(&mut self) -> Result<(), Error> {
        if self.intake.is_some() {
            return Ok(());
        }
        let Subscription { name, stream, .. } = &*self.subscription;
        if !self.has_cursors {
            history::make_cursors(&self.service, &self.subscription, &*self.feed).await?;
            self.has_cursors = true;
        }
        let mut conn = self.service.read().await?;
        let mut cursors = cursor::load(&mut conn, name, stream).await?;
        cursors.retain(|slot, _| self.share.contains(slot));
        let marks = Marks::load(&mut conn, name, stream)
            .await?
            .of_slots(&self.share);
        // The alerts about others' slots are theirs to open and to close.
        let mut stopped = alert::of_slots(&mut conn, name, stream.name).await?;
        stopped.retain(|slot, _| self.share.contains(slot));
        drop(conn);
        let pairs: Vec<(u16, u64)> = cursors.iter().map(|(slot, last)| (*slot, *last)).collect();
        let receiver = self.transport.open(stream.name, &pairs).await?;
        let patience = Patience::new(self.transport.patience());
        self.intake = Some(Intake::new(cursors, marks, receiver, stopped, patience));
        self.reopened = true;
        Ok(())
    }

    /// Makes the slots that the view gives this instance its own.
    fn take_share(&mut self, view: &View) {
        if self.view == Some(view.version) {
            return;
        }
        self.view = Some(view.version);
        let Subscription { name, stream, .. } = &*self.subscription;
        let has = |slot: &u16| view.has(name, stream.name, *slot);
        let share: BTreeSet<u16> = (0..stream.slots).filter(has).collect();
        if share != self.share {
            if !share.is_subset(&self.share) {
                self.careful |= view.ends > self.ends;
                self.ends = view.ends;
            }
            self.share = share;
            self.intake = None;
        }
    }

    /// Fetches what no transport has brought, and tells of what nobody can give.
    async fn catch_up(&mut self) -> Result<Vec<Envelope>, Error> {
        let Subscription { name, stream, .. } = &*self.subscription;
        let Some(intake) = &mut self.intake else {
            return Ok(Vec::new());
        };
        if intake.waits_for_a_person() {
            let mut conn = self.service.read().await?;
            let mut open = alert::of_slots(&mut conn, name, stream.name).await?;
            open.retain(|slot, _| intake.cursors.contains_key(slot));
            if !intake.agrees_on_who_waits(&open) {
                // A person has decided: begin again from what is stored.
                return Err(Error::Overtaken);
            }
        }
        let missing = intake
            .missing(&*self.feed, name, stream.name, self.service.now())
            .await?;
        let Missing {
            batch,
            stopped,
            found,
        } = missing;
        if !found.is_empty() {
            let mut tx = self.service.begin_own().await?;
            marks::adopt(&mut tx, name, stream.name, &found).await?;
            tx.commit().await?;
        }
        alert::replace(&self.service, &intake.stopped, &stopped).await?;
        intake.stopped = stopped;
        Ok(batch)
    }

    /// Applies the first batch after a start one by one, each noted before it is tried: an
    /// event that ends the process (out of memory, abort) would otherwise end it for ever,
    /// and hold up every key of its slot.
    async fn apply_carefully(&mut self, batch: Vec<Envelope>) -> Result<(), Stop> {
        let slots: BTreeSet<u16> = batch.iter().map(|event| event.id.slot).collect();
        for event in batch {
            let tries = tries::note(&self.service, self.subscription.name, &event.id).await?;
            if tries > QUICK_TRIES {
                let error = format!(
                    "the process has ended {} times while it was applied",
                    tries - 1
                );
                let fate = Fate::Retry;
                self.park(&event, &Failure { fate, error }, tries).await?;
            } else if let Err(stop) = self.apply(vec![event]).await {
                // The process lives, so the ground is at fault and not the event.
                self.forget_tries(&slots).await?;
                return Err(stop);
            }
        }
        self.forget_tries(&slots).await?;
        self.careful = false;
        Ok(())
    }

    async fn forget_tries(&mut self, slots: &BTreeSet<u16>) -> Result<(), Error> {
        let Subscription { name, stream, .. } = &*self.subscription;
        tries::forget(&self.service, name, stream.name, slots).await
    }

    /// Applies a batch in as few transactions as its faults allow.
    async fn apply(&mut self, batch: Vec<Envelope>) -> Result<(), Stop> {
        let mut parts = VecDeque::from([batch]);
        let mut tries = 0;
        while let Some(part) = parts.pop_front() {
            let failed = match self.apply_part(&part).await {
                Ok(()) => {
                    tries = 0;
                    continue;
                }
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
                match failed.answer {
                    Some(answer) => self.answer(&part[0], *answer).await?,
                    None => self.park(&part[0], &failed.failure, tries).await?,
                }
                tries = 0;
                continue;
            }
            // No savepoints: they halve the rate of every batch, and faults are rare.
            for piece in around(part, failed.index).into_iter().rev() {
                parts.push_front(piece);
            }
        }
        Ok(())
    }

    /// One transaction: cursors, effects, and what queues up behind parked events.
    async fn apply_part(&mut self, part: &[Envelope]) -> Result<(), PartError> {
        let mut tx = self.service.begin_own().await?;
        let moves = self.advance(&mut tx, part).await?;
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
        let mut answer = None;
        let work = async {
            handler.apply(&free, &mut tx).await.map_err(|failed| {
                failed_at = failed.index.and_then(|index| places.get(index).copied());
                answer = failed.answer;
                failed.failure
            })
        };
        match guarded(self.service.clock().sleep(HANDLER_LIMIT), work).await {
            Ok(0) => {}
            Ok(unknown) => {
                tracing::debug!(
                    subscription = self.subscription.name,
                    unknown,
                    "events of unknown types were skipped"
                );
            }
            Err(failure) => {
                return Err(PartError::Failed(Failed {
                    index: failed_at,
                    failure,
                    answer,
                }));
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
        self.remember(&moves);
        Ok(())
    }

    /// Moves the cursors of the part's slots, first in the transaction, so that an
    /// instance that comes second stops before it has worked.
    async fn advance(&mut self, tx: &mut Tx, part: &[Envelope]) -> Result<Vec<Move>, Error> {
        let last: BTreeMap<u16, &Envelope> =
            part.iter().map(|event| (event.id.slot, event)).collect();
        let Subscription { name, stream, .. } = &*self.subscription;
        let state = self.intake.as_ref().ok_or(Error::Overtaken)?;
        let moves = last.into_iter().map(|(slot, event)| Move {
            slot,
            old: state.cursors.get(&slot).copied().unwrap_or(0),
            new: event.id.sequence,
            mark: event.mark(),
        });
        let moves: Vec<Move> = moves.collect();
        cursor::advance(tx, name, stream.name, &moves).await?;
        Ok(moves)
    }

    async fn park(&mut self, event: &Envelope, failure: &Failure, tries: u32) -> Result<(), Error> {
        let part = std::slice::from_ref(event);
        let mut tx = self.service.begin_own().await?;
        let moves = self.advance(&mut tx, part).await?;
        parked::park(&mut tx, self.subscription.name, event, failure, tries).await?;
        tx.commit().await?;
        self.remember(&moves);
        tracing::warn!(
            subscription = self.subscription.name, event = %event.id, error = failure.error,
            "an event is parked; later events of its key wait behind it"
        );
        Ok(())
    }

    /// Tells whoever waits that an event cannot be applied; with that it is done.
    async fn answer(&mut self, event: &Envelope, answer: NewEvent) -> Result<(), Error> {
        let part = std::slice::from_ref(event);
        let mut tx = self.service.begin_own().await?;
        let moves = self.advance(&mut tx, part).await?;
        tx.add_event(answer);
        tx.commit().await?;
        self.remember(&moves);
        Ok(())
    }

    fn remember(&mut self, moves: &[Move]) {
        if let Some(intake) = &mut self.intake {
            intake.remember(moves);
        }
    }
}
