//! Times as pages show them.

use tidings::Timestamp;

/// A moment for programs and for people.
pub(super) struct Moment {
    pub(super) rfc: String,
    pub(super) words: String,
}

impl Moment {
    /// `Sat 14 March 2026, 16:00 UTC`.
    pub(super) fn of(time: Timestamp) -> Self {
        let rfc = time.to_string();
        let words = jiff::Timestamp::from_microsecond(time.as_micros())
            .map(|time| time.strftime("%a %-d %B %Y, %H:%M UTC").to_string())
            .unwrap_or_else(|_| rfc.clone());
        Self { rfc, words }
    }
}

/// A moment as a browser's field for date and time holds it; the time is UTC.
pub(super) fn typed(time: Timestamp) -> String {
    let text = time.to_string();
    // To the second only where there are any, as browsers do it.
    let whole_minute = text.get(16..20) == Some(":00Z");
    let length = if whole_minute { 16 } else { 19 };
    text.chars().take(length).collect()
}

/// Reads what a browser's field for date and time sends.
pub(super) fn read(text: &str) -> Result<Option<Timestamp>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let time = format!("{text}Z").parse().or_else(|_| text.parse());
    time.map(Some)
        .map_err(|_: String| "Enter a day and a time such as 2026-03-14T19:00 (UTC).".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_time_is_read_as_utc() {
        let time: Timestamp = "2026-03-14T16:00:00Z".parse().expect("a time");
        assert_eq!(read("2026-03-14T16:00"), Ok(Some(time)));
        assert_eq!(read("2026-03-14T16:00:00"), Ok(Some(time)));
        assert_eq!(read("2026-03-14T17:00:00+01:00"), Ok(Some(time)));
        assert_eq!(read(" "), Ok(None));
        assert!(read("tomorrow").is_err());
        assert_eq!(typed(time), "2026-03-14T16:00");
        let odd = "2026-03-14T16:00:07Z".parse().expect("a time");
        assert_eq!(typed(odd), "2026-03-14T16:00:07");
        assert_eq!(Moment::of(time).words, "Sat 14 March 2026, 16:00 UTC");
    }
}
