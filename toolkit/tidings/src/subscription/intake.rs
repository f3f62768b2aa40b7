//! What comes in: sorted out, completed from the feed, and what nobody can give.

use std::collections::BTreeMap;

use super::cursor::{Cursors, Move};
use super::marks::{Compared, Marks};
use super::patience::Patience;
use crate::alert::{AHEAD, Alert, GONE};
use crate::feed::{Feed, FeedPage, Receiver, Standing};
use crate::{Envelope, Error, Marked, Timestamp};

/// Events received at once at the most.
const BATCH: u32 = 500;
/// Receiving without a look at the producer's heads. A transport that always has something
/// for one slot must not hide for ever that it has lost the last event of another.
const UNCHECKED_MAX: u32 = 16;

/// What the producer has beyond the cursors.
pub(super) struct Missing {
    /// What comes next.
    pub(super) batch: Vec<Envelope>,
    /// The slots that cannot go on, and why.
    pub(super) stopped: BTreeMap<u16, Alert>,
    /// Marks that were not known before.
    pub(super) found: Vec<Marked>,
}

pub(super) struct Intake {
    pub(super) cursors: Cursors,
    marks: Marks,
    pub(super) receiver: Box<dyn Receiver>,
    /// What was received while something else was applied.
    ahead: Vec<Envelope>,
    /// What was given last is all that the receiver gave: nothing had to be asked of the feed,
    /// which gives no more than a page at a time.
    is_plain: bool,
    /// Slots that cannot go on, and why.
    pub(super) stopped: BTreeMap<u16, Alert>,
    unchecked: u32,
    patience: Patience,
    /// What the producer had when it was last asked.
    pub(super) heads: Option<Cursors>,
}

impl Intake {
    pub(super) fn new(
        cursors: Cursors,
        marks: Marks,
        receiver: Box<dyn Receiver>,
        stopped: BTreeMap<u16, Alert>,
        patience: Patience,
    ) -> Self {
        Self {
            cursors,
            marks,
            receiver,
            ahead: Vec::new(),
            is_plain: false,
            stopped,
            // The first look is at the heads: once a producer that went back in time has
            // passed our cursor again, nobody can tell any more.
            unchecked: UNCHECKED_MAX,
            patience,
            heads: None,
        }
    }

    /// Whether the next look must be at the heads, whatever has arrived.
    pub(super) fn must_look(&self) -> bool {
        self.unchecked >= UNCHECKED_MAX
    }

    /// Whether it is worth looking at the heads when nothing has arrived.
    pub(super) fn may_look(&self, now: Timestamp) -> bool {
        self.must_look() || self.patience.allows_a_look(now)
    }

    /// What has arrived and comes next; nothing when it is time to look at the heads.
    pub(super) async fn receive(
        &mut self,
        feed: &dyn Feed,
        stream: &str,
    ) -> Result<Vec<Envelope>, Error> {
        if self.must_look() {
            return Ok(Vec::new());
        }
        self.unchecked += 1;
        let mut received = std::mem::take(&mut self.ahead);
        if received.is_empty() {
            received = self.receiver.receive(BATCH).await?;
        }
        self.is_plain = true;
        self.accept(feed, stream, received).await
    }

    /// Whether nothing more is there until the receiver wakes us.
    pub(super) fn is_drained(&self) -> bool {
        self.is_plain && self.ahead.is_empty() && self.receiver.is_drained()
    }

    /// Receives what the next [`Intake::receive`] gives, while what came before is applied.
    pub(super) async fn receive_ahead(&mut self) -> Result<(), Error> {
        if self.ahead.is_empty() {
            self.ahead = self.receiver.receive(BATCH).await?;
        }
        Ok(())
    }

    /// Drops duplicates and fills gaps from the feed.
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
            if self.slot_went_back(slot) {
                continue;
            }
            events.retain(|event| event.id.sequence > cursor);
            let newest = events.iter().map(|event| event.id.sequence).max();
            let mut run = contiguous(cursor, events);
            let reached = run.last().map_or(cursor, |event| event.id.sequence);
            if newest.is_some_and(|newest| newest > reached) {
                self.is_plain = false;
                let page = feed.read(stream, slot, reached, BATCH).await?;
                run.extend(complete(reached, page));
            }
            batch.extend(run);
        }
        Ok(batch)
    }

    /// Compares cursors with the producer's heads: what the feed gives of the difference,
    /// and the slots of which it gives nothing.
    pub(super) async fn missing(
        &mut self,
        feed: &dyn Feed,
        subscription: &str,
        stream: &str,
        now: Timestamp,
    ) -> Result<Missing, Error> {
        self.unchecked = 0;
        self.is_plain = false;
        self.patience.looks(now);
        let Standing { run, heads } = feed.standing(stream).await?;
        let heads: Cursors = heads.into_iter().collect();
        self.heads = Some(heads.clone());
        let Compared { other, found } = self.compare(feed, stream, run, &heads).await?;
        let mut batch = Vec::new();
        let mut stopped = BTreeMap::new();
        for (&slot, &cursor) in &self.cursors {
            let head = heads.get(&slot).copied().unwrap_or(0);
            let is_over = self.patience.is_over(slot, cursor, head, now);
            let waits = batch.len() >= BATCH as usize || !is_over;
            if cursor > head && !self.slot_went_back(slot) {
                stopped.insert(slot, Alert::ahead(subscription, stream, slot, cursor, head));
            } else if let Some((ours, theirs)) = other.get(&slot)
                && !self.slot_went_back(slot)
            {
                let alert = Alert::rewritten(subscription, stream, *ours, *theirs, head);
                stopped.insert(slot, alert);
            } else if self.slot_went_back(slot) || (waits && cursor < head) {
                // Nothing new is known about it: what went back stays stopped, also when
                // the producer has passed the cursor with other events of the same numbers.
                stopped.extend(self.stopped.get(&slot).map(|alert| (slot, alert.clone())));
            } else if cursor < head {
                let page = feed.read(stream, slot, cursor, BATCH).await?;
                let gone = page.gone;
                let run = complete(cursor, page);
                if gone > cursor {
                    let alert = Alert::gone(subscription, stream, slot, cursor + 1, gone);
                    stopped.insert(slot, alert);
                } else if run.is_empty() {
                    let alert = Alert::gap(subscription, stream, slot, cursor + 1, head);
                    stopped.insert(slot, alert);
                }
                batch.extend(run);
            }
        }
        Ok(Missing {
            batch,
            stopped,
            found,
        })
    }

    /// Compares marks with the producer's when that is due. One slot that went back is reason
    /// enough: others may have been written past their cursors since.
    async fn compare(
        &mut self,
        feed: &dyn Feed,
        stream: &str,
        run: Option<u64>,
        heads: &BTreeMap<u16, u64>,
    ) -> Result<Compared, Error> {
        let went_back = self.cursors.iter().any(|(slot, cursor)| {
            let head = heads.get(slot).copied().unwrap_or(0);
            *cursor > head && !self.slot_went_back(*slot)
        });
        if went_back || self.marks.is_due(run) {
            return self.marks.compare(feed, stream, &self.cursors, run).await;
        }
        self.marks.are_of(run);
        Ok(Compared::default())
    }

    /// Notes what was applied.
    pub(super) fn remember(&mut self, moves: &[Move]) {
        self.cursors
            .extend(moves.iter().map(|one| (one.slot, one.new)));
        self.marks.remember(moves);
    }

    /// Whether a person must decide about any slot: its producer has gone back in time, or no
    /// longer has what comes next.
    pub(super) fn waits_for_a_person(&self) -> bool {
        self.stopped.values().any(waits_for_a_person)
    }

    /// Whether these alerts name the same slots.
    pub(super) fn agrees_on_who_waits(&self, open: &BTreeMap<u16, Alert>) -> bool {
        let slots = |alerts: &BTreeMap<u16, Alert>| -> Vec<u16> {
            let waiting = alerts.iter().filter(|(_, alert)| waits_for_a_person(alert));
            waiting.map(|(slot, _)| *slot).collect()
        };
        slots(&self.stopped) == slots(open)
    }

    fn slot_went_back(&self, slot: u16) -> bool {
        self.stopped
            .get(&slot)
            .is_some_and(|alert| alert.kind == AHEAD)
    }
}

fn waits_for_a_person(alert: &Alert) -> bool {
    alert.kind == AHEAD || alert.kind == GONE
}

/// What of a page comes after the cursor: with holes up to where the page is complete, and
/// without any behind it. Nothing when what comes next was deleted by age.
fn complete(cursor: u64, page: FeedPage) -> Vec<Envelope> {
    if page.gone > cursor {
        return Vec::new();
    }
    let (mut run, behind): (Vec<_>, Vec<_>) = page
        .events
        .into_iter()
        .filter(|event| event.id.sequence > cursor)
        .partition(|event| event.id.sequence <= page.covered);
    run.sort_by_key(|event| event.id.sequence);
    run.dedup_by_key(|event| event.id.sequence);
    run.extend(contiguous(page.covered.max(cursor), behind));
    run
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
