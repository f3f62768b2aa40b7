//! A day of the calendar.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tidings::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use tidings::{FromValue, Timestamp, Value};

/// A day of the calendar; sorts as it is written, on the wire and in the database: `2026-03-14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub(super) Date);

/// A day of the books: a day as their time zone counts it.
pub type BillingDay = Day;

impl Default for Day {
    /// 1970-01-01.
    fn default() -> Self {
        Self(jiff::civil::date(1970, 1, 1))
    }
}

impl Day {
    /// The day on which a moment is in UTC.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        let moment = jiff::Timestamp::from_microsecond(moment.as_micros());
        let moment = moment.unwrap_or(jiff::Timestamp::MAX);
        Self(moment.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// Behind all others.
    #[must_use]
    pub fn last() -> Self {
        Self(Date::MAX)
    }

    /// The day after; the last day of all stays the last.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.tomorrow().unwrap_or(self.0))
    }

    /// The day before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.yesterday().unwrap_or(self.0))
    }

    /// Some days earlier, or later if they are less than zero, as far as the calendar goes.
    #[must_use]
    pub fn minus(self, days: i64) -> Self {
        let span = jiff::Span::new().try_days(days);
        let earlier = span.and_then(|span| self.0.checked_sub(span));
        let end = if days < 0 { Date::MAX } else { Date::MIN };
        Self(earlier.unwrap_or(end))
    }

    /// How many days it is from an earlier day; less than zero from a later one.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        let span = self.0.since(earlier.0);
        span.map_or(0, |span| i64::from(span.get_days()))
    }

    /// This day and those before it, back to an earlier one, which is the last.
    pub fn back_to(self, earlier: Self) -> impl Iterator<Item = Self> {
        let before = |day: &Self| Some(day.previous()).filter(|before| before < day);
        let days = std::iter::successors(Some(self), before);
        days.take_while(move |day| *day >= earlier)
    }

    /// Monday and Sunday of its week.
    #[must_use]
    pub fn week(self) -> (Self, Self) {
        let monday = self.minus(i64::from(self.0.weekday().to_monday_zero_offset()));
        (monday, monday.minus(-6))
    }

    /// The first and the last day of its month.
    #[must_use]
    pub fn month(self) -> (Self, Self) {
        (Self(self.0.first_of_month()), Self(self.0.last_of_month()))
    }

    /// The first and the last day of its quarter of the year.
    #[must_use]
    pub fn quarter(self) -> (Self, Self) {
        let first = (self.0.month() - 1) / 3 * 3 + 1;
        let (first, last) = (self.0.with().month(first), self.0.with().month(first + 2));
        // The first of a month is there in every month.
        let first = first.day(1).build().unwrap_or(self.0);
        let last = last.day(1).build().unwrap_or(self.0);
        (Self(first), Self(last.last_of_month()))
    }

    /// For people: `Sat 14 March 2026`.
    #[must_use]
    pub fn in_words(self) -> String {
        self.0.strftime("%a %-d %B %Y").to_string()
    }

    /// Where there is little room: `14 Mar`.
    #[must_use]
    pub fn in_short(self) -> String {
        self.0.strftime("%-d %b").to_string()
    }

    /// From this day to a later one, for people: `1–3 March 2026`.
    #[must_use]
    pub fn to_in_words(self, last: Self) -> String {
        let (from, to) = (self.0, last.0);
        let beginning = match (from.year() == to.year(), from.month() == to.month()) {
            _ if from == to => return self.in_words(),
            (true, true) => from.strftime("%-d–"),
            (true, false) => from.strftime("%-d %B – "),
            (false, _) => from.strftime("%-d %B %Y – "),
        };
        format!("{beginning}{}", to.strftime("%-d %B %Y"))
    }

    /// What a page has seen that shows something at a revision and what there is of this day:
    /// another number when either is another, because at midnight today begins anew.
    #[must_use]
    pub fn seen(self, revision: u64) -> u64 {
        let day = u64::try_from(self.since(Self::default())).unwrap_or_default();
        (revision << 20) | (day & 0xF_FFFF)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Dates with a time behind them would be read too.
        let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
        let date = date.ok_or_else(|| format!("{text:?} is not a day like 2026-03-14"))?;
        Ok(Self(date))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Day {
    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

impl From<Day> for Value {
    fn from(day: Day) -> Self {
        Value::Text(day.to_string())
    }
}

impl FromValue for Day {
    fn from_value(value: Value) -> Result<Self, String> {
        String::from_value(value)?.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn only_a_day_is_a_day() {
        for text in [
            "",
            "2026-3-4",
            "2026-02-30",
            "20260314",
            "2026-03-14T00:00",
            "tomorrow",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
        assert_eq!(day("2026-03-14").in_words(), "Sat 14 March 2026");
        assert_eq!(day("2026-03-01").since(day("2026-02-27")), 2);
        assert_eq!(day("2026-03-01").minus(2), day("2026-02-27"));
    }

    #[test]
    fn weeks_begin_on_monday_and_months_are_as_long_as_they_are() {
        let ends = |(from, to): (Day, Day)| format!("{from}..{to}");
        for (of, week, month) in [
            (
                "2026-03-01",
                "2026-02-23..2026-03-01",
                "2026-03-01..2026-03-31",
            ),
            (
                "2026-03-02",
                "2026-03-02..2026-03-08",
                "2026-03-01..2026-03-31",
            ),
            (
                "2024-02-29",
                "2024-02-26..2024-03-03",
                "2024-02-01..2024-02-29",
            ),
            // The first ISO week of 2026 begins in 2025.
            (
                "2026-01-01",
                "2025-12-29..2026-01-04",
                "2026-01-01..2026-01-31",
            ),
        ] {
            let of = day(of);
            assert_eq!(
                (ends(of.week()), ends(of.month())),
                (week.to_owned(), month.to_owned())
            );
        }
    }

    #[test]
    fn a_year_has_four_quarters() {
        for (of, first, last) in [
            ("2026-01-01", "2026-01-01", "2026-03-31"),
            ("2024-02-29", "2024-01-01", "2024-03-31"),
            ("2026-05-31", "2026-04-01", "2026-06-30"),
            ("2026-08-31", "2026-07-01", "2026-09-30"),
            ("2026-12-31", "2026-10-01", "2026-12-31"),
            ("9999-12-31", "9999-10-01", "9999-12-31"),
        ] {
            assert_eq!(day(of).quarter(), (day(first), day(last)));
        }
    }

    #[test]
    fn days_of_a_range_come_newest_first_and_end_where_the_calendar_ends() {
        let days = |from: &str, to: &str| day(to).back_to(day(from)).collect::<Vec<_>>();
        let three = ["2026-03-01", "2026-02-28", "2026-02-27"].map(day);
        assert_eq!(days("2026-02-27", "2026-03-01"), three);
        assert_eq!(days("2026-03-01", "2026-02-27"), []);
        assert_eq!(Day::last().back_to(Day::last()).count(), 1);
        assert_eq!(Day::last().week().1, Day::last());
    }

    #[test]
    fn ranges_read_as_people_write_them() {
        let words = |from: &str, to: &str| day(from).to_in_words(day(to));
        assert_eq!(words("2026-03-01", "2026-03-03"), "1–3 March 2026");
        assert_eq!(
            words("2026-02-28", "2026-03-03"),
            "28 February – 3 March 2026"
        );
        assert_eq!(
            words("2025-12-29", "2026-01-04"),
            "29 December 2025 – 4 January 2026"
        );
        assert_eq!(
            words("2025-03-01", "2026-03-01"),
            "1 March 2025 – 1 March 2026"
        );
        assert_eq!(words("2026-03-14", "2026-03-14"), "Sat 14 March 2026");
    }
}
