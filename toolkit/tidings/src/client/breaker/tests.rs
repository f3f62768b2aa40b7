use std::time::Duration;

use proptest::prelude::*;

use super::{
    Breaker, BreakerState, IN_A_ROW_MAX, OPEN_FIRST, OPEN_MOST, PROBES, Seen, WINDOW_TRIES_MIN,
};
use crate::Timestamp;

const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

fn once(breaker: &mut Breaker, is_good: bool, now: Timestamp) -> Option<BreakerState> {
    let seen = if is_good { Seen::Good } else { Seen::Bad };
    see(breaker, seen, now)
}

fn see(breaker: &mut Breaker, seen: Seen, now: Timestamp) -> Option<BreakerState> {
    let leave = breaker.admit(now).unwrap();
    breaker.settle(leave, seen, now)
}

fn opened() -> Breaker {
    let mut breaker = Breaker::new();
    for _ in 0..IN_A_ROW_MAX {
        once(&mut breaker, false, START);
    }
    breaker
}

#[test]
fn five_failures_in_a_row_open_it_and_four_do_not() {
    let mut breaker = Breaker::new();
    for _ in 1..IN_A_ROW_MAX {
        assert_eq!(once(&mut breaker, false, START), None);
    }
    once(&mut breaker, true, START);
    for _ in 1..IN_A_ROW_MAX {
        assert_eq!(once(&mut breaker, false, START), None);
    }
    let change = once(&mut breaker, false, START);
    assert_eq!(change, Some(BreakerState::Open));
    assert_eq!(breaker.opened_at(), Some(START));
}

#[test]
fn every_other_try_failing_opens_it_once_there_are_enough_within_ten_seconds() {
    let mut breaker = Breaker::new();
    let mut changes = (0..WINDOW_TRIES_MIN).map(|turn| once(&mut breaker, turn % 2 == 0, START));
    assert_eq!(changes.find_map(|change| change), Some(BreakerState::Open));
    assert_eq!(changes.count(), 0, "it opened before there were enough");

    let mut slow = Breaker::new();
    for turn in 0..200 {
        assert_eq!(once(&mut slow, turn % 2 == 0, at(turn)), None);
    }
}

#[test]
fn it_says_when_to_come_back_and_lets_one_probe_through_then() {
    let mut breaker = opened();
    assert_eq!(breaker.admit(at(3)).unwrap_err(), Duration::from_secs(7));
    let probe = breaker.admit(at(10)).unwrap();
    breaker.admit(at(10)).unwrap_err();
    assert_eq!(breaker.settle(probe, Seen::Good, at(10)), None);
    let second = breaker.admit(at(10)).unwrap();
    let change = breaker.settle(second, Seen::Good, at(11));
    assert_eq!(change, Some(BreakerState::Closed));
    assert_eq!(breaker.opened_at(), None);
}

#[test]
fn each_failed_probe_doubles_the_wait_up_to_a_minute() {
    let mut breaker = opened();
    let mut now = START;
    let mut waits = Vec::new();
    for _ in 0..5 {
        let wait = breaker.refuses_for(now).unwrap();
        waits.push(wait.as_secs());
        now = now.plus(wait);
        assert_eq!(once(&mut breaker, false, now), Some(BreakerState::Open));
    }
    assert_eq!(waits, [10, 20, 40, 60, 60]);
    assert_eq!(breaker.opened_at(), Some(START), "it never closed since");
}

/// F-66: whoever restarts it is not kept waiting by those who call it.
#[test]
fn a_target_that_cannot_be_reached_is_looked_for_every_second() {
    let mut breaker = Breaker::new();
    for _ in 0..IN_A_ROW_MAX {
        see(&mut breaker, Seen::Away, START);
    }
    for second in 1..90 {
        let wait = breaker.refuses_for(at(second - 1)).unwrap();
        assert_eq!(wait, Duration::from_secs(1));
        see(&mut breaker, Seen::Away, at(second));
    }
    // There it is, and drowns: from here on it is left alone for longer.
    let waits = [90, 100, 120].map(|second| {
        once(&mut breaker, false, at(second));
        breaker.refuses_for(at(second)).unwrap().as_secs()
    });
    assert_eq!(waits, [10, 20, 40]);
}

#[test]
fn a_target_that_says_when_to_come_back_is_believed_within_ten_seconds() {
    let waits = [0, 3, 3600].map(|seconds| {
        let mut breaker = Breaker::new();
        for _ in 0..IN_A_ROW_MAX {
            see(
                &mut breaker,
                Seen::Later(Duration::from_secs(seconds)),
                START,
            );
        }
        breaker.refuses_for(START).unwrap().as_secs()
    });
    assert_eq!(waits, [1, 3, 10]);
}

#[test]
fn a_probe_whose_caller_went_away_makes_room_for_another() {
    let mut breaker = opened();
    let probe = breaker.admit(at(10)).unwrap();
    breaker.abandon(probe);
    breaker.admit(at(10)).unwrap();
}

#[test]
fn a_try_from_before_it_opened_says_nothing_about_now() {
    let mut breaker = Breaker::new();
    let old = breaker.admit(START).unwrap();
    for _ in 0..IN_A_ROW_MAX {
        once(&mut breaker, false, START);
    }
    let probe = breaker.admit(at(10)).unwrap();
    assert_eq!(breaker.settle(old, Seen::Bad, at(10)), None);
    assert_eq!(breaker.state(at(10)), BreakerState::HalfOpen);
    breaker.settle(probe, Seen::Good, at(10));
    assert_eq!(breaker.settle(old, Seen::Good, at(10)), None);
}

#[derive(Clone, Debug)]
enum Move {
    Pass(u16),
    Begin,
    End(Seen),
    GoAway,
}

fn seen() -> impl Strategy<Value = Seen> {
    let later = (0_u64..100).prop_map(|seconds| Seen::Later(Duration::from_secs(seconds)));
    prop_oneof![Just(Seen::Good), Just(Seen::Bad), Just(Seen::Away), later]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        (0_u16..30_000).prop_map(Move::Pass),
        Just(Move::Begin),
        seen().prop_map(Move::End),
        Just(Move::GoAway),
    ];
    prop::collection::vec(one, 1..300)
}

proptest! {
    /// However calls overlap: never two probes at once, no try while it is open, never a wait
    /// beyond a minute, and a target that is well again is asked freely in the end.
    #[test]
    fn it_protects_the_target_and_always_comes_back(moves in moves()) {
        let mut breaker = Breaker::new();
        let mut now = START;
        let mut under_way = Vec::new();
        for one in moves {
            match one {
                Move::Pass(millis) => now = now.plus(Duration::from_millis(millis.into())),
                Move::Begin => {
                    let before = breaker.state(now);
                    let was_probing = matches!(breaker.state, super::State::HalfOpen { is_probing: true, .. });
                    match breaker.admit(now) {
                        Ok(leave) => {
                            prop_assert_ne!(before, BreakerState::Open);
                            prop_assert!(!was_probing);
                            under_way.push(leave);
                        }
                        Err(wait) => prop_assert!(wait <= OPEN_MOST && wait > Duration::ZERO),
                    }
                }
                Move::End(seen) => if let Some(leave) = under_way.pop() {
                    breaker.settle(leave, seen, now);
                },
                Move::GoAway => if let Some(leave) = under_way.pop() {
                    breaker.abandon(leave);
                },
            }
        }
        for leave in under_way {
            breaker.abandon(leave);
        }
        now = now.plus(OPEN_MOST.max(OPEN_FIRST));
        for _ in 0..PROBES {
            once(&mut breaker, true, now);
        }
        prop_assert_eq!(breaker.state(now), BreakerState::Closed);
    }
}
