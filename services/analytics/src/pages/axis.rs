//! The scale of a chart: round numbers around all its values, with zero among them.

/// More lines than this across a chart are noise.
const STEPS_MOST: i64 = 4;
/// No chart is drawn of more, and sums of it stay within bounds.
const FAR: i64 = 1_000_000_000_000_000;

/// From the lowest line to the highest, step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    low: i64,
    high: i64,
    step: i64,
}

impl Axis {
    /// A scale on which all values have a place; its steps are a unit, or 2, 5, 10 … of it.
    pub(super) fn around(values: impl IntoIterator<Item = i64>, unit: i64) -> Self {
        let (mut low, mut high) = (0, 0);
        for value in values {
            low = value.clamp(-FAR, low);
            high = value.clamp(high, FAR);
        }
        let mut step = unit;
        let mut factors = [2, 5, 10].into_iter().cycle();
        let mut ten = unit;
        while step * STEPS_MOST < high - low {
            let factor = factors.next().unwrap_or(10);
            step = ten * factor;
            if factor == 10 {
                ten = step;
            }
        }
        low = low.div_euclid(step) * step;
        high = -((-high).div_euclid(step)) * step;
        if low == high {
            high = step;
        }
        Self { low, high, step }
    }

    /// The numbers at the lines, the lowest first.
    pub(super) fn lines(self) -> impl Iterator<Item = i64> {
        let count = (self.high - self.low) / self.step;
        (0..=count).map(move |line| self.low + line * self.step)
    }

    /// How far down a value lies: 0 at the highest line, 1 at the lowest.
    pub(super) fn depth(self, value: i64) -> f64 {
        let value = value.clamp(self.low, self.high);
        (self.high - value) as f64 / (self.high - self.low) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(values: &[i64], unit: i64) -> Vec<i64> {
        Axis::around(values.iter().copied(), unit).lines().collect()
    }

    #[test]
    fn lines_are_few_and_round_and_zero_is_one_of_them() {
        assert_eq!(lines(&[], 100), [0, 100]);
        assert_eq!(lines(&[0, 0], 1), [0, 1]);
        assert_eq!(lines(&[3], 1), [0, 1, 2, 3]);
        assert_eq!(lines(&[11], 1), [0, 5, 10, 15]);
        assert_eq!(lines(&[2_800, 3_800], 100), [0, 1_000, 2_000, 3_000, 4_000]);
        assert_eq!(lines(&[-1_500, 2_600], 100), [-2_000, 0, 2_000, 4_000]);
        assert_eq!(lines(&[-700], 100), [-800, -600, -400, -200, 0]);
    }

    #[test]
    fn every_value_lies_between_the_highest_line_and_the_lowest() {
        for values in [[0, 7], [-3, 12_345], [-99_999, -1], [i64::MIN, i64::MAX]] {
            let axis = Axis::around(values, 100);
            for value in values {
                assert!((0.0..=1.0).contains(&axis.depth(value)), "{values:?}");
            }
            assert!(axis.lines().count() <= 6, "{values:?}");
            assert!(axis.lines().any(|line| line == 0), "{values:?}");
        }
    }
}
