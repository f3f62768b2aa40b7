//! Which days are asked for: a range, or the days, weeks or months in which it lies.

use contracts::calendar::{BillingDay, RangeAsked, check_range};
use serde::Deserialize;
use tidings::Problem;
use utoipa::IntoParams;

/// What a range is widened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    Day,
    /// From Monday to Sunday (ISO 8601).
    Week,
    Month,
}

impl Period {
    const ALL: [Self; 3] = [Period::Day, Period::Week, Period::Month];

    /// The word in an address.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
        }
    }

    /// The first and the last day of the period in which a day lies.
    fn around(self, day: BillingDay) -> (BillingDay, BillingDay) {
        match self {
            Period::Day => (day, day),
            Period::Week => day.week(),
            Period::Month => day.month(),
        }
    }
}

/// A range that is made of whole days, weeks or months.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeriodAsked {
    /// `day`, `week` (from Monday to Sunday) or `month`: the one that lies around from and to,
    /// whole; around today if neither is given. Without it the range is as from and to say.
    period: Option<String>,
}

impl PeriodAsked {
    /// # Errors
    /// `bad_period`.
    pub(crate) fn period(&self) -> Result<Option<Period>, Problem> {
        let word = self.period.as_deref().filter(|word| !word.is_empty());
        let read = word.map(|word| {
            let mut all = Period::ALL.into_iter();
            all.find(|period| period.as_str() == word).ok_or_else(|| {
                let text = "period must be day, week or month, or be left out.";
                Problem::field("bad_period", "period", text)
            })
        });
        read.transpose()
    }

    /// The days that are asked for, the first and the last.
    ///
    /// # Errors
    /// `bad_period`, `bad_date`, `range_backwards` or `range_too_long`.
    pub(crate) fn range(
        &self,
        asked: &RangeAsked,
        today: BillingDay,
    ) -> Result<(BillingDay, BillingDay), Problem> {
        let Some(period) = self.period()? else {
            return asked.range(today);
        };
        let (from, to) = asked.ends()?;
        let from_or_to = from.or(to).unwrap_or(today);
        let (from, to) = (from.unwrap_or(from_or_to), to.unwrap_or(from_or_to));
        check_range(from, to)?;
        let ((first, _), (_, last)) = (period.around(from), period.around(to));
        check_range(first, last)?;
        Ok((first, last))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn range(period: &str, from: &str, to: &str) -> Result<String, &'static str> {
        let period = PeriodAsked {
            period: Some(period.to_owned()),
        };
        let asked = serde_json::from_value(json!({ "from": from, "to": to })).unwrap();
        // A Saturday.
        let today = "2026-03-14".parse().unwrap();
        let (from, to) = period
            .range(&asked, today)
            .map_err(|problem| problem.code())?;
        Ok(format!("{from}..{to}"))
    }

    #[test]
    fn a_period_is_the_one_around_the_range_or_around_today() {
        for (period, from, to, expected) in [
            ("day", "", "", "2026-03-14..2026-03-14"),
            ("week", "", "", "2026-03-09..2026-03-15"),
            ("month", "", "", "2026-03-01..2026-03-31"),
            ("day", "2026-03-01", "", "2026-03-01..2026-03-01"),
            ("week", "2026-03-01", "", "2026-02-23..2026-03-01"),
            ("month", "", "2026-02-10", "2026-02-01..2026-02-28"),
            ("week", "2026-03-03", "2026-03-10", "2026-03-02..2026-03-15"),
            (
                "month",
                "2025-12-31",
                "2026-01-01",
                "2025-12-01..2026-01-31",
            ),
            ("", "2026-03-03", "2026-03-10", "2026-03-03..2026-03-10"),
            ("", "", "", "2026-02-13..2026-03-14"),
        ] {
            assert_eq!(
                range(period, from, to).unwrap(),
                expected,
                "{period} {from}"
            );
        }
    }

    #[test]
    fn periods_that_are_none_and_ranges_backwards_or_too_long_are_refused() {
        assert_eq!(range("year", "", ""), Err("bad_period"));
        assert_eq!(range("' OR 1=1 --", "", ""), Err("bad_period"));
        assert_eq!(range("week", "2026-02-30", ""), Err("bad_date"));
        // Also within one week, of which the whole would be shown.
        let backwards = range("week", "2026-03-10", "2026-03-09");
        assert_eq!(backwards, Err("range_backwards"));
        // A year and a day may be asked for, and not be widened to more.
        let too_long = range("month", "2025-03-31", "2026-03-31");
        assert_eq!(too_long, Err("range_too_long"));
        assert_eq!(
            range("day", "0001-01-01", "9999-12-31"),
            Err("range_too_long")
        );
    }
}
