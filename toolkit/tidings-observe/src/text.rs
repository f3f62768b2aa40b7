//! Lines for people.

use std::fmt::Write as _;

use tracing::Level;

use crate::line::Line;

const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

/// Time, level, what has happened; then its fields. What could end a line, or paint on a
/// terminal, is written as its number.
pub(crate) fn write(line: &Line<'_>, is_colourful: bool) -> Vec<u8> {
    let mut text = String::with_capacity(256);
    let colour = |code: &'static str| if is_colourful { code } else { "" };
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{}{}{} {}{:>5}{} ",
        colour(DIM),
        line.at,
        colour(PLAIN),
        colour(colour_of(line.level)),
        line.level.as_str(),
        colour(PLAIN),
    );
    escape(line.message, &mut text);
    text.push_str(colour(DIM));
    for (name, value) in line.fields {
        let _ = write!(text, " {name}=");
        put(&value.to_string(), &mut text);
    }
    let _ = write!(text, " ({})", line.target);
    text.push_str(colour(PLAIN));
    text.push('\n');
    text.into_bytes()
}

fn colour_of(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        _ => "\u{1b}[34m",
    }
}

/// A word as it is; anything else in quotes.
fn put(value: &str, text: &mut String) {
    let is_word = |c: char| c.is_alphanumeric() || "-_.:/{}+#@…".contains(c);
    if !value.is_empty() && value.chars().all(is_word) {
        text.push_str(value);
        return;
    }
    text.push('"');
    escape(&value.replace('\\', "\\\\").replace('"', "\\\""), text);
    text.push('"');
}

fn escape(value: &str, text: &mut String) {
    for c in value.chars() {
        match c {
            '\n' => text.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
            }
            c => text.push(c),
        }
    }
}
