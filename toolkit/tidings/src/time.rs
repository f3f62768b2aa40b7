//! The service clock: the only place where time comes from.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::sync::watch;

/// A moment, in microseconds since 1970 UTC.
///
/// Stored as an integer, so that it sorts the same in both databases; written as
/// RFC 3339 in JSON and on pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This moment and a span later; the last representable one if it would overflow.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    /// This moment and a span earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }

    /// How long it is from `earlier` to this moment; zero if it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// For people, down to the minute:
    ///
    /// ```
    /// let time: tidings::Timestamp = "2026-03-14T16:00:07Z".parse().unwrap();
    /// assert_eq!(time.in_words(), "Sat 14 March 2026, 16:00 UTC");
    /// ```
    #[must_use]
    pub fn in_words(self) -> String {
        self.written("%a %-d %B %Y, %H:%M UTC")
    }

    /// For people who compare moments, down to the second:
    ///
    /// ```
    /// let time: tidings::Timestamp = "2026-03-14T16:00:07Z".parse().unwrap();
    /// assert_eq!(time.in_words_exact(), "Sat 14 March 2026, 16:00:07 UTC");
    /// ```
    #[must_use]
    pub fn in_words_exact(self) -> String {
        self.written("%a %-d %B %Y, %H:%M:%S UTC")
    }

    /// Of a moment that is near, for people:
    ///
    /// ```
    /// let time: tidings::Timestamp = "2026-03-14T16:00:07Z".parse().unwrap();
    /// assert_eq!(time.time_of_day(), "16:00 UTC");
    /// ```
    #[must_use]
    pub fn time_of_day(self) -> String {
        self.written("%H:%M UTC")
    }

    fn written(self, format: &str) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => time.strftime(format).to_string(),
            Err(_) => self.to_string(),
        }
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl std::str::FromStr for Timestamp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time: jiff::Timestamp = text.parse().map_err(|error| format!("{error}"))?;
        Ok(Self(time.as_microsecond()))
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where a service reads the time and waits for it.
///
/// Holds, leases and backoffs all use it, so a test can move time by hand:
///
/// ```
/// # use std::time::Duration;
/// use tidings::Clock;
///
/// let clock = Clock::manual("2026-01-01T12:00:00Z".parse().unwrap());
/// let before = clock.now();
/// clock.advance(Duration::from_secs(900));
/// assert_eq!(clock.now().since(before), Duration::from_secs(900));
/// ```
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(watch::Sender::new(start))))
    }

    /// The time now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else must use"
    )]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => Timestamp(jiff::Timestamp::now().as_microsecond()),
            Source::Manual(now) => *now.borrow(),
        }
    }

    /// Moves a manual clock forward and wakes who waited; a system clock ignores it.
    pub fn advance(&self, span: Duration) {
        if let Source::Manual(now) = &self.0 {
            now.send_modify(|time| *time = time.plus(span));
        }
    }

    /// Waits until the time has come. Dropping the future is safe at any point.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that everybody else must use"
    )]
    pub async fn sleep_until(&self, due: Timestamp) {
        match &self.0 {
            Source::System => tokio::time::sleep(due.since(self.now())).await,
            Source::Manual(now) => {
                let mut now = now.subscribe();
                // The sender lives in this clock, so the wait cannot end early.
                let _ = now.wait_for(|time| *time >= due).await;
            }
        }
    }

    /// Waits for a span of this clock's time.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(self.now().plus(span)).await;
    }
}
