//! The parked table: what waits for another try, in order per key, and what a person decides.

use super::{Action, Delivery, Key, Parked, Phase, Sequence, State, Work};

impl Delivery {
    /// The steps that a person could take now. They wait for an instance that has claimed the row.
    pub(super) fn person_actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.decisions_left == 0 {
            return;
        }
        for (&event, row) in &state.parked {
            if row.is_dead && !state.is_row_claimed(event) {
                actions.push(Action::DecideRetry(event));
                actions.push(Action::DecideDiscard(event));
            }
        }
    }

    /// The first parked event of each key, unless it is dead, which makes its key wait.
    pub(super) fn due_retries(&self, state: &State) -> Vec<Sequence> {
        [Key::A, Key::B]
            .iter()
            .filter_map(|&key| self.first_parked(state, key))
            .filter(|event| !state.parked[event].is_dead)
            .collect()
    }

    pub(super) fn first_parked(&self, state: &State, key: Key) -> Option<Sequence> {
        let mut events = state.parked.keys().copied();
        events.find(|&event| self.event(event).key == key)
    }

    /// The retried event takes effect and leaves the table, or has failed once more.
    pub(super) fn finish_retry(&self, state: &mut State, event: Sequence, succeeds: bool) {
        if succeeds {
            state.parked.remove(&event);
            self.take_effect(state, event);
        } else if let Some(row) = state.parked.get_mut(&event) {
            row.failures += 1;
            row.is_dead = row.failures >= self.retries;
        }
    }
}

impl State {
    /// Rows wait to be retried with no failure to their name, whatever led to the parking.
    pub(super) fn park(&mut self, event: Sequence) {
        let row = Parked {
            failures: 0,
            is_dead: false,
        };
        self.parked.insert(event, row);
    }

    pub(super) fn decide_retry(&mut self, event: Sequence) {
        self.decisions_left -= 1;
        self.park(event);
    }

    pub(super) fn decide_discard(&mut self, event: Sequence) {
        self.decisions_left -= 1;
        self.parked.remove(&event);
        self.discarded.push(event);
    }

    pub(super) fn is_row_claimed(&self, row: Sequence) -> bool {
        self.instances.iter().any(|instance| {
            matches!(&instance.phase,
                Phase::Claimed(Work::Retry { event, .. }) if *event == row)
        })
    }
}
