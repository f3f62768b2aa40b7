//! Days as the books count them: civil days of one time zone (B-34).

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tidings::{FromValue, Timestamp, Value};

/// A day of the books; sorts as it is written: `2026-03-14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BillingDay(Date);

impl Default for BillingDay {
    /// 1970-01-01.
    fn default() -> Self {
        Self(jiff::civil::date(1970, 1, 1))
    }
}

impl BillingDay {
    /// Behind all others.
    pub(crate) fn last() -> Self {
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

    /// Some days earlier.
    pub(crate) fn minus(self, days: i64) -> Self {
        let span = jiff::Span::new().try_days(days);
        let earlier = span.and_then(|span| self.0.checked_sub(span));
        Self(earlier.unwrap_or(Date::MIN))
    }

    /// How many days it is from an earlier day; less than zero from a later one.
    pub(crate) fn since(self, earlier: Self) -> i64 {
        let span = self.0.since(earlier.0);
        span.map_or(0, |span| i64::from(span.get_days()))
    }

    /// For people: `Sat 14 March 2026`.
    #[must_use]
    pub fn in_words(self) -> String {
        self.0.strftime("%a %-d %B %Y").to_string()
    }
}

impl fmt::Display for BillingDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for BillingDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Dates with a time behind them would be read too.
        let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
        let date = date.ok_or_else(|| format!("{text:?} is not a day like 2026-03-14"))?;
        Ok(Self(date))
    }
}

impl Serialize for BillingDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BillingDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl From<BillingDay> for Value {
    fn from(day: BillingDay) -> Self {
        Value::Text(day.to_string())
    }
}

impl FromValue for BillingDay {
    fn from_value(value: Value) -> Result<Self, String> {
        String::from_value(value)?.parse()
    }
}

/// The time zone in which days begin and end.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    zone: TimeZone,
    name: String,
}

impl Calendar {
    pub(crate) fn try_new(name: &str) -> Result<Self, BadZone> {
        let zone = TimeZone::get(name);
        let zone = zone.map_err(|source| BadZone {
            name: name.to_owned(),
            source,
        })?;
        Ok(Self {
            zone,
            name: name.to_owned(),
        })
    }

    pub(crate) fn utc() -> Self {
        Self {
            zone: TimeZone::UTC,
            name: "UTC".to_owned(),
        }
    }

    /// The zone's name in the IANA database.
    pub(crate) fn zone(&self) -> &str {
        &self.name
    }

    /// The day in which a moment lies.
    pub(crate) fn day_of(&self, moment: Timestamp) -> BillingDay {
        BillingDay(self.zoned(moment).date())
    }

    /// The last moment of a day: the next day begins a microsecond later.
    pub(crate) fn last_moment_of(&self, day: BillingDay) -> Timestamp {
        let midnight = day.next().0.to_zoned(self.zone.clone());
        let midnight = midnight.map_or(i64::MAX, |zoned| zoned.timestamp().as_microsecond());
        Timestamp::from_micros(midnight.saturating_sub(1))
    }

    /// The clock's hands at a moment: `09:12`.
    pub(crate) fn time_of_day(&self, moment: Timestamp) -> String {
        self.zoned(moment).strftime("%H:%M").to_string()
    }

    /// A moment with the zone's offset, for programs: `2026-03-14T09:12:07+01:00`.
    pub(crate) fn stamp(&self, moment: Timestamp) -> String {
        let zoned = self.zoned(moment);
        zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    fn zoned(&self, moment: Timestamp) -> jiff::Zoned {
        let moment = jiff::Timestamp::from_microsecond(moment.as_micros());
        // What no calendar holds lies at its end.
        let moment = moment.unwrap_or(jiff::Timestamp::MAX);
        moment.to_zoned(self.zone.clone())
    }
}

/// There is no time zone of this name.
#[derive(Debug, thiserror::Error)]
#[error("find the time zone {name:?}, which is to be one of the IANA database, as Europe/Berlin")]
pub struct BadZone {
    name: String,
    #[source]
    source: jiff::Error,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn day(text: &str) -> BillingDay {
        text.parse().unwrap()
    }

    /// B-34.
    #[test]
    fn a_moment_belongs_to_the_day_of_the_zone_and_not_of_greenwich() {
        let moment = at("2026-03-14T23:30:00Z");
        let zoned = |name: &str| Calendar::try_new(name).unwrap().day_of(moment);
        assert_eq!(Calendar::utc().day_of(moment), day("2026-03-14"));
        assert_eq!(zoned("Europe/Berlin"), day("2026-03-15"));
        assert_eq!(zoned("America/New_York"), day("2026-03-14"));
    }

    #[test]
    fn days_are_23_and_25_hours_long_when_clocks_are_put_on_and_back() {
        let berlin = Calendar::try_new("Europe/Berlin").unwrap();
        for (date, end) in [
            ("2026-03-28", "2026-03-28T22:59:59.999999Z"),
            ("2026-03-29", "2026-03-29T21:59:59.999999Z"),
            ("2026-10-25", "2026-10-25T22:59:59.999999Z"),
        ] {
            let end = at(end);
            assert_eq!(berlin.last_moment_of(day(date)), end);
            assert_eq!(berlin.day_of(end), day(date));
            let after = end.plus(std::time::Duration::from_micros(1));
            assert_eq!(berlin.day_of(after), day(date).next());
        }
    }

    #[test]
    fn a_day_that_begins_at_one_is_a_day() {
        // In Lebanon clocks are put on at midnight.
        let beirut = Calendar::try_new("Asia/Beirut").unwrap();
        let before = beirut.last_moment_of(day("2026-03-28"));
        assert_eq!(beirut.day_of(before), day("2026-03-28"));
        let after = before.plus(std::time::Duration::from_micros(1));
        assert_eq!(beirut.day_of(after), day("2026-03-29"));
        assert_eq!(beirut.time_of_day(after), "01:00");
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
            assert!(text.parse::<BillingDay>().is_err(), "{text}");
        }
        assert_eq!(day("2026-03-14").in_words(), "Sat 14 March 2026");
        assert_eq!(day("2026-03-01").since(day("2026-02-27")), 2);
        assert_eq!(day("2026-03-01").minus(2), day("2026-02-27"));
    }

    #[test]
    fn a_zone_that_there_is_not_is_refused_by_its_name() {
        let refused = Calendar::try_new("Europe/Atlantis").unwrap_err();
        assert!(refused.to_string().contains("Atlantis"));
    }
}
