//! The design holds in every state; each shortcut is broken by a short story.

use super::Action::{
    Claim, Commit, Crash, HandlerFails, HandlersSucceed, MoveOn, NumberNextEvent, PollFeed,
    ReadParked, ReceiveFromBus, TakeNext,
};
use super::properties::{KEY_ORDER, NOTHING_SKIPPED, ONCE};
use super::{Delivery, Event, Flaw, Key};
use crate::checking::{assert_breaks, assert_every_run_ends, assert_holds_everywhere};

const A: Event = event(Key::A, false);
const B: Event = event(Key::B, false);
const A_MAY_FAIL: Event = event(Key::A, true);
const B_MAY_FAIL: Event = event(Key::B, true);

const fn event(key: Key, may_fail: bool) -> Event {
    Event { key, may_fail }
}

fn design(events: &[Event]) -> Delivery {
    Delivery {
        events: events.to_vec(),
        batch_max: 2,
        quick_tries: 2,
        retries: 2,
        crashes: 2,
        decisions: 1,
        flaw: None,
    }
}

/// two keys that fail, and one crash.
#[test]
fn delivery_loses_nothing_and_applies_once() {
    let one_crash = Delivery {
        crashes: 1,
        ..design(&[A_MAY_FAIL, B_MAY_FAIL, A, B])
    };
    assert_holds_everywhere("delivery", one_crash);
}

/// One key that fails twice, and two crashes, so that nobody may be left for a while.
#[test]
fn two_failing_events_of_one_key_keep_their_order() {
    let events = [A_MAY_FAIL, B, A_MAY_FAIL, A];
    assert_holds_everywhere("delivery of one failing key", design(&events));
}

#[test]
fn delivery_always_comes_to_rest() {
    assert_every_run_ends(&design(&[A_MAY_FAIL, B, A_MAY_FAIL]));
}

/// Both instances handle the event before either has moved the cursor; nothing tells the second.
#[test]
fn a_cursor_moved_without_its_condition_applies_twice() {
    assert_breaks(
        flawed(Flaw::UnconditionalCursor, &[A]),
        ONCE,
        vec![
            NumberNextEvent,
            PollFeed(0),
            PollFeed(1),
            HandlersSucceed(0),
            HandlersSucceed(1),
            Claim(0),
            Commit(0),
            Claim(1),
            Commit(1),
        ],
    );
}

/// The effects are committed, the cursor is not, and the instance dies in between.
#[test]
fn a_cursor_moved_in_a_transaction_of_its_own_applies_twice() {
    assert_breaks(
        flawed(Flaw::CursorApart, &[A]),
        ONCE,
        vec![
            NumberNextEvent,
            PollFeed(0),
            HandlersSucceed(0),
            Crash(0),
            PollFeed(1),
            HandlersSucceed(1),
        ],
    );
}

/// The bus lost event 1 and brought event 2.
#[test]
fn ignoring_a_gap_skips_an_event_for_ever() {
    assert_breaks(
        flawed(Flaw::GapIgnored, &[B, A]),
        NOTHING_SKIPPED,
        vec![
            NumberNextEvent,
            NumberNextEvent,
            ReceiveFromBus(0, 2),
            TakeNext(0),
            HandlersSucceed(0),
            Claim(0),
            Commit(0),
        ],
    );
}

/// Event 1 fails and is parked; event 2 of the same key is applied before it.
#[test]
fn parking_without_queueing_later_events_reorders_a_key() {
    assert_breaks(
        flawed(Flaw::NoQueueBehindParked, &[A_MAY_FAIL, A]),
        KEY_ORDER,
        vec![
            NumberNextEvent,
            PollFeed(0),
            HandlerFails(0),
            Claim(0),
            Commit(0),
            MoveOn(0),
            NumberNextEvent,
            PollFeed(0),
            HandlersSucceed(0),
            Claim(0),
            Commit(0),
        ],
    );
}

/// Instance 0 parks event 1. Instance 1 finds the cursor behind it, and remembers no parked key.
#[test]
fn remembering_which_keys_are_parked_reorders_a_key() {
    assert_breaks(
        flawed(Flaw::ParkedKeysCached, &[A_MAY_FAIL, A]),
        KEY_ORDER,
        vec![
            NumberNextEvent,
            PollFeed(0),
            HandlerFails(0),
            Claim(0),
            Commit(0),
            NumberNextEvent,
            PollFeed(1),
            HandlersSucceed(1),
            Claim(1),
            Commit(1),
        ],
    );
}

/// Both instances read the parked event and retry it.
#[test]
fn retrying_a_parked_event_without_claiming_it_applies_twice() {
    assert_breaks(
        flawed(Flaw::RetryUnclaimed, &[A_MAY_FAIL]),
        ONCE,
        vec![
            NumberNextEvent,
            PollFeed(0),
            HandlerFails(0),
            Claim(0),
            Commit(0),
            MoveOn(0),
            ReadParked(0, 1),
            ReadParked(1, 1),
            HandlersSucceed(0),
            HandlersSucceed(1),
            Claim(0),
            Commit(0),
            Claim(1),
            Commit(1),
        ],
    );
}

/// One quick try, and one crash: more is not needed to break anything.
fn flawed(flaw: Flaw, events: &[Event]) -> Delivery {
    Delivery {
        quick_tries: 1,
        crashes: 1,
        flaw: Some(flaw),
        ..design(events)
    }
}
