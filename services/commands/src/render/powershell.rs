//! How PowerShell reads a line. It takes four letters for a single quote and four for a double
//! one, and a quote of one kind is closed by any of its kind.

use contracts::commands::ParamType;

use super::lexed::{Lexed, Place, Reader, Spot, Unit};

const BACKTICK: &str = "stands behind a backtick: put it between quotes instead";
const WORD: &str = "is a part of a word: put the whole word between double quotes";
const VARIABLE: &str = "stands behind a variable: write $($name) before the quotes, or ${name}";
const INTRICATE: &str = "What stands between ${ and } is too intricate to fill in values safely";

pub(super) fn is_single(letter: char) -> bool {
    matches!(
        letter,
        '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}'
    )
}

pub(super) fn is_double(letter: char) -> bool {
    matches!(letter, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}')
}

pub(super) fn read(units: &[Unit]) -> Lexed {
    let mut reader = Reader::new(units);
    while let Some(unit) = reader.peek(0) {
        let Unit::Letter(letter) = unit else {
            bare_hole(&mut reader);
            continue;
        };
        match letter {
            '`' => reader.escape(BACKTICK),
            '@' if reader
                .letter(1)
                .is_some_and(|next| is_single(next) || is_double(next)) =>
            {
                reader
                    .mistake("Here-strings (@' and @\") cannot stand in a line that is filled in");
                reader.go(2);
            }
            '#' if reader.letter_before() == Some('<') => {
                reader.mistake("Comments <# … #> cannot stand in a line that is filled in");
                reader.go(1);
            }
            '#' => comment(&mut reader),
            '$' if reader.is(1, '{') => {
                reader.go(2);
                braces(&mut reader);
            }
            letter if is_dash(letter) && stops_parsing(&reader) => {
                reader.mistake("--% cannot stand in a line that is filled in");
                reader.go(3);
            }
            letter if is_single(letter) => single(&mut reader),
            letter if is_double(letter) => double(&mut reader),
            _ => reader.go(1),
        }
    }
    reader.lexed
}

fn is_dash(letter: char) -> bool {
    matches!(letter, '-' | '\u{2013}' | '\u{2014}' | '\u{2015}')
}

fn stops_parsing(reader: &Reader<'_>) -> bool {
    reader.letter(1).is_some_and(is_dash) && reader.is(2, '%')
}

/// A quoted value is a word of its own: between other letters PowerShell would see two words.
fn bare_hole(reader: &mut Reader<'_>) {
    let fits_before = match reader.before() {
        None => true,
        Some(Unit::Letter(letter)) => {
            letter.is_whitespace()
                || matches!(letter, '(' | ',' | '=' | ':' | '[' | '{' | ';' | '|' | '>')
        }
        Some(Unit::Hole) => false,
    };
    let fits_after = match reader.peek(1) {
        None => true,
        Some(Unit::Letter(letter)) => {
            letter.is_whitespace() || matches!(letter, ')' | ',' | ';' | '|' | ']' | '}')
        }
        Some(Unit::Hole) => false,
    };
    let is_counted = matches!(reader.letter_before(), Some('-' | '+' | '*' | '/'));
    match (fits_before, fits_after) {
        (true, true) => reader.place(Place::Bare, false),
        // `(Get-Date).AddHours(-{{hours}})`.
        (false, true) if is_counted => reader.place(Place::Number, false),
        _ => reader.refuse(WORD),
    }
}

/// Whether `#` begins a comment depends on the word that it stands in: what follows must read
/// the same if it does not.
fn comment(reader: &mut Reader<'_>) {
    reader.go(1);
    loop {
        let next = reader.letter(1);
        match reader.peek(0) {
            None | Some(Unit::Letter('\n')) => return,
            Some(Unit::Hole) => {
                reader.refuse("stands behind #: put the word with # between quotes")
            }
            Some(Unit::Letter(letter)) => {
                let opens = matches!((letter, next), ('<', Some('#')) | ('$', Some('{')));
                if opens || letter == '`' || is_single(letter) || is_double(letter) {
                    reader.mistake("Behind # in a line that is filled in are no quotes");
                }
                reader.go(1);
            }
        }
    }
}

fn single(reader: &mut Reader<'_>) {
    reader.go(1);
    loop {
        match reader.peek(0) {
            None => return reader.mistake("A single quote is not closed"),
            Some(Unit::Hole) => reader.place(Place::Single, false),
            Some(Unit::Letter(letter)) if is_single(letter) => {
                if !reader.letter(1).is_some_and(is_single) {
                    return reader.go(1);
                }
                reader.go(2);
            }
            Some(Unit::Letter(_)) => reader.go(1),
        }
    }
}

fn double(reader: &mut Reader<'_>) {
    reader.go(1);
    loop {
        match reader.peek(0) {
            None => return reader.mistake("A double quote is not closed"),
            Some(Unit::Hole) => reader.place(Place::Double, false),
            Some(Unit::Letter('`')) => reader.escape(BACKTICK),
            Some(Unit::Letter('$')) => variable(reader),
            Some(Unit::Letter(letter)) if is_double(letter) => {
                if !reader.letter(1).is_some_and(is_double) {
                    return reader.go(1);
                }
                reader.go(2);
            }
            Some(Unit::Letter(_)) => reader.go(1),
        }
    }
}

/// A variable between double quotes: what follows must not become a part of its name.
fn variable(reader: &mut Reader<'_>) {
    reader.go(1);
    match reader.letter(0) {
        Some('(') => {
            reader.mistake("$(…) between double quotes cannot stand in a line that is filled in");
            return reader.go(1);
        }
        Some('{') => {
            reader.go(1);
            return braces(reader);
        }
        _ => {}
    }
    // No $: `$x$(…)` is a variable, and then a program.
    let is_part =
        |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':' | '?' | '^');
    while reader.letter(0).is_some_and(is_part) {
        reader.go(1);
    }
    if reader.has_hole(0) {
        reader.refuse(VARIABLE);
    }
}

fn braces(reader: &mut Reader<'_>) {
    loop {
        match reader.peek(0) {
            None => return reader.mistake("${ is not closed"),
            Some(Unit::Letter('}')) => return reader.go(1),
            Some(Unit::Hole) => reader.refuse("stands between ${ and }"),
            Some(Unit::Letter(letter)) => {
                if matches!(letter, '`' | '{') || is_single(letter) || is_double(letter) {
                    reader.mistake(INTRICATE);
                }
                reader.go(1);
            }
        }
    }
}

pub(super) fn quote(spot: &Spot, value: &str, kind: ParamType) -> String {
    match (spot.place, kind) {
        (Place::Double, _) => value.chars().map(in_double).collect(),
        (Place::Single, _) => value.chars().map(in_single).collect(),
        // Two dashes would be another sign.
        (Place::Number, _) if value.starts_with('-') => format!("({value})"),
        (Place::Number, _) | (_, ParamType::Int) => value.to_owned(),
        (_, ParamType::Bool) if !value.is_empty() => format!("${value}"),
        _ => {
            let inner: String = value.chars().map(in_single).collect();
            format!("'{inner}'")
        }
    }
}

fn in_single(letter: char) -> String {
    match is_single(letter) {
        true => format!("{letter}{letter}"),
        false => letter.to_string(),
    }
}

fn in_double(letter: char) -> String {
    match letter {
        '`' | '$' => format!("`{letter}"),
        letter if is_double(letter) => format!("`{letter}"),
        letter => letter.to_string(),
    }
}
