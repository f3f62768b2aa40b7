//! Days and ranges that are asked for in the address of a page or an API.

use serde::Deserialize;
use tidings::Problem;
use utoipa::IntoParams;

use super::Day;

/// A year and a day, so that the same day of two years may be compared.
const DAYS_MAX: i64 = 367;
const DAYS_USUAL: i64 = 30;

/// From one day to another, both included.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RangeAsked {
    /// The first day; 29 days before the last if it is not given.
    from: Option<String>,
    /// The last day; today if it is not given.
    to: Option<String>,
}

impl RangeAsked {
    /// Both ends, as far as they were given.
    ///
    /// # Errors
    /// `bad_date`, when one of them is no day.
    pub fn ends(&self) -> Result<(Option<Day>, Option<Day>), Problem> {
        let from = read_day("from", self.from.as_deref())?;
        Ok((from, read_day("to", self.to.as_deref())?))
    }

    /// The first day and the last.
    ///
    /// # Errors
    /// `bad_date`, `range_backwards` or `range_too_long`.
    pub fn range(&self, today: Day) -> Result<(Day, Day), Problem> {
        let (from, to) = self.ends()?;
        // Whoever asks for what is to come gets that, empty.
        let to = to.unwrap_or_else(|| from.map_or(today, |from| from.max(today)));
        let from = from.unwrap_or_else(|| to.minus(DAYS_USUAL - 1));
        check_range(from, to)?;
        Ok((from, to))
    }
}

/// Refuses a range from a later day to an earlier one, and one that nobody could read.
///
/// # Errors
/// `range_backwards` or `range_too_long`.
pub fn check_range(from: Day, to: Day) -> Result<(), Problem> {
    match to.since(from) {
        ..0 => {
            let text = "from is after to. Ask from the earlier day to the later one.";
            Err(Problem::field("range_backwards", "from", text))
        }
        DAYS_MAX.. => {
            let text = format!("A range has {DAYS_MAX} days at the most.");
            Err(Problem::field("range_too_long", "from", text))
        }
        _ => Ok(()),
    }
}

/// A day as somebody wrote it; what a form sends of an empty field is nothing.
///
/// # Errors
/// `bad_date`, when it is no day.
pub fn read_day(field: &str, text: Option<&str>) -> Result<Option<Day>, Problem> {
    let text = text.filter(|text| !text.is_empty());
    let read = text.map(|text| {
        let bad = |_| {
            let text = format!("{field} must be a day like 2026-03-14.");
            Problem::field("bad_date", field, text)
        };
        text.parse().map_err(bad)
    });
    read.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> Result<String, &'static str> {
        let asked = RangeAsked {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
        };
        let today = "2026-03-14".parse().unwrap();
        let (from, to) = asked.range(today).map_err(|problem| problem.code())?;
        Ok(format!("{from}..{to}"))
    }

    #[test]
    fn ranges_are_given_by_both_ends_or_one_or_none() {
        assert_eq!(
            range("2026-03-01", "2026-03-02").unwrap(),
            "2026-03-01..2026-03-02"
        );
        assert_eq!(range("2026-03-01", "").unwrap(), "2026-03-01..2026-03-14");
        assert_eq!(range("2026-04-01", "").unwrap(), "2026-04-01..2026-04-01");
        assert_eq!(range("", "2026-03-02").unwrap(), "2026-02-01..2026-03-02");
        assert_eq!(range("", "").unwrap(), "2026-02-13..2026-03-14");
    }

    #[test]
    fn ranges_backwards_too_long_and_of_no_days_are_refused() {
        assert_eq!(range("2026-03-02", "2026-03-01"), Err("range_backwards"));
        assert_eq!(
            range("2025-03-14", "2026-03-15").unwrap(),
            "2025-03-14..2026-03-15"
        );
        assert_eq!(range("2025-03-14", "2026-03-16"), Err("range_too_long"));
        assert_eq!(range("0001-01-01", "9999-12-31"), Err("range_too_long"));
        assert_eq!(range("2026-02-30", "2026-03-01"), Err("bad_date"));
        assert_eq!(range("2026-03-01", "';--"), Err("bad_date"));
    }
}
