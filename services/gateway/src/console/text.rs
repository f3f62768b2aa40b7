//! How the console writes numbers, states, moments and data.

use std::time::Duration;

use tidings::Timestamp;

/// A state, for people: `awaiting_payment` is "Awaiting payment".
pub(crate) fn word(state: &str) -> String {
    let spaced = state.replace('_', " ");
    let mut letters = spaced.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// A moment that can come; what waits to be woken waits for the end of time.
pub(crate) fn moment(at: Timestamp) -> Option<Timestamp> {
    (at.as_micros() < i64::MAX).then_some(at)
}

/// How long something took, in a unit of which it has some.
pub(crate) fn span(span: Duration) -> String {
    let (ms, s) = (span.as_millis(), span.as_secs());
    match s {
        0 => format!("{ms} ms"),
        1..120 => format!("{s} s"),
        120..7200 => format!("{} min", s / 60),
        7200..172_800 => format!("{} h", s / 3600),
        _ => format!("{} days", s / 86_400),
    }
}

/// JSON to read; what is not JSON is shown as it was received.
pub(crate) fn pretty(data: &str) -> String {
    let parsed = serde_json::from_str::<serde_json::Value>(data);
    let pretty = parsed.and_then(|value| serde_json::to_string_pretty(&value));
    pretty.unwrap_or_else(|_| data.to_owned())
}

/// `48,210`. By reference, as templates pass it.
pub(crate) fn grouped(number: &u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{grouped, span, word};

    #[test]
    fn thousands_are_set_apart() {
        let written = [0, 999, 1_000, 48_210, 1_234_567].map(|number| grouped(&number));
        assert_eq!(written, ["0", "999", "1,000", "48,210", "1,234,567"]);
    }

    #[test]
    fn spans_are_in_a_unit_that_says_something() {
        let spans = [7, 1_000, 125_000, 7_200_000, 864_000_000];
        let words = spans.map(|ms| span(Duration::from_millis(ms)));
        assert_eq!(words, ["7 ms", "1 s", "2 min", "2 h", "10 days"]);
    }

    #[test]
    fn states_are_words() {
        assert_eq!(
            ["dead", "undo_call", ""].map(word),
            ["Dead", "Undo call", ""]
        );
    }
}
