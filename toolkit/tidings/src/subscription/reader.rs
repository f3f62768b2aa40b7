//! Applies a stream to a subscription: once, in order per key, without silent gaps.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Subscription;
use super::apply::{Applier, QUICK_TRIES};
use super::cursor::{self, Cursors, Move};
use super::intake::{Intake, Missing};
use super::marks::{self, Marks};
use super::patience::Patience;
use super::stop::{Progress, Stop};
use super::{pause, tries};
use crate::alert;
use crate::failure::{Failure, Hindered};
use crate::feed::{Feed, Transport};
use crate::handle::Handle;
use crate::instance::{Seat, View};
use crate::{Envelope, Error, EventId, Fate, Timestamp, crash, history};

/// After so many events at once it is likely that there are more.
const AHEAD: usize = 100;

/// How often a paused reader looks whether it may go on.
const RESUMED_EVERY: Duration = Duration::from_millis(500);

/// One subscription's reader of one stream.
pub(crate) struct Reader {
    service: Handle,
    subscription: Arc<Subscription>,
    applier: Applier,
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
    /// After a start, and after somebody has ended whose slots are read here now: it may have
    /// been of an event.
    careful: Option<Careful>,
    /// A new receiver has been opened; whoever waits must listen to that one.
    reopened: bool,
    /// An operator has paused it; when it looks again.
    paused: Option<Timestamp>,
}

/// Every batch is noted before it is applied, until all is applied that there was when this
/// began. So an event that ends the process (out of memory, abort) is in a batch that was noted,
/// at the latest when it has done so twice; and of such a batch every event is applied by
/// itself, each noted with how often.
#[derive(Default)]
struct Careful {
    /// Up to which numbers events were noted and not applied; none until it is read.
    suspects: Option<Cursors>,
    /// What there was; none until the producer has been asked.
    until: Option<Cursors>,
}

impl Careful {
    fn suspects(&self, event: &Envelope) -> bool {
        let suspects = self.suspects.as_ref();
        let last = suspects.and_then(|suspects| suspects.get(&event.id.slot));
        last.is_some_and(|last| event.id.sequence <= *last)
    }
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
            applier: Applier::new(service.clone(), Arc::clone(&subscription)),
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
            careful: Some(Careful::default()),
            reopened: false,
            paused: None,
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
    pub(crate) async fn step(&mut self) -> Result<Progress, Hindered> {
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
            Err(Stop::Paused) => {
                let next = self.service.now().plus(RESUMED_EVERY);
                self.paused = Some(next);
                Ok(Progress::Idle)
            }
            Err(Stop::Ground(error)) => Err(Hindered::Ground(error)),
            Err(Stop::Failed(failure)) => Err(Hindered::Work(failure.error)),
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
        if self.paused.is_some_and(|next| self.service.now() < next) {
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
            self.end_care();
            return Ok(Progress::Idle);
        }
        crash::point("C0").await;
        if self.careful.is_some() {
            self.apply_carefully(batch).await?;
            self.end_care();
        } else {
            self.apply(batch).await?;
        }
        let is_drained = self.intake.as_ref().is_some_and(Intake::is_drained);
        Ok(match is_drained {
            true => Progress::Drained,
            false => Progress::Moved,
        })
    }

    async fn load(&mut self) -> Result<(), Stop> {
        if self.intake.is_some() {
            return Ok(());
        }
        let Subscription { name, stream, .. } = &*self.subscription;
        if !self.has_cursors {
            history::make_cursors(&self.service, &self.subscription, &*self.feed).await?;
            self.has_cursors = true;
        }
        let mut conn = self.service.read().await?;
        if pause::of(&mut conn, name).await?.is_some() {
            return Err(Stop::Paused);
        }
        self.paused = None;
        let mut cursors = cursor::load(&mut conn, name, stream).await?;
        cursors.retain(|slot, _| self.share.contains(slot));
        let marks = Marks::load(&mut conn, name, stream)
            .await?
            .of_slots(&self.share);
        // The alerts about others' slots are theirs to open and to close.
        let mut stopped = alert::of_slots(&mut conn, name, stream.name).await?;
        stopped.retain(|slot, _| self.share.contains(slot));
        if let Some(careful) = &mut self.careful
            && careful.suspects.is_none()
        {
            let suspects = tries::suspects(&mut conn, &self.subscription, &cursors).await?;
            careful.suspects = Some(suspects);
        }
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
                if view.ends > self.ends {
                    self.careful = Some(Careful::default());
                }
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

    /// Applies a batch, and receives the next one meanwhile if it is likely that there is one.
    async fn apply(&mut self, batch: Vec<Envelope>) -> Result<(), Stop> {
        let Some(intake) = &mut self.intake else {
            return Err(Stop::Overtaken);
        };
        let cursors = intake.cursors.clone();
        let goes_on = batch.len() >= AHEAD;
        let ahead = async {
            match goes_on {
                true => intake.receive_ahead().await,
                false => Ok(()),
            }
        };
        let (applied, ahead) = tokio::join!(self.applier.apply(&cursors, batch), ahead);
        self.remember(&applied?);
        Ok(ahead?)
    }

    /// Applies what is suspected event by event, and the rest as ever, noted as a whole.
    async fn apply_carefully(&mut self, batch: Vec<Envelope>) -> Result<(), Stop> {
        let (suspected, rest): (Vec<_>, Vec<_>) = batch.into_iter().partition(|event| {
            self.careful
                .as_ref()
                .is_some_and(|care| care.suspects(event))
        });
        if !suspected.is_empty() {
            let (name, stream) = (self.subscription.name, self.subscription.stream.name);
            let slots = suspected.iter().map(|event| event.id.slot).collect();
            let applied = self.apply_one_by_one(suspected).await;
            // The process lives, so if anything has failed the ground is at fault and no event.
            tries::forget(&self.service, name, stream, &slots).await?;
            applied?;
        }
        if !rest.is_empty() {
            let mut noted = self.still_suspected();
            noted.extend(rest.iter().map(|event| (event.id.slot, event.id.sequence)));
            tries::begin(&self.service, &self.subscription, &self.share, &noted).await?;
            self.apply(rest).await?;
        }
        Ok(())
    }

    /// What is suspected and has not come yet.
    fn still_suspected(&self) -> Cursors {
        let suspects = self.careful.as_ref().and_then(|care| care.suspects.clone());
        let mut suspects = suspects.unwrap_or_default();
        let cursors = self.intake.as_ref().map(|intake| &intake.cursors);
        suspects.retain(|slot, last| {
            let cursor = cursors.and_then(|cursors| cursors.get(slot));
            cursor.is_some_and(|cursor| cursor < last)
        });
        suspects
    }

    /// Care is over when everything is applied that there was when it began, as far as it can be.
    fn end_care(&mut self) {
        let (Some(careful), Some(intake)) = (&mut self.careful, &self.intake) else {
            return;
        };
        if careful.until.is_none() {
            careful.until.clone_from(&intake.heads);
        }
        let Some(until) = &careful.until else {
            return;
        };
        let is_through = |(slot, cursor): (&u16, &u64)| {
            until.get(slot).is_none_or(|head| cursor >= head) || intake.stopped.contains_key(slot)
        };
        if intake.cursors.iter().all(is_through) {
            self.careful = None;
        }
    }

    async fn apply_one_by_one(&mut self, batch: Vec<Envelope>) -> Result<(), Stop> {
        let name = self.subscription.name;
        let mut through: Option<EventId> = None;
        for event in batch {
            let id = event.id.clone();
            let tries = tries::note(&self.service, name, &id, through.as_ref()).await?;
            through = Some(id);
            if tries <= QUICK_TRIES {
                self.apply(vec![event]).await?;
                continue;
            }
            let error = format!(
                "the process has ended {} times while it was applied",
                tries - 1
            );
            let fate = Fate::Retry;
            let failure = Failure { fate, error };
            let cursors = match &self.intake {
                Some(intake) => intake.cursors.clone(),
                None => return Err(Stop::Overtaken),
            };
            let parked = self.applier.park(&cursors, &event, &failure, tries).await?;
            self.remember(&parked);
        }
        Ok(())
    }

    fn remember(&mut self, moves: &[Move]) {
        if let Some(intake) = &mut self.intake {
            intake.remember(moves);
        }
    }
}
