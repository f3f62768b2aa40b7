//! What delivery promises, and the situations that must occur for the promise to mean something.

use super::{Delivery, Fate, Key, Phase, Sequence, State, Work};
use crate::checking::Duties;

type Property = stateright::Property<Delivery>;

pub(super) const ONCE: &str = "an event takes effect at most once";
pub(super) const KEY_ORDER: &str = "effects of a key appear in order and without gaps";
pub(super) const NOTHING_SKIPPED: &str = "every event up to the cursor is accounted for, no other";
pub(super) const OWN_KEY_ONLY: &str = "an event waits only behind a failure of its own key";
pub(super) const ALL_SETTLED: &str = "at rest every event is applied, or on the list of a person";

pub(super) fn all() -> Vec<Property> {
    let mut properties = promises();
    properties.extend(dangers());
    properties
}

fn promises() -> Vec<Property> {
    vec![
        Property::always(ONCE, |_, state| {
            KEYS.iter().all(|&key| {
                let mut effects = effects(state, key).to_vec();
                effects.sort_unstable();
                effects.windows(2).all(|pair| pair[0] < pair[1])
            })
        }),
        Property::always(KEY_ORDER, |model, state| {
            KEYS.iter().all(|&key| is_in_order(model, state, key))
        }),
        Property::always(NOTHING_SKIPPED, |model, state| {
            model
                .sequences()
                .all(|event| state.is_accounted_for(model, event) == (event <= state.cursor))
        }),
        Property::always(OWN_KEY_ONLY, |model, state| {
            let mut parked = state.parked.keys();
            parked.all(|&event| model.has_failing_event(event))
        }),
        Property::always(ALL_SETTLED, |model, state| {
            let mut events = model.sequences();
            events.all(|event| is_settled(model, state, event)) || !model.is_at_rest(state)
        }),
    ]
}

fn dangers() -> Vec<Property> {
    vec![
        Property::sometimes("a duplicate was received", |_, state| {
            any_phase(
                state,
                |phase| matches!(phase, Phase::Compares { event, cursor } if event <= cursor),
            )
        }),
        Property::sometimes("a gap was received", |_, state| {
            any_phase(
                state,
                |phase| matches!(phase, Phase::Compares { event, cursor } if *event > cursor + 1),
            )
        }),
        Property::sometimes("a crash came after the commit", |_, state| {
            any_phase(state, |phase| *phase == Phase::Down { after_commit: true })
        }),
        Property::sometimes("two instances had handled the same event", |_, state| {
            let [one, other] = &state.instances;
            matches!(one.phase, Phase::Open(Work::Advance { .. })) && one == other
        }),
        Property::sometimes("an instance lost the race", |_, state| {
            any_phase(state, |phase| *phase == Phase::LostRace)
        }),
        Property::sometimes("a later event of a parked key waited", |model, state| {
            let mut parked = state.parked.keys();
            parked.any(|&event| model.first_parked(state, model.event(event).key) != Some(event))
        }),
        Property::sometimes("another key flowed past a parked one", |model, state| {
            model
                .first_parked(state, Key::A)
                .is_some_and(|parked| effects(state, Key::B).iter().any(|&event| event > parked))
        }),
        Property::sometimes(
            "a retry raced with an event that queued behind it",
            |_, state| {
                any_phase(state, |phase| {
                    matches!(phase, Phase::Open(Work::Retry { .. }))
                }) && any_phase(
                    state,
                    |phase| matches!(phase, Phase::Open(Work::Advance { fates, .. }) if fates.contains(&Fate::Queued)),
                )
            },
        ),
        Property::sometimes("a dead event holds its key at rest", |model, state| {
            model.is_at_rest(state) && state.parked.values().any(|row| row.is_dead)
        }),
        Property::sometimes("a person let a key go on", |model, state| {
            !state.discarded.is_empty() && model.is_at_rest(state) && state.parked.is_empty()
        }),
        Property::sometimes("all events took effect", |model, state| {
            KEYS.iter()
                .map(|&key| effects(state, key).len())
                .sum::<usize>()
                == model.events.len()
        }),
    ]
}

const KEYS: [Key; 2] = [Key::A, Key::B];

fn effects(state: &State, key: Key) -> &[Sequence] {
    state.effects.get(&key).map_or(&[], Vec::as_slice)
}

fn any_phase(state: &State, is_it: impl Fn(&Phase) -> bool) -> bool {
    state
        .instances
        .iter()
        .any(|instance| is_it(&instance.phase))
}

/// The effects are the beginning of the key's events, less those that a person discarded.
fn is_in_order(model: &Delivery, state: &State, key: Key) -> bool {
    let expected: Vec<Sequence> = model
        .sequences()
        .filter(|&event| model.event(event).key == key && !state.discarded.contains(&event))
        .collect();
    expected.starts_with(effects(state, key))
}

/// Applied, discarded, or waiting behind a dead event that a person is asked about.
fn is_settled(model: &Delivery, state: &State, event: Sequence) -> bool {
    let key = model.event(event).key;
    let is_key_dead = || {
        let first = model.first_parked(state, key);
        first.is_some_and(|first| state.parked[&first].is_dead)
    };
    state.is_accounted_for(model, event) && (!state.parked.contains_key(&event) || is_key_dead())
}

impl Delivery {
    fn sequences(&self) -> impl Iterator<Item = Sequence> {
        (1..).take(self.events.len())
    }

    /// The event, or an earlier one of its key, may fail.
    fn has_failing_event(&self, event: Sequence) -> bool {
        let key = self.event(event).key;
        (1..=event)
            .map(|earlier| self.event(earlier))
            .any(|earlier| earlier.key == key && earlier.may_fail)
    }
}

impl State {
    /// Exactly one of applied, parked or dead, discarded.
    fn is_accounted_for(&self, model: &Delivery, event: Sequence) -> bool {
        let is_applied = effects(self, model.event(event).key).contains(&event);
        let is_parked = self.parked.contains_key(&event);
        let is_discarded = self.discarded.contains(&event);
        [is_applied, is_parked, is_discarded]
            .into_iter()
            .filter(|is_it| *is_it)
            .count()
            == 1
    }
}
