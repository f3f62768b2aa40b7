//! Times as a browser's field for date and time holds them; they are UTC.

use tidings::Timestamp;

/// A moment as the field holds it.
pub(super) fn typed(time: Timestamp) -> String {
    let text = time.to_string();
    // To the second only where there are any, as browsers do it.
    let whole_minute = text.get(16..20) == Some(":00Z");
    let length = if whole_minute { 16 } else { 19 };
    text.chars().take(length).collect()
}

/// Reads what the field sends.
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
    }
}
