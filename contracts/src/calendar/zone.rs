//! The time zone in which days begin and end.

use jiff::tz::TimeZone;
use tidings::Timestamp;

use super::Day;

/// The time zone in which days begin and end.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    name: String,
}

impl Calendar {
    /// Days of a time zone of the IANA database: `Europe/Berlin`.
    ///
    /// # Errors
    /// When there is no zone of this name.
    pub fn try_new(name: &str) -> Result<Self, BadZone> {
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

    /// Days of Greenwich.
    #[must_use]
    pub fn utc() -> Self {
        Self {
            zone: TimeZone::UTC,
            name: "UTC".to_owned(),
        }
    }

    /// The zone's name in the IANA database.
    #[must_use]
    pub fn zone(&self) -> &str {
        &self.name
    }

    /// The day in which a moment lies.
    #[must_use]
    pub fn day_of(&self, moment: Timestamp) -> Day {
        Day(self.zoned(moment).date())
    }

    /// The first moment of a day.
    #[must_use]
    pub fn first_moment_of(&self, day: Day) -> Timestamp {
        let begins = day.0.to_zoned(self.zone.clone());
        // What no calendar holds lies at its end.
        let begins = begins.map_or(i64::MAX, |zoned| zoned.timestamp().as_microsecond());
        Timestamp::from_micros(begins)
    }

    /// The last moment of a day: the next day begins a microsecond later.
    #[must_use]
    pub fn last_moment_of(&self, day: Day) -> Timestamp {
        let midnight = self.first_moment_of(day.next());
        Timestamp::from_micros(midnight.as_micros().saturating_sub(1))
    }

    /// The clock's hands at a moment: `09:12`.
    #[must_use]
    pub fn time_of_day(&self, moment: Timestamp) -> String {
        self.zoned(moment).strftime("%H:%M").to_string()
    }

    /// A moment with the zone's offset, for programs: `2026-03-14T09:12:07+01:00`.
    #[must_use]
    pub fn stamp(&self, moment: Timestamp) -> String {
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

    fn day(text: &str) -> Day {
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
            assert_eq!(berlin.first_moment_of(day(date).next()), after);
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
    fn a_zone_that_there_is_not_is_refused_by_its_name() {
        let refused = Calendar::try_new("Europe/Atlantis").unwrap_err();
        assert!(refused.to_string().contains("Atlantis"));
    }
}
