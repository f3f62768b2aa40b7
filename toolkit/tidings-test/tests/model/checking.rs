//! Runs the checker over a model, says how much it saw, and shows that runs come to an end.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

use stateright::{Checker, HasDiscoveries, Model};

/// A model that tells the steps that must come, sooner or later, from those that may come.
pub(crate) trait Duties: Model {
    /// A faultless system takes this step by itself. Faults, and whims of the world, are not duties.
    fn is_duty(action: &Self::Action) -> bool;

    /// Nobody has anything left to do, unless the world interferes.
    fn is_at_rest(&self, state: &Self::State) -> bool {
        let mut actions = Vec::new();
        self.actions(state, &mut actions);
        !actions.iter().any(Self::is_duty)
    }
}

/// Visits every state: each `always` holds in all of them, each `sometimes` in at least one.
pub(crate) fn assert_holds_everywhere<M>(name: &str, model: M)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq,
{
    let checker = model.checker().threads(2).spawn_bfs().join();
    println!(
        "{name}: {} states, {} steps between them, up to {} steps deep",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth() - 1,
    );
    checker.assert_properties();
}

/// The checker finds that the model breaks `property`, and `story` is one way to break it.
pub(crate) fn assert_breaks<M>(model: M, property: &'static str, story: Vec<M::Action>)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq,
{
    let until_found = HasDiscoveries::AllOf([property].into());
    let checker = model.checker().finish_when(until_found).spawn_bfs().join();
    let found = checker.assert_any_discovery(property).into_actions();
    println!(
        "broken after {} states, for example by {found:?}",
        checker.unique_state_count()
    );
    checker.assert_discovery(property, story);
}

/// Duties alone never lead back to a state that was left: without new faults every run ends.
///
/// A depth-first walk over the duties from every state that can be reached by any step; a step into
/// a state that is still open on the walk's own path closes a circle.
pub(crate) fn assert_every_run_ends<M>(model: &M)
where
    M: Duties,
    M::State: Clone + Debug + Hash,
    M::Action: Clone + Debug,
{
    let mut is_open: HashMap<u64, bool> = HashMap::new();
    let mut to_visit = model.init_states();
    while let Some(start) = to_visit.pop() {
        if is_open.contains_key(&digest(&start)) {
            continue;
        }
        let mut path = vec![enter(model, start, &mut is_open, &mut to_visit)];
        while let Some((state, steps)) = path.last_mut() {
            let Some(step) = steps.pop() else {
                is_open.insert(digest(state), false);
                path.pop();
                continue;
            };
            let Some(next) = model.next_state(state, step.clone()) else {
                continue;
            };
            match is_open.get(&digest(&next)) {
                Some(true) => panic!("{step:?} leads in a circle from {state:#?}"),
                Some(false) => {}
                None => path.push(enter(model, next, &mut is_open, &mut to_visit)),
            }
        }
    }
    println!("no circle among {} states", is_open.len());
}

/// Marks the state as open, keeps where other steps lead for later, and returns its duties.
fn enter<M: Duties>(
    model: &M,
    state: M::State,
    is_open: &mut HashMap<u64, bool>,
    to_visit: &mut Vec<M::State>,
) -> (M::State, Vec<M::Action>)
where
    M::State: Hash,
{
    is_open.insert(digest(&state), true);
    let mut steps = Vec::new();
    model.actions(&state, &mut steps);
    let (duties, whims): (Vec<_>, Vec<_>) = steps.into_iter().partition(M::is_duty);
    to_visit.extend(
        whims
            .into_iter()
            .filter_map(|whim| model.next_state(&state, whim))
            .filter(|next| !is_open.contains_key(&digest(next))),
    );
    (state, duties)
}

fn digest(state: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
