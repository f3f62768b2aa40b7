//! When a callback that was not taken is tried again (P-12).

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The pauses after the first, the second … failure; after one more it is given up. Eleven
/// tries over more than three days.
const PAUSES_S: [u64; 10] = [
    10,
    30,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
    24 * HOUR,
    30 * HOUR,
];
/// A receiver may ask for a longer pause, but not for ever.
const ASKED_MOST: Duration = Duration::from_secs(24 * HOUR);

/// The pause after so many failures; `None` when it has been tried often enough. What the
/// receiver asks for counts when it is longer. `chance` (0 to 1) lengthens by up to a tenth, so
/// that all that failed at one moment do not come back at one moment.
pub(super) fn pause_after(failures: u32, asked: Option<Duration>, chance: f64) -> Option<Duration> {
    let place = usize::try_from(failures.saturating_sub(1)).ok()?;
    let pause = Duration::from_secs(*PAUSES_S.get(place)?);
    let asked = asked.unwrap_or_default().min(ASKED_MOST);
    Some(
        pause
            .max(asked)
            .mul_f64(1.0 + chance.clamp(0.0, 1.0) / 10.0),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{HOUR, pause_after};

    /// P-12: at least ten tries over at least 72 hours.
    #[test]
    fn there_are_eleven_tries_over_more_than_three_days() {
        let pauses: Vec<_> = (1..)
            .map_while(|failures| pause_after(failures, None, 0.0))
            .collect();
        assert_eq!(pauses.len(), 10);
        assert!(pauses.is_sorted());
        assert!(pauses.iter().sum::<Duration>() >= Duration::from_secs(72 * HOUR));
    }

    #[test]
    fn a_receiver_can_ask_for_a_longer_pause_within_bounds() {
        let hours = |count| Duration::from_secs(count * HOUR);
        assert_eq!(pause_after(1, Some(hours(1)), 0.0), Some(hours(1)));
        assert_eq!(
            pause_after(1, Some(Duration::ZERO), 0.0),
            pause_after(1, None, 0.0)
        );
        assert_eq!(pause_after(1, Some(Duration::MAX), 0.0), Some(hours(24)));
        assert_eq!(pause_after(11, Some(hours(1)), 0.0), None);
        assert_eq!(pause_after(2, None, 1.0), Some(Duration::from_secs(33)));
    }
}
