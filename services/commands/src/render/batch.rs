//! How the command prompt of Windows reads a line. It replaces `%name%` before it looks for
//! quotes, and knows no way to write a quote between quotes: what cannot be written is refused.

use super::lexed::{Lexed, Place, Reader, Spot, Unit};

const PERCENT: &str = "A % in a line that is filled in stands for nothing but a variable: %name%";

pub(super) fn read(units: &[Unit]) -> Lexed {
    let mut reader = Reader::new(units);
    let mut in_quotes = false;
    while let Some(unit) = reader.peek(0) {
        match unit {
            Unit::Hole => {
                let place = if in_quotes {
                    Place::Double
                } else {
                    Place::Bare
                };
                reader.place(place, false);
            }
            Unit::Letter('^') if !in_quotes => {
                reader.escape("stands behind ^: put it between quotes instead");
            }
            Unit::Letter('%') => variable(&mut reader),
            Unit::Letter('\n' | '\r') => {
                reader.mistake("A line of the command prompt is one line");
                reader.go(1);
            }
            Unit::Letter(letter) => {
                in_quotes ^= letter == '"';
                reader.go(1);
            }
        }
    }
    if in_quotes {
        reader.mistake("A quote is not closed");
    }
    reader.lexed
}

/// Anything else between two signs would be a variable too, with its quotes.
fn variable(reader: &mut Reader<'_>) {
    let is_part =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '(' | ')');
    let mut end = 1;
    while reader.letter(end).is_some_and(is_part) {
        end += 1;
    }
    if end == 1 || !reader.is(end, '%') {
        reader.mistake(PERCENT);
        return reader.go(1);
    }
    reader.go(end + 1);
}

pub(super) fn quote(spot: &Spot, value: &str) -> Result<String, &'static str> {
    // U+FF02 becomes a plain quote in programs that do not use Unicode.
    if value.contains(['"', '%', '!', '\n', '\t', '\u{ff02}']) {
        return Err(
            "cannot be written for the command prompt: it has a quote, %, !, a tab or a line break",
        );
    }
    let touches_quote = match spot.place {
        Place::Bare => true,
        _ => spot.last && spot.after == Some(Unit::Letter('"')),
    };
    // Programs take a backslash before a quote for an escape.
    let backslashes = value.chars().rev().take_while(|letter| *letter == '\\');
    let doubled = match touches_quote {
        true => "\\".repeat(backslashes.count()),
        false => String::new(),
    };
    Ok(match spot.place {
        Place::Bare => format!("\"{value}{doubled}\""),
        _ => format!("{value}{doubled}"),
    })
}
