//! One instance of the subscription: receive, compare, handle, claim, commit.

use super::{Action, Delivery, Fate, Flaw, Key, Phase, Sequence, State, Work};

impl Delivery {
    /// The steps that this instance could take now.
    pub(super) fn instance_actions(&self, state: &State, i: usize, actions: &mut Vec<Action>) {
        match &state.instances[i].phase {
            Phase::Idle => self.idle_actions(state, i, actions),
            Phase::Compares { event, cursor } => actions.push(match event {
                event if event <= cursor => Action::DropDuplicate(i),
                event if *event == cursor + 1 => Action::TakeNext(i),
                _ if self.has(Flaw::GapIgnored) => Action::TakeNext(i),
                _ => Action::FetchGap(i),
            }),
            Phase::Ready { first, last, .. } => {
                actions.push(Action::HandlersSucceed(i));
                if (*first..=*last).any(|event| self.may_fail_now(state, i, event)) {
                    actions.push(Action::HandlerFails(i));
                }
            }
            Phase::ReadyToRetry { event, .. } => {
                actions.push(Action::HandlersSucceed(i));
                if self.event(*event).may_fail {
                    actions.push(Action::HandlerFails(i));
                }
            }
            Phase::Open(work) if !state.is_claimed(work) => actions.push(Action::Claim(i)),
            Phase::Open(_) => {}
            Phase::Claimed(_) => actions.push(Action::Commit(i)),
            Phase::LostRace => actions.push(Action::RollBack(i)),
            Phase::Committed => actions.push(Action::MoveOn(i)),
            Phase::Down { .. } => actions.push(Action::Restart(i)),
        }
        let is_down = matches!(state.instances[i].phase, Phase::Down { .. });
        if state.crashes_left > 0 && !is_down {
            actions.push(Action::Crash(i));
        }
    }

    fn idle_actions(&self, state: &State, i: usize, actions: &mut Vec<Action>) {
        actions.extend((1..=state.head).map(|event| Action::ReceiveFromBus(i, event)));
        if state.cursor < state.head {
            actions.push(Action::PollFeed(i));
        }
        let due = self.due_retries(state);
        actions.extend(due.into_iter().map(|event| Action::ReadParked(i, event)));
    }

    /// The steps that change nothing but what the instance is doing.
    pub(super) fn move_instance(&self, state: &mut State, action: Action) -> Option<()> {
        let (i, phase) = match action {
            Action::ReceiveFromBus(i, event) => {
                let cursor = state.cursor;
                (i, Phase::Compares { event, cursor })
            }
            Action::PollFeed(i) => (i, self.fetch(state.cursor, state.head)),
            Action::TakeNext(i) | Action::FetchGap(i) => (i, self.take(state, i, action)?),
            Action::ReadParked(i, event) => {
                let failures = state.parked[&event].failures;
                (i, Phase::ReadyToRetry { event, failures })
            }
            Action::HandlerFails(i) => (i, self.after_failure(state, i)?),
            Action::Claim(i) => (i, self.claim(state, i)?),
            Action::DropDuplicate(i)
            | Action::RollBack(i)
            | Action::MoveOn(i)
            | Action::Restart(i) => (i, Phase::Idle),
            _ => return None,
        };
        state.instances[i].phase = phase;
        Some(())
    }

    /// Up to a batch of the events that follow the cursor, from the feed.
    fn fetch(&self, cursor: Sequence, available: Sequence) -> Phase {
        Phase::Ready {
            cursor,
            first: cursor + 1,
            last: available.min(cursor + self.batch_max),
            failures: 0,
        }
    }

    fn take(&self, state: &State, i: usize, action: Action) -> Option<Phase> {
        let Phase::Compares { event, cursor } = state.instances[i].phase else {
            return None;
        };
        if matches!(action, Action::FetchGap(_)) {
            return Some(self.fetch(cursor, event));
        }
        Some(Phase::Ready {
            cursor,
            first: event,
            last: event,
            failures: 0,
        })
    }

    /// A batch that fails is tried event by event; one event is tried again, and then parked.
    fn after_failure(&self, state: &State, i: usize) -> Option<Phase> {
        match state.instances[i].phase {
            Phase::Ready {
                cursor,
                first,
                last,
                failures,
            } => {
                let failures = if first < last { 0 } else { failures + 1 };
                Some(if failures < self.quick_tries {
                    Phase::Ready {
                        cursor,
                        first,
                        last: first,
                        failures,
                    }
                } else {
                    Phase::Open(Work::Advance {
                        cursor,
                        first,
                        fates: vec![Fate::Parked],
                    })
                })
            }
            Phase::ReadyToRetry { event, failures } => Some(Phase::Open(Work::Retry {
                event,
                failures,
                succeeds: false,
            })),
            _ => None,
        }
    }

    /// The handlers run inside the transaction; their effects are seen by others when it commits.
    pub(super) fn handlers_succeed(&self, state: &mut State, i: usize) {
        let work = match state.instances[i].phase {
            Phase::Ready {
                cursor,
                first,
                last,
                ..
            } => Work::Advance {
                cursor,
                first,
                fates: (first..=last)
                    .map(|event| self.fate_without_failure(state, i, event))
                    .collect(),
            },
            Phase::ReadyToRetry { event, failures } => Work::Retry {
                event,
                failures,
                succeeds: true,
            },
            _ => return,
        };
        if self.has(Flaw::CursorApart) {
            self.settle_events(state, &work);
        }
        state.instances[i].phase = Phase::Open(work);
    }

    fn may_fail_now(&self, state: &State, i: usize, event: Sequence) -> bool {
        self.event(event).may_fail && self.fate_without_failure(state, i, event) == Fate::Applied
    }

    /// An event whose key is parked is not even tried.
    fn fate_without_failure(&self, state: &State, i: usize, event: Sequence) -> Fate {
        let key = self.event(event).key;
        let is_parked = match self.flaw {
            Some(Flaw::NoQueueBehindParked) => false,
            Some(Flaw::ParkedKeysCached) => state.instances[i].cached_keys.contains(&key),
            _ => self.first_parked(state, key).is_some(),
        };
        if is_parked {
            Fate::Queued
        } else {
            Fate::Applied
        }
    }

    /// `UPDATE … WHERE` it is still as it was read: locks the row, or touches none.
    fn claim(&self, state: &State, i: usize) -> Option<Phase> {
        let Phase::Open(work) = &state.instances[i].phase else {
            return None;
        };
        let is_unchanged = match work {
            Work::Advance { cursor, .. } => {
                *cursor == state.cursor || self.has(Flaw::UnconditionalCursor)
            }
            Work::Retry {
                event, failures, ..
            } => {
                let row = state.parked.get(event);
                row.is_some_and(|row| row.failures == *failures && !row.is_dead)
                    || self.has(Flaw::RetryUnclaimed)
            }
        };
        Some(if is_unchanged {
            Phase::Claimed(work.clone())
        } else {
            Phase::LostRace
        })
    }

    pub(super) fn commit(&self, state: &mut State, i: usize) {
        let committed = std::mem::replace(&mut state.instances[i].phase, Phase::Committed);
        let Phase::Claimed(work) = committed else {
            return;
        };
        if !self.has(Flaw::CursorApart) {
            self.settle_events(state, &work);
        }
        if let Work::Advance { first, fates, .. } = work {
            state.cursor = fates.iter().fold(first - 1, |cursor, _| cursor + 1);
        }
        if self.has(Flaw::ParkedKeysCached) {
            let is_parked = |key: &Key| self.first_parked(state, *key).is_some();
            state.instances[i].cached_keys =
                [Key::A, Key::B].into_iter().filter(is_parked).collect();
        }
    }

    fn settle_events(&self, state: &mut State, work: &Work) {
        match work {
            Work::Advance { first, fates, .. } => {
                for (event, fate) in (*first..).zip(fates) {
                    match fate {
                        Fate::Applied => self.take_effect(state, event),
                        Fate::Parked | Fate::Queued => state.park(event),
                    }
                }
            }
            Work::Retry {
                event, succeeds, ..
            } => self.finish_retry(state, *event, *succeeds),
        }
    }

    pub(super) fn take_effect(&self, state: &mut State, event: Sequence) {
        let key = self.event(event).key;
        state.effects.entry(key).or_default().push(event);
    }
}

impl State {
    /// Another transaction holds the row that this work needs, so the claim waits.
    fn is_claimed(&self, work: &Work) -> bool {
        match work {
            Work::Advance { .. } => self
                .instances
                .iter()
                .any(|instance| matches!(instance.phase, Phase::Claimed(Work::Advance { .. }))),
            Work::Retry { event, .. } => self.is_row_claimed(*event),
        }
    }

    pub(super) fn crash(&mut self, i: usize) {
        let after_commit = self.instances[i].phase == Phase::Committed;
        self.instances[i].phase = Phase::Down { after_commit };
        self.instances[i].cached_keys.clear();
        self.crashes_left -= 1;
    }
}
