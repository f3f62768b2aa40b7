//! A transaction that publishes: lock the keys, insert the rows, commit.

use super::{Action, Flaw, Key, Numbering, Planned, Row, State, Step};

impl Planned {
    pub(super) fn locks(&self, flaw: Option<Flaw>) -> Vec<Key> {
        if flaw == Some(Flaw::NoKeyLock) {
            return Vec::new();
        }
        let mut keys = self.publishes.clone();
        if flaw != Some(Flaw::UnsortedLocks) {
            keys.sort();
        }
        keys.dedup();
        keys
    }
}

impl Numbering {
    /// The steps that this transaction could take now.
    pub(super) fn producer_actions(&self, state: &State, t: usize, actions: &mut Vec<Action>) {
        if !self.is_its_turn(state, t) {
            return;
        }
        let transaction = state.transactions[t];
        match transaction.step {
            Step::Open { locked, inserted } => {
                let locks = &self.locks[t];
                if transaction.xid == 0 {
                    actions.push(Action::WriteBusinessChange(t));
                }
                if let Some(&key) = locks.get(locked) {
                    if !self.is_locked(state, key) {
                        actions.push(Action::LockNextKey(t));
                    }
                } else if inserted < self.plan[t].publishes.len() {
                    actions.push(Action::InsertNextEvent(t));
                } else {
                    actions.push(Action::Commit(t));
                }
                if transaction.xid != 0 || locked > 0 {
                    actions.push(Action::Abort(t));
                }
            }
            Step::Committed => actions.push(Action::ReleaseLocks(t)),
            Step::Finished | Step::Aborted => {}
        }
    }

    pub(super) fn insert_next_event(&self, state: &mut State, t: usize) {
        if state.transactions[t].xid == 0 {
            state.draw_xid_for(t);
        }
        if let Step::Open { inserted, .. } = &mut state.transactions[t].step {
            let key = self.plan[t].publishes[*inserted];
            *inserted += 1;
            state.outbox.push(Row {
                transaction: t,
                key,
            });
        }
    }

    /// A producer runs one transaction at a time, in the order of the plan.
    fn is_its_turn(&self, state: &State, t: usize) -> bool {
        let producer = self.plan[t].producer;
        (0..t)
            .filter(|&earlier| self.plan[earlier].producer == producer)
            .all(|earlier| state.is_over(earlier))
    }

    fn is_locked(&self, state: &State, key: Key) -> bool {
        (0..self.plan.len()).any(|t| {
            let locks = &self.locks[t];
            match state.transactions[t].step {
                Step::Open { locked, .. } => locks[..locked].contains(&key),
                Step::Committed => locks.contains(&key),
                Step::Finished | Step::Aborted => false,
            }
        })
    }

    /// The transaction wants a key that another one holds.
    pub(super) fn waits_for_a_key(&self, state: &State, t: usize) -> bool {
        match state.transactions[t].step {
            Step::Open { locked, .. } => {
                let next = self.locks[t].get(locked).copied();
                self.is_its_turn(state, t) && next.is_some_and(|key| self.is_locked(state, key))
            }
            Step::Committed | Step::Finished | Step::Aborted => false,
        }
    }
}

impl State {
    pub(super) fn draw_xid_for(&mut self, t: usize) {
        self.transactions[t].xid = self.draw_xid();
    }

    pub(super) fn draw_xid(&mut self) -> u8 {
        self.last_xid += 1;
        self.last_xid
    }

    pub(super) fn lock_next_key(&mut self, t: usize) {
        if let Step::Open { locked, .. } = &mut self.transactions[t].step {
            *locked += 1;
        }
    }

    pub(super) fn commit(&mut self, t: usize) {
        self.transactions[t].step = Step::Committed;
        self.commits.push(t);
        self.complete_xid(self.transactions[t].xid);
    }

    pub(super) fn abort(&mut self, t: usize) {
        self.transactions[t].step = Step::Aborted;
        self.complete_xid(self.transactions[t].xid);
    }

    pub(super) fn complete_xid(&mut self, xid: u8) {
        self.last_completed_xid = self.last_completed_xid.max(xid);
    }

    pub(super) fn is_over(&self, t: usize) -> bool {
        matches!(self.transactions[t].step, Step::Finished | Step::Aborted)
    }

    pub(super) fn is_committed(&self, t: usize) -> bool {
        self.commits.contains(&t)
    }
}
