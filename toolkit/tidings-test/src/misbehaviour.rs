//! What a world does wrong on purpose, by a seed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use tidings::crash::Plan;

/// How likely each fault is, each time it could happen, in percent.
#[derive(Clone, Copy, Debug)]
pub struct Misbehaviour {
    /// The process ends at a crash point.
    pub crash: u32,
    /// An event is delivered twice.
    pub duplicate: u32,
    /// An event is not delivered.
    pub lose: u32,
    /// An event is delivered later than those behind it.
    pub delay: u32,
    /// What is delivered at once is in a random order.
    pub reorder: u32,
    /// After that many faults the world behaves, so that every story ends.
    pub faults_max: u32,
}

impl Default for Misbehaviour {
    fn default() -> Self {
        Self {
            crash: 8,
            duplicate: 10,
            lose: 10,
            delay: 10,
            reorder: 20,
            faults_max: 60,
        }
    }
}

/// The dice, and a count of what fell.
pub(crate) struct Dice {
    rules: Misbehaviour,
    random: Mutex<StdRng>,
    fallen: Mutex<BTreeMap<String, u32>>,
}

impl Dice {
    pub(crate) fn new(seed: u64, rules: Misbehaviour) -> Arc<Self> {
        Arc::new(Self {
            rules,
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            fallen: Mutex::default(),
        })
    }

    pub(crate) fn rules(&self) -> &Misbehaviour {
        &self.rules
    }

    /// Whether a fault happens now; counts it.
    pub(crate) fn falls(&self, percent: u32, name: &str) -> bool {
        let mut fallen = self.fallen.lock().unwrap_or_else(PoisonError::into_inner);
        let budget_left = fallen.values().sum::<u32>() < self.rules.faults_max;
        let falls = budget_left && self.random().random_range(0..100) < percent;
        if falls {
            *fallen.entry(name.to_owned()).or_default() += 1;
        }
        falls
    }

    pub(crate) fn shuffle<T>(&self, items: &mut [T]) {
        items.shuffle(&mut *self.random());
    }

    /// How often each fault has happened.
    pub(crate) fn fallen(&self) -> BTreeMap<String, u32> {
        self.fallen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A plan that crashes at points as the dice fall.
    pub(crate) fn plan(self: &Arc<Self>) -> Plan {
        let dice = Arc::clone(self);
        Plan::new(move |point| dice.falls(dice.rules.crash, &format!("crash at {point}")))
    }

    fn random(&self) -> std::sync::MutexGuard<'_, StdRng> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
