//! Telling in time that licences come to their end: which notice is due is pure.
//!
//! A platform, a threshold and the last day of its licence make one notice, for ever. So
//! nothing is told twice after a restart, or when a day is moved away and back; and a day that
//! moves has its own notices, while those of the old day that were not told yet are never due
//! any more.

mod letter;
mod telling;

use contracts::calendar::Day;

pub(crate) use letter::{Line, in_words, when};
pub(crate) use telling::{EVERY_MORNING, TellExpiring, tell, write_letters};

/// How many days before the end a notice is told, the earliest first.
pub(crate) const THRESHOLDS: [u16; 4] = [90, 30, 7, 0];
/// An end is told late for so many days; of what ended before, nobody needs to hear.
const LATE_DAYS: u16 = 30;

/// The days of ends of which a threshold is the nearest, on some day: behind the one, up to
/// the other. So whoever was away from the 91st day to the 20th tells the notice of 30 days,
/// and never that of 90.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) threshold: u16,
    pub(crate) behind: Day,
    pub(crate) to: Day,
}

/// What is due on a day, threshold by threshold.
pub(crate) fn due_on(day: Day) -> [Due; 4] {
    let later = |days: u16| day.minus(-i64::from(days));
    let [early, month, week, last] = THRESHOLDS;
    let due = |threshold: u16, behind: Day| Due {
        threshold,
        behind,
        to: later(threshold),
    };
    [
        due(early, later(month)),
        due(month, later(week)),
        due(week, later(last)),
        due(last, day.minus(i64::from(LATE_DAYS) + 1)),
    ]
}

/// How many days are left; none when it is over.
pub(crate) fn days_left(day: Day, expires_on: Day) -> u32 {
    u32::try_from(expires_on.since(day)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The threshold that is due so many days before the end.
    fn due(today: &str, expires_on: &str) -> Option<u16> {
        let end: Day = expires_on.parse().unwrap();
        let due = due_on(today.parse().unwrap()).into_iter();
        let mut due = due.filter(|due| due.behind < end && end <= due.to);
        let first = due.next();
        assert_eq!(due.next(), None, "one threshold at the most");
        first.map(|due| due.threshold)
    }

    #[test]
    fn a_20_the_nearest_threshold_is_due_and_no_other() {
        let today = "2026-01-01".parse::<Day>().unwrap();
        for (left, threshold) in [
            (91, None),
            (90, Some(90)),
            (31, Some(90)),
            (30, Some(30)),
            (20, Some(30)),
            (8, Some(30)),
            (7, Some(7)),
            (1, Some(7)),
            (0, Some(0)),
            (-30, Some(0)),
            (-31, None),
        ] {
            let end = today.minus(-left).to_string();
            assert_eq!(due("2026-01-01", &end), threshold, "{left} days left");
        }
    }

    #[test]
    fn a_20_a_licence_may_end_on_the_29th_of_february() {
        assert_eq!(due("2028-01-30", "2028-02-29"), Some(30));
        assert_eq!(due("2028-01-29", "2028-02-29"), Some(90));
        assert_eq!(due("2028-02-29", "2028-02-29"), Some(0));
        assert_eq!(due("2027-12-01", "2028-02-29"), Some(90));
        assert_eq!(due("2027-11-30", "2028-02-29"), None);
        let day = |text: &str| text.parse().unwrap();
        assert_eq!(days_left(day("2028-02-01"), day("2028-02-29")), 28);
        assert_eq!(days_left(day("2028-03-01"), day("2028-02-29")), 0);
    }

    #[test]
    fn the_end_of_the_calendar_is_no_crash() {
        for day in ["0001-01-01", "9999-12-31"] {
            assert_eq!(due_on(day.parse().unwrap()).len(), 4);
        }
        assert_eq!(due_on(Day::last()).len(), 4);
    }
}
