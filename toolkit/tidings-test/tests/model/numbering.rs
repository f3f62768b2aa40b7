//! Publishing and numbering on PostgreSQL: from a transaction to a number in a slot.
//!
//! **The database.** A transaction is given its `xid` at its first write, which is either a write of
//! the business change or the insertion of its first event. Insertion ids come from a sequence, one
//! at a time, and are not given back by an abort. Rows become visible, all at once, when the
//! transaction commits; its locks are let go a moment later. A snapshot is what
//! `pg_current_snapshot()` returns: `xmax` is the latest *completed* xid plus one, `xip` the xids
//! below it that still run. The sequencer's own transactions take xids too.
//!
//! **A producer** runs its transactions one after another. Each publishes a few events as its last
//! statement: a lock per distinct key in sorted order, then the rows, then COMMIT. It may abort
//! at any point, which is also what becomes of it if its process dies.
//!
//! **The sequencer.** Two processes want to be it; the lock on the tick row lets one in. A tick looks
//! (one statement, so one snapshot for the events found and for the bookmark), then numbers what it
//! found and stores the snapshot, in one transaction. It may crash between the two, which rolls
//! back, and whoever comes next starts from the stored bookmark. A tick that finds nothing writes
//! nothing.

mod producer;
mod properties;
mod sequencer;
mod tests;

use stateright::{Model, Property};

use crate::checking::Duties;

/// What an event is about. Events of one key are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    A,
    B,
    C,
}

impl Key {
    /// A and B share a slot, as many keys do.
    fn slot(self) -> usize {
        match self {
            Key::A | Key::B => 0,
            Key::C => 1,
        }
    }
}

/// A transaction to come: who runs it, and the keys of the events that it publishes, in order.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    producer: u8,
    publishes: Vec<Key>,
}

/// A shortcut that looks harmless.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flaw {
    /// Look for `id > last`, as if ids became visible in order.
    PollById,
    /// Look for `xid < xmin`, ordered by xid, as if transactions reached a key in that order.
    XminGate,
    /// Draw insertion ids without holding the key.
    NoKeyLock,
    /// Lock the keys in the order in which their events were published.
    UnsortedLocks,
    /// Let two sequencers tick at once.
    NoTickRow,
    /// Read the snapshot in a statement before the one that reads the events.
    SnapshotBeforeLook,
    /// Read the snapshot in a statement after the one that reads the events.
    SnapshotAfterLook,
}

/// The transactions to run, and how the system differs from the design, if it does.
#[derive(Clone, Debug)]
pub(crate) struct Numbering {
    plan: Vec<Planned>,
    /// The keys that each transaction locks, in the order in which it does.
    locks: Vec<Vec<Key>>,
    flaw: Option<Flaw>,
    crashes: u8,
}

/// How far a transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// Holds so many of its key locks and has inserted so many of its events.
    Open {
        locked: usize,
        inserted: usize,
    },
    /// Visible to everybody, still holding its locks.
    Committed,
    Finished,
    Aborted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Transaction {
    /// Zero until its first write.
    xid: u8,
    step: Step,
}

/// A row of the outbox. Its insertion id is its place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Row {
    transaction: usize,
    key: Key,
}

/// `pg_current_snapshot()`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Snapshot {
    xmax: u8,
    xip: Vec<u8>,
}

/// What a tick has read and not yet committed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Look {
    xid: u8,
    snapshot: Snapshot,
    found: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    transactions: Vec<Transaction>,
    outbox: Vec<Row>,
    /// Which transactions committed, in that order.
    commits: Vec<usize>,
    last_xid: u8,
    last_completed_xid: u8,
    sequencers: [Option<Look>; 2],
    /// The stored bookmark: the snapshot of the last tick that numbered something.
    bookmark: Snapshot,
    /// Per slot the rows in the order of their numbers, from 1.
    numbered: [Vec<usize>; 2],
    crashes_left: u8,
}

/// One atomic step, of the transaction or the sequencer with that index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    WriteBusinessChange(usize),
    LockNextKey(usize),
    InsertNextEvent(usize),
    Commit(usize),
    ReleaseLocks(usize),
    Abort(usize),
    Look(usize),
    Number(usize),
    CrashSequencer(usize),
}

impl Numbering {
    fn new(plan: Vec<Planned>, flaw: Option<Flaw>, crashes: u8) -> Self {
        let locks = plan.iter().map(|planned| planned.locks(flaw)).collect();
        Numbering {
            plan,
            locks,
            flaw,
            crashes,
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }
}

impl Model for Numbering {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let not_begun = Transaction {
            xid: 0,
            step: Step::Open {
                locked: 0,
                inserted: 0,
            },
        };
        vec![State {
            transactions: vec![not_begun; self.plan.len()],
            outbox: Vec::new(),
            commits: Vec::new(),
            last_xid: 0,
            last_completed_xid: 0,
            sequencers: [None, None],
            bookmark: Snapshot::default(),
            numbered: [Vec::new(), Vec::new()],
            crashes_left: self.crashes,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for transaction in 0..self.plan.len() {
            self.producer_actions(state, transaction, actions);
        }
        for sequencer in 0..state.sequencers.len() {
            self.sequencer_actions(state, sequencer, actions);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut state = state.clone();
        match action {
            Action::WriteBusinessChange(t) => state.draw_xid_for(t),
            Action::LockNextKey(t) => state.lock_next_key(t),
            Action::InsertNextEvent(t) => self.insert_next_event(&mut state, t),
            Action::Commit(t) => state.commit(t),
            Action::ReleaseLocks(t) => state.transactions[t].step = Step::Finished,
            Action::Abort(t) => state.abort(t),
            Action::Look(s) => self.look(&mut state, s),
            Action::Number(s) => self.number(&mut state, s),
            Action::CrashSequencer(s) => state.crash_sequencer(s),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl Duties for Numbering {
    fn is_duty(action: &Action) -> bool {
        match action {
            Action::LockNextKey(_)
            | Action::InsertNextEvent(_)
            | Action::Commit(_)
            | Action::ReleaseLocks(_)
            | Action::Look(_)
            | Action::Number(_) => true,
            // Whether the xid is drawn before the key locks is up to the business code.
            Action::WriteBusinessChange(_) | Action::Abort(_) | Action::CrashSequencer(_) => false,
        }
    }
}
