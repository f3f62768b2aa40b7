//! Sharing: who of two instances reads a slot, and how it is handed over.
//!
//! **The table** has a row for each instance, which names the instances by whose list it reads. An
//! instance tells (writes its row) and looks (reads all rows) in two steps, in which others may come
//! between; its readers begin no step there. Of a list of both the second has the slot.
//!
//! **A reader** begins a step when its instance's view gives it the slot, and ends it at any time
//! later. What the view says meanwhile does not stop it.
//!
//! **Ends.** An instance may stop, which takes its row away after its step; it may be killed, and
//! its row is taken away by the other; and it may be paused for so long that the other takes it for
//! gone, and go on later as if nothing had been. Only then may two read at once, and what they apply
//! is fenced by the cursor, which [`crate::delivery`] shows.

mod tests;

use stateright::{Model, Property};

use crate::checking::Duties;

pub(crate) const ONE_READS: &str = "two read at once only if one was taken for gone";
pub(crate) const SOMEBODY_READS: &str = "at rest one of those who live has the slot";

/// A set of the two instances, a bit each.
type Members = u8;

/// A shortcut that looks harmless.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flaw {
    /// Give a slot up in the table while a step is still reading it.
    LetsGoInMidStep,
    /// Read what the hash gives, whatever the others' rows claim.
    OthersIgnored,
    /// Read before the own row claims the slot for the others to see.
    ClaimsUnseen,
}

/// The limits, and how the system differs from the design, if it does.
#[derive(Clone, Debug)]
pub(crate) struct Handover {
    starts: u8,
    ends: u8,
    pauses: u8,
    flaw: Option<Flaw>,
}

/// A reader's step on the slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Step {
    #[default]
    None,
    /// Begun by the newest view.
    Current,
    /// Begun by an older one.
    Old,
}

/// What an instance saw when it last looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct View {
    members: Members,
    /// What its own row said then.
    told: Members,
    /// What the other's row said, if it had one.
    other: Members,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Instance {
    is_up: bool,
    is_paused: bool,
    /// Its row in the table.
    row: Option<Members>,
    /// What it last wrote there, as far as it knows.
    told: Members,
    /// What it wants to write there.
    acknowledged: Members,
    view: View,
    /// It has told and not looked yet. Readers that begin a step wait for that.
    must_look: bool,
    step: Step,
    /// It was taken for gone while it was paused, and does not know yet.
    was_taken_for_gone: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    instances: [Instance; 2],
    starts_left: u8,
    ends_left: u8,
    pauses_left: u8,
}

/// One atomic step, of the instance with that index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Start(usize),
    Tell(usize),
    Look(usize),
    BeginStep(usize),
    EndStep(usize),
    Stop(usize),
    Kill(usize),
    Pause(usize),
    Resume(usize),
    /// The other takes the row of a dead one away.
    TakeAway(usize),
    /// The other takes the row of a paused one away.
    TakeForGone(usize),
}

/// Whose slot it is, by a list.
fn owner(members: Members) -> Option<usize> {
    match members {
        0 => None,
        1 => Some(0),
        _ => Some(1),
    }
}

impl Handover {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// Whether the instance's view gives it the slot.
    fn gives(&self, i: usize, view: &View) -> bool {
        let claims = owner(view.told) == Some(i) || self.has(Flaw::ClaimsUnseen);
        let is_free = owner(view.other) != Some(1 - i) || self.has(Flaw::OthersIgnored);
        owner(view.members) == Some(i) && claims && is_free
    }

    /// The instance after it has looked.
    fn looked(&self, state: &State, i: usize) -> Instance {
        let mut one = state.instances[i];
        let other = state.instances[1 - i].row;
        let view = View {
            members: 1 << i | u8::from(other.is_some()) << (1 - i),
            told: one.told,
            other: other.unwrap_or(0),
        };
        if view != one.view && one.step == Step::Current {
            one.step = Step::Old;
        }
        one.view = view;
        one.must_look = false;
        if one.step != Step::Old || self.has(Flaw::LetsGoInMidStep) {
            one.acknowledged = view.members;
        }
        one
    }

    fn instance_actions(&self, state: &State, i: usize, actions: &mut Vec<Action>) {
        let one = &state.instances[i];
        let other = &state.instances[1 - i];
        if !one.is_up {
            match one.row {
                Some(_) if other.is_up && !other.is_paused => actions.push(Action::TakeAway(i)),
                None if state.starts_left > 0 => actions.push(Action::Start(i)),
                _ => {}
            }
            return;
        }
        if one.is_paused {
            actions.push(Action::Resume(i));
            if one.row.is_some() && other.is_up && !other.is_paused {
                actions.push(Action::TakeForGone(i));
            }
            return;
        }
        if one.row != Some(one.acknowledged) {
            actions.push(Action::Tell(i));
        }
        if one.row.is_some() && self.looked(state, i) != *one {
            actions.push(Action::Look(i));
        }
        match one.step {
            Step::None if self.gives(i, &one.view) && !one.must_look => {
                actions.push(Action::BeginStep(i));
            }
            Step::None => {}
            Step::Current | Step::Old => actions.push(Action::EndStep(i)),
        }
        if state.ends_left > 0 {
            actions.push(Action::Kill(i));
            if one.step == Step::None {
                actions.push(Action::Stop(i));
            }
        }
        if state.pauses_left > 0 {
            actions.push(Action::Pause(i));
        }
    }
}

impl Instance {
    fn tell(&mut self) {
        if self.row.is_none() {
            // New, or taken for gone: it claims nothing before it has looked.
            self.acknowledged = 0;
        }
        self.row = Some(self.acknowledged);
        self.told = self.acknowledged;
        self.must_look = true;
        self.forget_pause();
    }

    fn end_step(&mut self) {
        self.step = Step::None;
        self.forget_pause();
    }

    /// Back among those who are counted, with nothing left over from before.
    fn forget_pause(&mut self) {
        if self.row.is_some() && self.step == Step::None && self.told == 0 {
            self.was_taken_for_gone = false;
        }
    }
}

impl Model for Handover {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            instances: [Instance::default(); 2],
            starts_left: self.starts,
            ends_left: self.ends,
            pauses_left: self.pauses,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for i in 0..state.instances.len() {
            self.instance_actions(state, i, actions);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Start(i) => {
                next.starts_left -= 1;
                next.instances[i].is_up = true;
            }
            Action::Tell(i) => next.instances[i].tell(),
            Action::Look(i) => next.instances[i] = self.looked(state, i),
            Action::BeginStep(i) => next.instances[i].step = Step::Current,
            Action::EndStep(i) => next.instances[i].end_step(),
            Action::Stop(i) => {
                next.ends_left -= 1;
                next.instances[i] = Instance::default();
            }
            Action::Kill(i) => {
                next.ends_left -= 1;
                let row = next.instances[i].row;
                next.instances[i] = Instance {
                    row,
                    ..Instance::default()
                };
            }
            Action::Pause(i) => {
                next.pauses_left -= 1;
                next.instances[i].is_paused = true;
            }
            Action::Resume(i) => next.instances[i].is_paused = false,
            Action::TakeAway(i) => next.instances[i].row = None,
            Action::TakeForGone(i) => {
                next.instances[i].row = None;
                next.instances[i].was_taken_for_gone = true;
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_READS, |_, state: &State| {
                let reads = |one: &Instance| one.step != Step::None;
                !state.instances.iter().all(reads)
                    || state.instances.iter().any(|one| one.was_taken_for_gone)
            }),
            Property::always(SOMEBODY_READS, |model: &Self, state: &State| {
                let has = |i: &usize| model.gives(*i, &state.instances[*i].view);
                let up = state.instances.iter().filter(|one| one.is_up).count();
                !model.is_at_rest(state) || (0..2).filter(has).count() == up.min(1)
            }),
            Property::sometimes(
                "who has the slot must wait for a step to end",
                |_, state: &State| state.instances.iter().any(|one| one.step == Step::Old),
            ),
            Property::sometimes("two read at once after a pause", |_, state: &State| {
                state.instances.iter().all(|one| one.step != Step::None)
            }),
            Property::sometimes(
                "the second reads, and the first lives",
                |_, state: &State| {
                    state.instances[0].is_up && state.instances[1].step == Step::Current
                },
            ),
        ]
    }
}

impl Duties for Handover {
    fn is_duty(action: &Action) -> bool {
        matches!(
            action,
            Action::Tell(_)
                | Action::Look(_)
                | Action::EndStep(_)
                | Action::Resume(_)
                | Action::TakeAway(_)
        )
    }
}
