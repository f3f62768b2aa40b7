//! The design holds in every state; each shortcut is broken by a short story.

use super::Action::{
    Commit, InsertNextEvent, LockNextKey, Look, Number, ReleaseLocks, WriteBusinessChange,
};
use super::properties::{ALL_NUMBERED, KEY_ORDER, NOBODY_STUCK, ONCE};
use super::{Flaw, Key, Numbering, Planned};
use crate::checking::{assert_breaks, assert_every_run_ends, assert_holds_everywhere};

/// Two producers: first on different keys of one slot, then both on two keys of two slots, which they
/// publish in opposite order.
fn design() -> Numbering {
    let plan = vec![
        planned(0, &[Key::A]),
        planned(1, &[Key::B]),
        planned(0, &[Key::A, Key::C]),
        planned(1, &[Key::C, Key::A]),
    ];
    Numbering::new(plan, None, 1)
}

fn planned(producer: u8, publishes: &[Key]) -> Planned {
    Planned {
        producer,
        publishes: publishes.to_vec(),
    }
}

/// what is committed is numbered, what is aborted is not.
#[test]
fn numbering_loses_nothing_and_follows_commit_order() {
    assert_holds_everywhere("numbering", design());
}

#[test]
fn numbering_always_comes_to_rest() {
    let plan = vec![
        planned(0, &[Key::A, Key::C]),
        planned(1, &[Key::C, Key::A]),
        planned(1, &[Key::B]),
    ];
    assert_every_run_ends(&Numbering::new(plan, None, 1));
}

/// 1. Producer 0 draws id 0, producer 1 draws id 1 and commits first.
/// 2. A tick numbers id 1 and remembers 1 as the last.
/// 3. Producer 0 commits. No tick will ever ask for id 0.
#[test]
fn polling_by_id_skips_a_late_commit() {
    assert_breaks(
        flawed(Flaw::PollById, &[&[Key::A], &[Key::B]]),
        ALL_NUMBERED,
        vec![
            LockNextKey(0),
            InsertNextEvent(0),
            LockNextKey(1),
            InsertNextEvent(1),
            Commit(1),
            Look(0),
            Number(0),
            Commit(0),
            ReleaseLocks(0),
            ReleaseLocks(1),
        ],
    );
}

/// 1. Producer 0 writes something else first, so it has the older xid.
/// 2. Producer 1 changes the key and commits: version 1.
/// 3. Producer 0 changes the key and commits: version 2.
/// 4. A tick sorts by xid: version 2 before version 1.
#[test]
fn gating_by_xmin_delivers_version_two_before_version_one() {
    assert_breaks(
        flawed(Flaw::XminGate, &[&[Key::A], &[Key::A]]),
        KEY_ORDER,
        vec![
            WriteBusinessChange(0),
            LockNextKey(1),
            InsertNextEvent(1),
            Commit(1),
            ReleaseLocks(1),
            LockNextKey(0),
            InsertNextEvent(0),
            Commit(0),
            Look(0),
            Number(0),
        ],
    );
}

/// Both producers draw their ids before either commits, and commit in the other order. The key of
/// an event is not always a row that both have locked.
#[test]
fn numbering_without_the_key_lock_reorders_a_key() {
    assert_breaks(
        flawed(Flaw::NoKeyLock, &[&[Key::A], &[Key::A]]),
        KEY_ORDER,
        vec![
            InsertNextEvent(0),
            InsertNextEvent(1),
            Commit(1),
            Commit(0),
            Look(0),
            Number(0),
        ],
    );
}

#[test]
fn locking_keys_in_the_order_of_publishing_deadlocks() {
    assert_breaks(
        flawed(Flaw::UnsortedLocks, &[&[Key::A, Key::B], &[Key::B, Key::A]]),
        NOBODY_STUCK,
        vec![LockNextKey(0), LockNextKey(1)],
    );
}

#[test]
fn two_sequencers_without_the_tick_row_number_an_event_twice() {
    assert_breaks(
        flawed(Flaw::NoTickRow, &[&[Key::A]]),
        ONCE,
        vec![
            LockNextKey(0),
            InsertNextEvent(0),
            Commit(0),
            Look(0),
            Look(1),
            Number(0),
            Number(1),
        ],
    );
}

/// READ COMMITTED gives every statement a snapshot of its own. Producer 1 commits between the two
/// statements: the tick numbers its event, but the stored snapshot says that it still ran.
#[test]
fn a_snapshot_read_before_the_events_numbers_an_event_twice() {
    assert_breaks(
        flawed(Flaw::SnapshotBeforeLook, &[&[Key::A], &[Key::B]]),
        ONCE,
        vec![
            LockNextKey(0),
            InsertNextEvent(0),
            LockNextKey(1),
            InsertNextEvent(1),
            Commit(0),
            Look(0),
            Commit(1),
            Number(0),
            Look(0),
            Number(0),
        ],
    );
}

/// The same the other way round: the event was not found, but the stored snapshot says that it was
/// there to be found.
#[test]
fn a_snapshot_read_after_the_events_loses_an_event() {
    assert_breaks(
        flawed(Flaw::SnapshotAfterLook, &[&[Key::A], &[Key::B]]),
        ALL_NUMBERED,
        vec![
            LockNextKey(0),
            InsertNextEvent(0),
            LockNextKey(1),
            InsertNextEvent(1),
            Commit(0),
            Look(0),
            Commit(1),
            Number(0),
            ReleaseLocks(0),
            ReleaseLocks(1),
        ],
    );
}

/// One transaction for each producer, and no crash: the flaw alone is enough.
fn flawed(flaw: Flaw, transactions: &[&[Key]]) -> Numbering {
    let plan = (0..).zip(transactions);
    let plan = plan
        .map(|(producer, keys)| planned(producer, keys))
        .collect();
    Numbering::new(plan, Some(flaw), 0)
}
