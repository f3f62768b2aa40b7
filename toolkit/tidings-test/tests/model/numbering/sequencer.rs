//! The sequencer: look at what has become visible since the bookmark, number it, move the bookmark.

use super::{Action, Flaw, Look, Numbering, Snapshot, State, Step};

impl Numbering {
    /// The steps that this sequencer could take now.
    pub(super) fn sequencer_actions(&self, state: &State, s: usize, actions: &mut Vec<Action>) {
        if state.sequencers[s].is_some() {
            actions.push(Action::Number(s));
            if state.crashes_left > 0 {
                actions.push(Action::CrashSequencer(s));
            }
        } else if self.may_tick(state) && !self.new_events(state).is_empty() {
            actions.push(Action::Look(s));
        }
    }

    /// Locking the tick row is the first statement of a tick; it waits for the other's transaction.
    fn may_tick(&self, state: &State) -> bool {
        self.has(Flaw::NoTickRow) || state.sequencers.iter().all(Option::is_none)
    }

    pub(super) fn look(&self, state: &mut State, s: usize) {
        let snapshot = state.snapshot();
        let found = self.new_events(state);
        let xid = state.draw_xid();
        state.sequencers[s] = Some(Look {
            xid,
            snapshot,
            found,
        });
    }

    pub(super) fn number(&self, state: &mut State, s: usize) {
        let Some(look) = state.sequencers[s].take() else {
            return;
        };
        let found = if self.has(Flaw::SnapshotBeforeLook) {
            self.new_events(state)
        } else {
            look.found
        };
        state.bookmark = if self.has(Flaw::SnapshotAfterLook) {
            state.snapshot()
        } else {
            look.snapshot
        };
        for id in found {
            let slot = state.outbox[id].key.slot();
            state.numbered[slot].push(id);
        }
        state.complete_xid(look.xid);
    }

    /// The events to number, in the order in which they get their numbers.
    fn new_events(&self, state: &State) -> Vec<usize> {
        match self.flaw {
            Some(Flaw::PollById) => {
                let last = state.numbered.iter().flatten().max();
                let is_later = |id: usize| last.is_none_or(|&last| id > last);
                state.visible_rows().filter(|&id| is_later(id)).collect()
            }
            Some(Flaw::XminGate) => {
                let gate = state.bookmark.xmin()..state.snapshot().xmin();
                let is_in_gate = |&id: &usize| gate.contains(&state.xid_of(id));
                let mut found: Vec<usize> = state.visible_rows().filter(is_in_gate).collect();
                found.sort_by_key(|&id| (state.xid_of(id), id));
                found
            }
            _ => {
                let since = &state.bookmark;
                let is_new = |&id: &usize| since.did_not_see(state.xid_of(id));
                state.visible_rows().filter(is_new).collect()
            }
        }
    }
}

impl Snapshot {
    /// `xid >= pg_snapshot_xmax(last) OR xid = ANY(pg_snapshot_xip(last))`.
    fn did_not_see(&self, xid: u8) -> bool {
        xid >= self.xmax || self.xip.contains(&xid)
    }

    fn xmin(&self) -> u8 {
        self.xip.iter().copied().min().unwrap_or(self.xmax)
    }
}

impl State {
    fn snapshot(&self) -> Snapshot {
        let xmax = self.last_completed_xid + 1;
        let mut xip: Vec<u8> = self.running_xids().filter(|&xid| xid < xmax).collect();
        xip.sort_unstable();
        Snapshot { xmax, xip }
    }

    pub(super) fn running_xids(&self) -> impl Iterator<Item = u8> {
        let producers = self
            .transactions
            .iter()
            .filter(|t| t.xid != 0 && matches!(t.step, Step::Open { .. }))
            .map(|t| t.xid);
        let sequencers = self.sequencers.iter().flatten().map(|look| look.xid);
        producers.chain(sequencers)
    }

    /// Ids of the rows whose transaction has committed, in insertion order.
    fn visible_rows(&self) -> impl Iterator<Item = usize> {
        (0..self.outbox.len()).filter(|&id| self.is_committed(self.outbox[id].transaction))
    }

    pub(super) fn xid_of(&self, id: usize) -> u8 {
        self.transactions[self.outbox[id].transaction].xid
    }

    pub(super) fn crash_sequencer(&mut self, s: usize) {
        if let Some(look) = self.sequencers[s].take() {
            self.complete_xid(look.xid);
            self.crashes_left -= 1;
        }
    }
}
