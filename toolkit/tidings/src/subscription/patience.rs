//! How long a transport may be behind before the producer is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Timestamp;

/// Remembers since when each slot has been behind without having moved.
///
/// A broker is always a little behind the producer. Without patience every reader that has
/// applied all that arrived would fetch the newest events from the producer before the broker
/// brings them, and the broker would be of no use.
pub(super) struct Patience {
    most: Duration,
    slots: BTreeMap<u16, State>,
    looked_at: Option<Timestamp>,
}

#[derive(Clone, Copy)]
enum State {
    /// The transport may yet bring what is missing.
    Waits { cursor: u64, since: Timestamp },
    /// It has not, and the producer is asked until this much is there: patience anew for each
    /// page would let a long gap take hours.
    Fetches { until: u64 },
}

impl Patience {
    pub(super) fn new(most: Duration) -> Self {
        Self {
            most,
            slots: BTreeMap::new(),
            looked_at: None,
        }
    }

    /// Whether the producer has not just been asked, or has more of what was missing.
    pub(super) fn allows_a_look(&self, now: Timestamp) -> bool {
        let fetches = |state: &State| matches!(state, State::Fetches { .. });
        self.looked_at.is_none_or(|at| now.since(at) >= self.most)
            || self.slots.values().any(fetches)
    }

    pub(super) fn looks(&mut self, now: Timestamp) {
        self.looked_at = Some(now);
    }

    /// Whether to ask the producer for what comes after the cursor. One that goes no further
    /// than the cursor has nothing to be asked for.
    pub(super) fn is_over(&mut self, slot: u16, cursor: u64, head: u64, now: Timestamp) -> bool {
        if cursor >= head {
            self.slots.remove(&slot);
            return false;
        }
        let anew = State::Waits { cursor, since: now };
        let state = self.slots.entry(slot).or_insert(anew);
        match *state {
            State::Fetches { until } if cursor < until => return true,
            State::Waits { cursor: at, .. } if at == cursor => {}
            _ => *state = anew,
        }
        if let State::Waits { since, .. } = *state
            && now.since(since) >= self.most
        {
            *state = State::Fetches { until: head };
        }
        matches!(state, State::Fetches { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn patience_ends_for_a_slot_that_stands_still_until_it_has_what_was_missing() {
        let mut patience = Patience::new(Duration::from_secs(2));
        let looks = [(5, 9), (6, 9), (6, 9), (6, 9), (7, 12), (9, 12), (9, 12)];
        let seen = looks.map({
            let mut second = 0;
            move |(cursor, head)| {
                second += 1;
                patience.is_over(1, cursor, head, at(second))
            }
        });
        assert_eq!(seen, [false, false, false, true, true, false, false]);
        let mut none = Patience::new(Duration::ZERO);
        assert!(none.is_over(1, 5, 6, at(0)));
        assert!(!none.is_over(1, 6, 6, at(0)));
    }

    #[test]
    fn the_producer_is_asked_once_per_patience_unless_it_has_what_is_missing() {
        let mut patience = Patience::new(Duration::from_secs(2));
        assert!(patience.allows_a_look(at(0)));
        patience.looks(at(0));
        assert!(!patience.allows_a_look(at(1)));
        assert!(patience.allows_a_look(at(2)));
        patience.looks(at(2));
        assert!(!patience.is_over(1, 5, 9, at(2)) && patience.is_over(1, 5, 9, at(4)));
        patience.looks(at(4));
        assert!(patience.allows_a_look(at(4)));
        patience.is_over(1, 9, 9, at(4));
        assert!(!patience.allows_a_look(at(4)));
    }
}
