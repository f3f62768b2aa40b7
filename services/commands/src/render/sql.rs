//! How databases read a statement, as far as they agree: PostgreSQL, SQLite, MySQL, SQL Server.

use contracts::commands::ParamType;

use super::lexed::{Lexed, Place, Reader, Spot, Unit};

const WORD: &str = "touches a word or a quote: put a blank between them";
const BACKSLASH: &str = "A backslash between quotes means different things to different databases";
const COMMENT: &str = "stands in a comment";

pub(super) fn read(units: &[Unit]) -> Lexed {
    let mut reader = Reader::new(units);
    // Whether MySQL would take the rest of the line for a comment.
    let mut after_hash = false;
    while let Some(unit) = reader.peek(0) {
        let Unit::Letter(letter) = unit else {
            bare_hole(&mut reader);
            continue;
        };
        match letter {
            '\'' => {
                let place = string_place(&reader);
                quoted(&mut reader, '\'', place, after_hash);
            }
            '"' => quoted(&mut reader, '"', Ok(Place::Double), after_hash),
            '`' => quoted(
                &mut reader,
                '`',
                Err("stands between backticks"),
                after_hash,
            ),
            '\n' => {
                after_hash = false;
                reader.go(1);
            }
            // Names of Oracle: `v$session`, `serial#`.
            '$' if reader.letter_before().is_some_and(is_name) => reader.go(1),
            '#' if reader.letter_before().is_some_and(is_name) => {
                after_hash = true;
                reader.go(1);
            }
            '-' if reader.is(1, '-') => comment(&mut reader),
            '/' if reader.is(1, '*') => {
                reader.mistake("Comments /* … */ cannot stand in a statement that is filled in");
                reader.go(2);
            }
            '#' => {
                reader.mistake("# is a comment to some databases, and an operator to others");
                reader.go(1);
            }
            '$' => {
                reader.mistake(
                    "$ quotes text in PostgreSQL and cannot stand in a statement that is filled in",
                );
                reader.go(1);
            }
            '\\' => {
                reader.mistake(BACKSLASH);
                reader.go(1);
            }
            _ => reader.go(1),
        }
    }
    reader.lexed
}

/// A letter before the quote can change how the text is read; only `N'…'` does not.
fn string_place(reader: &Reader<'_>) -> Result<Place, &'static str> {
    match reader.letter_before() {
        Some('N' | 'n') => Ok(Place::Single),
        Some(letter) if is_word(letter) || letter == '&' => {
            Err("stands in a string with a letter before its quote")
        }
        _ => Ok(Place::Single),
    }
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$' | '#')
}

fn is_word(letter: char) -> bool {
    is_name(letter) || matches!(letter, '@' | ':' | '.')
}

fn bare_hole(reader: &mut Reader<'_>) {
    let touches = |unit: Option<Unit>| match unit {
        None => false,
        Some(Unit::Hole) => true,
        Some(Unit::Letter(letter)) => is_word(letter) || matches!(letter, '\'' | '"' | '`' | '&'),
    };
    // PostgreSQL casts with `::`.
    let casts = reader.is(1, ':') && reader.is(2, ':');
    match touches(reader.before()) || (touches(reader.peek(1)) && !casts) {
        true => reader.refuse(WORD),
        false => reader.place(Place::Bare, false),
    }
}

fn quoted(
    reader: &mut Reader<'_>,
    quote: char,
    place: Result<Place, &'static str>,
    after_hash: bool,
) {
    reader.go(1);
    loop {
        match (reader.peek(0), place) {
            (None, _) => return reader.mistake("A quote is not closed"),
            (Some(Unit::Hole), Ok(place)) => reader.place(place, false),
            (Some(Unit::Hole), Err(why)) => reader.refuse(why),
            (Some(Unit::Letter('\\')), _) => {
                reader.mistake(BACKSLASH);
                reader.go(1);
            }
            (Some(Unit::Letter('\n')), _) if after_hash => {
                reader.mistake("Text of several lines cannot begin behind #");
                reader.go(1);
            }
            (Some(Unit::Letter(letter)), _) if letter == quote => {
                if !reader.is(1, quote) {
                    return reader.go(1);
                }
                reader.go(2);
            }
            (Some(Unit::Letter(_)), _) => reader.go(1),
        }
    }
}

fn comment(reader: &mut Reader<'_>) {
    loop {
        match reader.peek(0) {
            None | Some(Unit::Letter('\n')) => return,
            Some(Unit::Hole) => reader.refuse(COMMENT),
            Some(Unit::Letter('\'' | '"' | '`')) => {
                reader.mistake("A comment in a statement that is filled in has no quotes");
                reader.go(1);
            }
            Some(Unit::Letter(_)) => reader.go(1),
        }
    }
}

pub(super) fn quote(spot: &Spot, value: &str, kind: ParamType) -> Result<String, &'static str> {
    if value.contains(['\\', '\n']) {
        return Err(
            "has a backslash or a line break, which means different things to different databases",
        );
    }
    Ok(match (spot.place, kind) {
        (Place::Single, _) => value.replace('\'', "''"),
        (Place::Double, _) => value.replace('"', "\"\""),
        (_, ParamType::Int | ParamType::Bool) if !value.is_empty() => {
            // `-` and `-5` side by side would be a comment.
            let touches = value.starts_with('-') && spot.before == Some(Unit::Letter('-'));
            format!("{}{value}", if touches { " " } else { "" })
        }
        _ => format!("'{}'", value.replace('\'', "''")),
    })
}
