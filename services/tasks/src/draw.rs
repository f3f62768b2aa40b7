//! The lot: whom a task falls to.

use std::sync::{Mutex, PoisonError};

use contracts::UserId;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Draws, each of the candidates as likely as the others (B-11).
pub(crate) struct Lot(Mutex<StdRng>);

impl Lot {
    /// A lot that draws the same for the same seed, or one that nobody can foresee.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(Mutex::new(match seed {
            Some(seed) => StdRng::seed_from_u64(seed),
            None => rand::make_rng(),
        }))
    }

    /// One of the candidates, without one of them if that is said; nobody when none is left.
    pub(crate) fn draw(&self, among: &[UserId], without: Option<UserId>) -> Option<UserId> {
        let excluded = without.and_then(|one| among.iter().position(|other| *other == one));
        let many = among.len() - usize::from(excluded.is_some());
        if many == 0 {
            return None;
        }
        let mut random = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let drawn = random.random_range(0..many);
        // Over the one who is left out: the others stay as likely as before.
        let index = drawn + usize::from(excluded.is_some_and(|excluded| drawn >= excluded));
        among.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use tidings::Uuid;

    use super::*;

    const DRAWS: usize = 10_000;
    /// Chi-square with nine degrees of freedom is larger than this once in a thousand.
    const CRITICAL: f64 = 27.88;

    fn people(many: u128) -> Vec<UserId> {
        (0..many)
            .map(|number| Uuid::from_u128(number).into())
            .collect()
    }

    fn chi_square(among: &[UserId], without: Option<UserId>) -> f64 {
        let lot = Lot::new(Some(5));
        let candidates: Vec<_> = among.iter().filter(|one| Some(**one) != without).collect();
        let mut counts = vec![0_usize; candidates.len()];
        for _ in 0..DRAWS {
            let drawn = lot.draw(among, without).expect("somebody is there");
            let place = candidates.iter().position(|one| **one == drawn);
            counts[place.expect("nobody else is drawn")] += 1;
        }
        let expected = DRAWS as f64 / candidates.len() as f64;
        let off = |count: usize| (count as f64 - expected).powi(2) / expected;
        counts.into_iter().map(off).sum()
    }

    #[test]
    fn b_11_ten_thousand_draws_fall_evenly_on_ten_people() {
        let chi_square = chi_square(&people(10), None);
        assert!(chi_square < CRITICAL, "{chi_square}");
    }

    #[test]
    fn b_11_ten_thousand_draws_without_one_fall_evenly_on_the_ten_others() {
        for excluded in [0_u128, 4, 10] {
            let among = people(11);
            let chi_square = chi_square(&among, Some(Uuid::from_u128(excluded).into()));
            assert!(chi_square < CRITICAL, "without {excluded}: {chi_square}");
        }
    }

    #[test]
    fn b_11_the_same_seed_draws_the_same() {
        let among = people(100);
        let draws = |seed| {
            let lot = Lot::new(seed);
            (0..50).map(|_| lot.draw(&among, None)).collect::<Vec<_>>()
        };
        assert_eq!(draws(Some(7)), draws(Some(7)));
        assert_ne!(draws(Some(7)), draws(Some(8)));
        assert_ne!(draws(None), draws(None));
    }

    #[test]
    fn nobody_is_drawn_where_nobody_is_left() {
        let lot = Lot::new(Some(1));
        let one = people(1);
        assert_eq!(lot.draw(&[], None), None);
        assert_eq!(lot.draw(&one, None), Some(one[0]));
        assert_eq!(lot.draw(&one, Some(one[0])), None);
    }
}
