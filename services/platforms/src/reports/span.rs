//! The days whose licences somebody asks for.

use contracts::calendar::{Day, read_day};
use serde::Deserialize;
use tidings::Problem;
use utoipa::IntoParams;

const DAYS_USUAL: i64 = 90;
/// Ten years; licences that run longer are nobody's worry.
const DAYS_MAX: i64 = 3_660;

/// From one day to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Day,
    pub(crate) to: Day,
}

/// How somebody says which days: one of three ways, 90 days from today on if none.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SpanAsked {
    /// So many days from today on: `90d`.
    pub(crate) within: Option<String>,
    /// The first day; today if only the last is given.
    pub(crate) from: Option<String>,
    /// The last day; 90 days later if only the first is given.
    pub(crate) to: Option<String>,
    /// A quarter of the year: `this`, `next`, or `2026-Q3`.
    pub(crate) quarter: Option<String>,
}

impl SpanAsked {
    /// The days that are meant.
    ///
    /// # Errors
    /// `bad_span`, `bad_within`, `bad_quarter`, `bad_date` or `range_backwards`.
    pub(crate) fn read(&self, today: Day) -> Result<Span, Problem> {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let (within, quarter) = (said(&self.within), said(&self.quarter));
        let from = read_day("from", self.from.as_deref())?;
        let to = read_day("to", self.to.as_deref())?;
        match (within, quarter, from.or(to)) {
            (Some(within), None, None) => days_from(today, &within),
            (None, Some(quarter), None) => of_quarter(today, &quarter),
            (None, None, None) => Ok(from_on(today)),
            (None, None, Some(_)) => {
                let from = from.unwrap_or(today);
                let to = to.unwrap_or_else(|| from_on(from).to);
                between(from, to)
            }
            _ => {
                let text = "Ask with within, with from and to, or with quarter: one of the three.";
                Err(Problem::field("bad_span", "within", text))
            }
        }
    }
}

fn from_on(day: Day) -> Span {
    Span {
        from: day,
        to: day.minus(-DAYS_USUAL),
    }
}

fn days_from(today: Day, within: &str) -> Result<Span, Problem> {
    let days = within.strip_suffix('d').unwrap_or(within).parse().ok();
    let days = days.filter(|days| (0..=DAYS_MAX).contains(days));
    let days = days.ok_or_else(|| {
        let text = format!("within must be a number of days from 0d to {DAYS_MAX}d.");
        Problem::field("bad_within", "within", text)
    })?;
    Ok(Span {
        from: today,
        to: today.minus(-days),
    })
}

fn between(from: Day, to: Day) -> Result<Span, Problem> {
    match from <= to {
        true => Ok(Span { from, to }),
        false => {
            let text = "from is after to. Ask from the earlier day to the later one.";
            Err(Problem::field("range_backwards", "from", text))
        }
    }
}

fn of_quarter(today: Day, quarter: &str) -> Result<Span, Problem> {
    let (first, last) = today.quarter();
    let (from, to) = match quarter {
        "this" => (first, last),
        "next" => last.next().quarter(),
        other => named_quarter(other).ok_or_else(|| {
            let text = "quarter must be this, next, or one like 2026-Q3.";
            Problem::field("bad_quarter", "quarter", text)
        })?,
    };
    Ok(Span { from, to })
}

/// The quarter in which a day lies: `Q3`.
pub(crate) fn quarter_of(day: Day) -> String {
    let before = (0..4).filter(|earlier| {
        let of_it = named_quarter(&format!("{}-Q{}", year_of(day), earlier + 1));
        of_it.is_some_and(|(first, _)| first <= day)
    });
    format!("Q{}", before.count())
}

fn year_of(day: Day) -> String {
    day.to_string().chars().take(4).collect()
}

fn named_quarter(text: &str) -> Option<(Day, Day)> {
    let (year, quarter) = text.split_once("-Q")?;
    let month = match quarter {
        "1" => "01",
        "2" => "04",
        "3" => "07",
        "4" => "10",
        _ => return None,
    };
    let first: Day = format!("{year}-{month}-01").parse().ok()?;
    Some(first.quarter())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(within: &str, from: &str, to: &str, quarter: &str) -> Result<String, &'static str> {
        let said = |text: &str| Some(text.to_owned());
        let asked = SpanAsked {
            within: said(within),
            from: said(from),
            to: said(to),
            quarter: said(quarter),
        };
        let today = "2026-11-14".parse().unwrap();
        let span = asked.read(today).map_err(|problem| problem.code())?;
        Ok(format!("{}..{}", span.from, span.to))
    }

    #[test]
    fn days_are_asked_for_in_one_of_three_ways() {
        for (within, from, to, quarter, expected) in [
            ("", "", "", "", "2026-11-14..2027-02-12"),
            ("30d", "", "", "", "2026-11-14..2026-12-14"),
            ("0", "", "", "", "2026-11-14..2026-11-14"),
            ("", "2026-12-01", "", "", "2026-12-01..2027-03-01"),
            ("", "", "2026-12-01", "", "2026-11-14..2026-12-01"),
            ("", "2020-01-01", "2026-11-13", "", "2020-01-01..2026-11-13"),
            ("", "", "", "this", "2026-10-01..2026-12-31"),
            ("", "", "", "next", "2027-01-01..2027-03-31"),
            ("", "", "", "2024-Q1", "2024-01-01..2024-03-31"),
        ] {
            assert_eq!(read(within, from, to, quarter).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_day_lies_in_one_of_four_quarters() {
        for (day, quarter) in [
            ("2026-01-01", "Q1"),
            ("2028-02-29", "Q1"),
            ("2026-06-30", "Q2"),
            ("2026-07-01", "Q3"),
            ("2026-12-31", "Q4"),
        ] {
            assert_eq!(quarter_of(day.parse().unwrap()), quarter);
        }
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for (within, from, to, quarter, code) in [
            ("soon", "", "", "", "bad_within"),
            ("-1d", "", "", "", "bad_within"),
            ("9999999999999999999d", "", "", "", "bad_within"),
            ("3661d", "", "", "", "bad_within"),
            ("", "2026-02-29", "", "", "bad_date"),
            ("", "2026-12-02", "2026-12-01", "", "range_backwards"),
            ("", "", "2026-11-13", "", "range_backwards"),
            ("", "", "", "2026-Q5", "bad_quarter"),
            ("", "", "", "Q1", "bad_quarter"),
            ("", "", "", "é-Q1", "bad_quarter"),
            ("30d", "", "", "next", "bad_span"),
            ("30d", "2026-12-01", "", "", "bad_span"),
        ] {
            assert_eq!(read(within, from, to, quarter), Err(code));
        }
    }
}
