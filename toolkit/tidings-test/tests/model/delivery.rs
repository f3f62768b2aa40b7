//! Handling: from a numbered list of events to effects in the subscriber's database.
//!
//! **The list** is one slot of one stream, as [`crate::numbering`] promises it: it only grows. The
//! feed can give any part of it at any time.
//!
//! **The bus** hands any event of the list to any instance at any moment, as often as it likes, or
//! never. That covers loss, duplication, delay and reordering without a budget for any of them.
//!
//! **An instance** of the subscription takes an event from the bus or polls the feed, reads the
//! cursor, and compares: duplicates are dropped, gaps are fetched from the feed. It runs the handlers
//! of a batch in a transaction; a batch that fails is tried again event by event. The transaction
//! holds effects and parked rows, claims the cursor with `UPDATE … WHERE sequence = :old` (which
//! waits for another open claim, and touches nothing if the cursor has moved), and commits. There are
//! two instances, and both believe that they own the slot.
//!
//! **Failures.** Some events may fail, at each try anew. After a few quick tries the event is parked
//! and the cursor moves on; later events of the key queue behind it. Either instance retries the
//! first parked event of a key, claiming its row; after a few more failures it is dead. A person may
//! have it retried, or discard it.
//!
//! **Crashes** may come at any moment: they undo the open transaction, free its locks, and forget
//! what the instance held in memory. A lost connection is the same to the database. A COMMIT whose
//! answer is lost is a crash after the commit.

mod instance;
mod parking;
mod properties;
mod tests;

use std::collections::BTreeMap;

use stateright::{Model, Property};

use crate::checking::Duties;

/// A number in the slot, from 1.
type Sequence = u8;

/// What an event is about. Effects of one key appear in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    A,
    B,
}

/// An event of the list, and whether its handler may fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    key: Key,
    may_fail: bool,
}

/// A shortcut that looks harmless.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flaw {
    /// Move the cursor without `AND sequence = :old`.
    UnconditionalCursor,
    /// Commit the effects first and the cursor in a transaction of its own.
    CursorApart,
    /// Apply what the bus brought even if numbers are missing before it.
    GapIgnored,
    /// Apply later events of a key although an earlier one is parked.
    NoQueueBehindParked,
    /// Remember which keys are parked instead of asking in the transaction.
    ParkedKeysCached,
    /// Retry a parked event without claiming its row.
    RetryUnclaimed,
}

/// The list, the limits, and how the system differs from the design, if it does.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    events: Vec<Event>,
    batch_max: u8,
    quick_tries: u8,
    retries: u8,
    crashes: u8,
    decisions: u8,
    flaw: Option<Flaw>,
}

/// What becomes of an event of the slot in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Fate {
    Applied,
    /// It failed.
    Parked,
    /// It waits behind a parked event of its key, untried.
    Queued,
}

/// What an open transaction is about to change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Work {
    /// The next events, and the cursor from `cursor` to the last of them.
    Advance {
        cursor: Sequence,
        first: Sequence,
        fates: Vec<Fate>,
    },
    /// A parked event that had failed so many times when it was read.
    Retry {
        event: Sequence,
        failures: u8,
        succeeds: bool,
    },
}

/// What an instance is doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    /// Has an event from the bus and has read the cursor.
    Compares {
        event: Sequence,
        cursor: Sequence,
    },
    /// Has the events `first..=last` in hand, the first of which failed so many times.
    Ready {
        cursor: Sequence,
        first: Sequence,
        last: Sequence,
        failures: u8,
    },
    /// Has read a parked event.
    ReadyToRetry {
        event: Sequence,
        failures: u8,
    },
    /// The handlers ran; nothing is claimed yet.
    Open(Work),
    /// The row that guards the work is locked and as it was read.
    Claimed(Work),
    /// The claim touched no row: somebody else was here first.
    LostRace,
    /// Committed, and does not know yet, or has not told anybody.
    Committed,
    Down {
        after_commit: bool,
    },
}

/// A row of the parked table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Parked {
    failures: u8,
    is_dead: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Instance {
    phase: Phase,
    /// What [`Flaw::ParkedKeysCached`] remembers; nobody else does.
    cached_keys: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// The last number that exists.
    head: Sequence,
    cursor: Sequence,
    /// Which events took effect, per key, in that order.
    effects: BTreeMap<Key, Vec<Sequence>>,
    parked: BTreeMap<Sequence, Parked>,
    discarded: Vec<Sequence>,
    instances: [Instance; 2],
    crashes_left: u8,
    decisions_left: u8,
}

/// One atomic step, of the instance with that index where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    NumberNextEvent,
    ReceiveFromBus(usize, Sequence),
    PollFeed(usize),
    DropDuplicate(usize),
    TakeNext(usize),
    FetchGap(usize),
    HandlersSucceed(usize),
    HandlerFails(usize),
    ReadParked(usize, Sequence),
    Claim(usize),
    RollBack(usize),
    Commit(usize),
    MoveOn(usize),
    Crash(usize),
    Restart(usize),
    DecideRetry(Sequence),
    DecideDiscard(Sequence),
}

impl Delivery {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn event(&self, sequence: Sequence) -> Event {
        self.events[usize::from(sequence) - 1]
    }
}

impl Model for Delivery {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let instance = Instance {
            phase: Phase::Idle,
            cached_keys: Vec::new(),
        };
        vec![State {
            head: 0,
            cursor: 0,
            effects: BTreeMap::new(),
            parked: BTreeMap::new(),
            discarded: Vec::new(),
            instances: [instance.clone(), instance],
            crashes_left: self.crashes,
            decisions_left: self.decisions,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if usize::from(state.head) < self.events.len() {
            actions.push(Action::NumberNextEvent);
        }
        for i in 0..state.instances.len() {
            self.instance_actions(state, i, actions);
        }
        self.person_actions(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::NumberNextEvent => next.head += 1,
            Action::DecideRetry(event) => next.decide_retry(event),
            Action::DecideDiscard(event) => next.decide_discard(event),
            Action::Commit(i) => self.commit(&mut next, i),
            Action::Crash(i) => next.crash(i),
            Action::HandlersSucceed(i) => self.handlers_succeed(&mut next, i),
            _ => self.move_instance(&mut next, action)?,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl Duties for Delivery {
    fn is_duty(action: &Action) -> bool {
        !matches!(
            action,
            Action::ReceiveFromBus(..)
                | Action::Crash(_)
                | Action::DecideRetry(_)
                | Action::DecideDiscard(_)
        )
    }
}
