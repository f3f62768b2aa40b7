//! What a task costs whom it falls to, and what it brings whoever does it (B-19).

use std::ops::RangeInclusive;

use contracts::TaskId;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const FEE_DOLLARS: RangeInclusive<i64> = 10..=20;
const REWARD_DOLLARS: RangeInclusive<i64> = 20..=40;
const CENTS: i64 = 100;

/// The price of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, tidings::FromRow)]
pub(crate) struct Price {
    pub(crate) assign_fee_minor: i64,
    pub(crate) reward_minor: i64,
}

/// Where prices are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prices {
    seed: u64,
}

impl Prices {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { seed }
    }

    /// Of a source that nobody can repeat.
    pub(crate) fn by_chance() -> Self {
        Self {
            seed: rand::rng().random(),
        }
    }

    /// Whole dollars, each as likely as the other. Each task has dice of its own, so that a
    /// task's price does not depend on which tasks were priced before it.
    pub(crate) fn draw(&self, task_id: TaskId) -> Price {
        let (high, low) = task_id.uuid().as_u64_pair();
        let mut seed = [0; 32];
        for (place, part) in seed.chunks_exact_mut(8).zip([self.seed, high, low]) {
            place.copy_from_slice(&part.to_le_bytes());
        }
        let mut dice = StdRng::from_seed(seed);
        Price {
            assign_fee_minor: dice.random_range(FEE_DOLLARS) * CENTS,
            reward_minor: dice.random_range(REWARD_DOLLARS) * CENTS,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tidings::Uuid;

    use super::*;

    fn task(number: u128) -> TaskId {
        TaskId::from(Uuid::from_u128(number))
    }

    /// B-19: every whole dollar of both ranges, ends included, and all about as often.
    #[test]
    fn prices_are_whole_dollars_within_their_ranges_and_evenly_drawn() {
        let prices = Prices::seeded(7);
        let (mut fees, mut rewards) = (BTreeMap::new(), BTreeMap::new());
        for number in 0..21_000 {
            let price = prices.draw(task(number));
            *fees.entry(price.assign_fee_minor).or_insert(0) += 1;
            *rewards.entry(price.reward_minor).or_insert(0) += 1;
        }
        let dollars = |range: RangeInclusive<i64>| range.map(|one| one * 100).collect::<Vec<_>>();
        assert_eq!(fees.keys().copied().collect::<Vec<_>>(), dollars(10..=20));
        assert_eq!(
            rewards.keys().copied().collect::<Vec<_>>(),
            dollars(20..=40)
        );
        // 10 and 20 degrees of freedom: once in ten thousand draws they are above 35.6 and 52.4.
        assert!(chi_square(&fees) < 35.6, "{fees:?}");
        assert!(chi_square(&rewards) < 52.4, "{rewards:?}");
    }

    fn chi_square(counts: &BTreeMap<i64, i32>) -> f64 {
        let all: i32 = counts.values().sum();
        let expected = f64::from(all) / counts.len() as f64;
        let parts = counts
            .values()
            .map(|&count| (f64::from(count) - expected).powi(2) / expected);
        parts.sum()
    }

    #[test]
    fn the_same_seed_draws_the_same_price_whatever_was_drawn_before() {
        let first = Prices::seeded(1).draw(task(9));
        let prices = Prices::seeded(1);
        prices.draw(task(3));
        assert_eq!(prices.draw(task(9)), first);
        let others = (2..50).filter(|seed| Prices::seeded(*seed).draw(task(9)) != first);
        assert!(others.count() > 40);
    }
}
