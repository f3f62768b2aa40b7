//! How the command prompt of Windows reads a line. It replaces `%name%` before it looks for
//! quotes, and knows no way to write a quote between quotes: what cannot be written is refused.

use contracts::commands::ParamType;

use super::lexed::{Lexed, Place, Reader, Spot, Unit};

const TOUCHES: &str =
    "touches a quote or another value: put all of the word between one pair of quotes";
const PERCENT: &str = "A % in a line that is filled in stands for nothing but a variable: %name%";

pub(super) fn read(units: &[Unit]) -> Lexed {
    let mut reader = Reader::new(units);
    let mut in_quotes = false;
    while let Some(unit) = reader.peek(0) {
        match unit {
            // Programs take two quotes side by side for one that is a part of the word.
            Unit::Hole if !in_quotes && touches(&reader) => reader.refuse(TOUCHES),
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

fn touches(reader: &Reader<'_>) -> bool {
    let is_quoted = |unit| matches!(unit, Some(Unit::Hole | Unit::Letter('"')));
    is_quoted(reader.before()) || is_quoted(reader.peek(1))
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

/// What programs that do not use Unicode get as a quote: best fit of the code pages 1250 to 1258.
const LIKE_QUOTE: [char; 3] = ['\u{2ba}', '\u{30e}', '\u{ff02}'];
/// What they get as a backslash, which before a quote is an escape.
const LIKE_BACKSLASH: [char; 5] = ['\u{a5}', '\u{20a9}', '\u{20e5}', '\u{2216}', '\u{ff3c}'];

pub(super) fn quote(spot: &Spot, value: &str, kind: ParamType) -> Result<String, &'static str> {
    if value.contains(['"', '%', '!', '\n', '\t']) || value.contains(LIKE_QUOTE) {
        return Err(
            "cannot be written for the command prompt: it has a quote, %, !, a tab or a line break",
        );
    }
    let is_bare = spot.place == Place::Bare;
    // A number before > would be the number of a file, and not a word.
    let redirects = matches!(spot.after, Some(Unit::Letter('<' | '>')));
    if is_bare && kind == ParamType::Int && !value.is_empty() && !redirects {
        return Ok(value.to_owned());
    }
    let touches_quote = is_bare || (spot.last && spot.after == Some(Unit::Letter('"')));
    if touches_quote && value.ends_with(LIKE_BACKSLASH) {
        return Err("ends with a letter that some programs take for a backslash");
    }
    if !is_bare && spot.last && spot.after == Some(Unit::Hole) && value.ends_with('\\') {
        // If nothing follows, it would stand before the quote.
        return Err("cannot end with a backslash where another value follows");
    }
    // Programs take a backslash before a quote for an escape.
    let backslashes = value.chars().rev().take_while(|letter| *letter == '\\');
    let doubled = match touches_quote {
        true => "\\".repeat(backslashes.count()),
        false => String::new(),
    };
    Ok(match is_bare {
        true => format!("\"{value}{doubled}\""),
        false => format!("{value}{doubled}"),
    })
}
