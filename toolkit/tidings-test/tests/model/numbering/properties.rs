//! What numbering promises, and the situations that must occur for the promise to mean something.

use super::{Key, Numbering, State, Step};
use crate::checking::Duties;

type Property = stateright::Property<Numbering>;

pub(super) const ONCE: &str = "an event gets at most one number";
pub(super) const COMMITTED_ONLY: &str = "only committed events get a number";
pub(super) const KEY_ORDER: &str = "the numbers of a key follow its commit order without gaps";
pub(super) const ALL_NUMBERED: &str = "at rest every committed event has its number";
pub(super) const NOBODY_STUCK: &str = "at rest no transaction is still open";

pub(super) fn all() -> Vec<Property> {
    vec![
        Property::always(ONCE, |_, state| is_numbered_once(state)),
        Property::always(COMMITTED_ONLY, |_, state| is_numbered_after_commit(state)),
        Property::always(KEY_ORDER, |_, state| follows_commit_order(state)),
        Property::always(ALL_NUMBERED, |model, state| {
            is_all_numbered(state) || !model.is_at_rest(state)
        }),
        Property::always(NOBODY_STUCK, |model, state| {
            (0..model.plan.len()).all(|t| state.is_over(t)) || !model.is_at_rest(state)
        }),
        Property::sometimes(
            "a late commit is numbered after a greater id",
            |_, state| state.numbered.iter().any(|slot| !slot.is_sorted()),
        ),
        Property::sometimes(
            "an event is numbered past an older open transaction",
            |_, state| {
                numbered(state).any(|id| state.running_xids().any(|xid| xid < state.xid_of(id)))
            },
        ),
        Property::sometimes(
            "a key is committed in another order than that of xids",
            |_, state| {
                KEYS.iter()
                    .any(|&key| !committed(state, key).is_sorted_by_key(|&id| state.xid_of(id)))
            },
        ),
        Property::sometimes("a transaction waits for a key", |model, state| {
            (0..model.plan.len()).any(|t| model.waits_for_a_key(state, t))
        }),
        Property::sometimes("an abort leaves a hole in the ids", |_, state| {
            state.outbox.iter().enumerate().any(|(id, row)| {
                state.transactions[row.transaction].step == Step::Aborted
                    && numbered(state).any(|later| later > id)
            })
        }),
        Property::sometimes("every sequencer crash is made good", |model, state| {
            state.crashes_left == 0 && model.is_at_rest(state) && numbered(state).count() > 0
        }),
    ]
}

const KEYS: [Key; 3] = [Key::A, Key::B, Key::C];

fn numbered(state: &State) -> impl Iterator<Item = usize> {
    state.numbered.iter().flatten().copied()
}

fn is_numbered_once(state: &State) -> bool {
    (0..state.outbox.len()).all(|id| numbered(state).filter(|&other| other == id).count() <= 1)
}

fn is_numbered_after_commit(state: &State) -> bool {
    numbered(state).all(|id| state.is_committed(state.outbox[id].transaction))
}

fn is_all_numbered(state: &State) -> bool {
    KEYS.iter()
        .flat_map(|&key| committed(state, key))
        .all(|id| numbered(state).any(|other| other == id))
}

/// What has a number is the beginning of what was committed, key by key.
fn follows_commit_order(state: &State) -> bool {
    KEYS.iter().all(|&key| {
        let of_key = |id: &usize| state.outbox[*id].key == key;
        let numbered: Vec<usize> = numbered(state).filter(of_key).collect();
        committed(state, key).starts_with(&numbered)
    })
}

/// The events of a key in the order in which their transactions committed.
fn committed(state: &State, key: Key) -> Vec<usize> {
    let rows = |&t: &usize| {
        let of_both =
            move |&id: &usize| state.outbox[id].transaction == t && state.outbox[id].key == key;
        (0..state.outbox.len()).filter(of_both)
    };
    state.commits.iter().flat_map(rows).collect()
}
