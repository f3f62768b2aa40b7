//! How `sh` reads a line: dash, bash and their kin.

mod computing;

use super::lexed::{Lexed, Place, Reader, Spot, Unit};
use super::reread::is_plain;

const BACKSLASH: &str = "stands behind a backslash: put it between quotes instead";
const DOLLAR: &str = "stands behind $: its value would become a name or a program";
const BACKTICKS: &str = "Backticks cannot hold a line that is filled in: write $(…)";
const HERE_DOCUMENT: &str = "Values cannot be filled into a line with a here-document (<<)";
const COMMENT: &str = "stands in a comment";
const CONTINUED: &str = "A line goes on in the next only behind a blank: write it before \\";
/// Words that mean something to the shell where a program's name is expected.
const RESERVED: [&str; 18] = [
    "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for",
    "in", "select", "function", "time", "coproc", "exec",
];

/// What holds what is read just now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// `(…)`.
    Paren,
    /// `name=(…)`.
    Array,
    /// `$(…)`.
    Substitution,
    /// `"…"`.
    Double,
    /// `$((…))`, with so many parentheses open.
    Arithmetic(usize),
}

struct Posix<'a> {
    reader: Reader<'a>,
    frames: Vec<Frame>,
    word_starts: bool,
    /// Whether the letter before is a `$` that has not found its name.
    after_dollar: bool,
    /// Whether the letters before are a `$` and its name.
    after_name: bool,
    /// Whether the word so far could be the name of a variable.
    is_name: bool,
}

pub(super) fn read(units: &[Unit]) -> Lexed {
    let mut posix = Posix {
        reader: Reader::new(units),
        frames: Vec::new(),
        word_starts: true,
        after_dollar: false,
        after_name: false,
        is_name: false,
    };
    while posix.reader.peek(0).is_some() {
        match posix.frames.last().copied() {
            Some(Frame::Double) => posix.double(),
            Some(Frame::Arithmetic(open)) => posix.arithmetic(open),
            _ => posix.bare(),
        }
    }
    if !posix.frames.is_empty() {
        posix.reader.mistake("Quotes or parentheses are not closed");
    }
    posix.reader.lexed
}

impl Posix<'_> {
    /// Whether double quotes are open around the innermost frame.
    fn is_nested(&self) -> bool {
        let outer = self.frames.split_last().map_or(&[][..], |(_, outer)| outer);
        outer.contains(&Frame::Double)
    }

    fn bare(&mut self) {
        let Some(Unit::Letter(letter)) = self.reader.peek(0) else {
            match self.after_dollar {
                true => self.reader.refuse(DOLLAR),
                false => self.reader.place(Place::Bare, self.is_nested()),
            }
            self.inside_word();
            return;
        };
        let word_starts = self.word_starts;
        self.after_name = false;
        match letter {
            '\'' => self.single(),
            '"' => self.open(Frame::Double, 1),
            '\\' => self.backslash(),
            '`' => self.refuse_letter(BACKTICKS),
            '#' if word_starts => self.comment(),
            '<' if self.reader.is(1, '<') && self.reader.is(2, '<') => self.blank(3),
            '<' if self.reader.is(1, '<') => self.refuse_letter(HERE_DOCUMENT),
            '<' | '>' if self.reader.is(1, '&') => self.duplicate(),
            '[' if self.has_subscript() => self.subscript(),
            '(' if self.reader.letter_before() == Some('=') => self.open(Frame::Array, 1),
            '(' if self.reader.is(1, '(') => self.open(Frame::Arithmetic(2), 2),
            '(' => self.open(Frame::Paren, 1),
            ')' => {
                // At the top it ends a pattern of `case`.
                self.frames.pop();
                self.blank(1);
            }
            '$' => self.dollar(),
            ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' => self.blank(1),
            _ => {
                if word_starts && self.begins_case() {
                    let text = "`case` cannot stand in $(…) of a line that is filled in";
                    self.reader.mistake(text);
                }
                let begins = letter.is_ascii_alphabetic() || letter == '_';
                let goes_on = begins || letter.is_ascii_digit();
                let is_name = (word_starts && begins) || (self.is_name && goes_on);
                self.inside_word();
                self.is_name = is_name;
                self.reader.go(1);
            }
        }
    }

    fn inside_word(&mut self) {
        self.word_starts = false;
        self.is_name = false;
        self.after_dollar = false;
        self.after_name = false;
    }

    /// What ends a word.
    fn blank(&mut self, units: usize) {
        self.inside_word();
        self.word_starts = true;
        self.reader.go(units);
    }

    fn open(&mut self, frame: Frame, units: usize) {
        self.inside_word();
        self.word_starts = frame != Frame::Double;
        self.frames.push(frame);
        self.reader.go(units);
    }

    fn refuse_letter(&mut self, why: &'static str) {
        self.reader.mistake(why);
        self.inside_word();
        self.reader.go(1);
    }

    /// The patterns of `case` have closing parentheses that belong to no opening one.
    fn begins_case(&self) -> bool {
        let is_inside = self.frames.contains(&Frame::Substitution);
        let letters = (0..4).map_while(|ahead| self.reader.letter(ahead));
        is_inside && letters.eq("case".chars())
    }

    fn backslash(&mut self) {
        if self.reader.is(1, '\n') {
            // It joins two lines: what stands at both sides would become one word or sign.
            let before = self.reader.letter_before();
            if !matches!(before, None | Some(' ' | '\t' | '\n')) {
                self.reader.mistake(CONTINUED);
            }
            self.reader.go(2);
            return;
        }
        self.reader.escape(BACKSLASH);
        self.inside_word();
    }

    fn single(&mut self) {
        if self.after_dollar {
            self.reader
                .mistake("$'…' cannot stand in a line that is filled in");
        }
        self.inside_word();
        self.reader.go(1);
        let nested = self.frames.contains(&Frame::Double);
        loop {
            match self.reader.peek(0) {
                None => return self.reader.mistake("A single quote is not closed"),
                Some(Unit::Letter('\'')) => return self.reader.go(1),
                Some(Unit::Hole) => self.reader.place(Place::Single, nested),
                Some(Unit::Letter(_)) => self.reader.go(1),
            }
        }
    }

    fn double(&mut self) {
        match self.reader.peek(0) {
            Some(Unit::Letter('"')) => {
                self.frames.pop();
                self.inside_word();
                self.reader.go(1);
            }
            Some(Unit::Letter('\\')) => self.backslash(),
            Some(Unit::Letter('`')) => self.refuse_letter(BACKTICKS),
            Some(Unit::Letter('$')) => self.dollar(),
            Some(Unit::Letter(_)) => {
                self.inside_word();
                self.reader.go(1);
            }
            Some(Unit::Hole) => {
                let why = "stands behind the name of a variable: write ${name} for the variable";
                match (self.after_dollar, self.after_name) {
                    (true, _) => self.reader.refuse(DOLLAR),
                    (_, true) => self.reader.refuse(why),
                    _ => self.reader.place(Place::Double, self.is_nested()),
                }
                self.inside_word();
            }
            None => {}
        }
    }

    fn dollar(&mut self) {
        let in_quotes = self.frames.last() == Some(&Frame::Double);
        match self.reader.letter(1) {
            Some('(') if self.reader.is(2, '(') => self.open(Frame::Arithmetic(2), 3),
            Some('(') => self.open(Frame::Substitution, 2),
            Some('{') => self.braces(),
            Some('[') => self.refuse_letter("$[…] cannot stand in a line that is filled in"),
            Some('\'') if !in_quotes => {
                self.inside_word();
                self.after_dollar = true;
                self.reader.go(1);
            }
            Some(letter) if letter.is_ascii_alphanumeric() || letter == '_' => {
                self.inside_word();
                self.reader.go(2);
                while self
                    .reader
                    .letter(0)
                    .is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '_')
                {
                    self.reader.go(1);
                }
                self.after_name = true;
            }
            Some('$' | '?' | '!' | '#' | '*' | '@' | '-') => {
                self.inside_word();
                self.reader.go(2);
            }
            _ => {
                self.inside_word();
                self.after_dollar = self.reader.has_hole(1);
                self.reader.go(1);
            }
        }
    }

    /// What stands in a comment must read the same for a shell that has no comments.
    fn comment(&mut self) {
        if self.frames.contains(&Frame::Substitution) {
            let text = "A comment cannot stand in $(…) of a line that is filled in";
            self.reader.mistake(text);
        }
        loop {
            match self.reader.peek(0) {
                None | Some(Unit::Letter('\n')) => return self.blank(0),
                Some(Unit::Hole) => self.reader.refuse(COMMENT),
                Some(Unit::Letter('\'' | '"' | '\\' | '`' | '$' | '(' | ')' | '<')) => {
                    let text = "A comment in a line that is filled in has no quotes and no signs of the shell";
                    self.reader.mistake(text);
                    self.reader.go(1);
                }
                Some(Unit::Letter(_)) => self.reader.go(1),
            }
        }
    }
}

/// Whether bash, where people type, takes a part of the line for a line of before. If there is
/// none it forgets this line with its quotes, and goes on with the next line of the value.
pub(super) fn repeats(line: &str) -> bool {
    let is_event = |rest: &str| !rest.is_empty() && !rest.starts_with([' ', '\t', '\n', '=', '(']);
    let changes = line.lines().any(|line| line.starts_with('^'));
    changes || line.split('!').skip(1).any(is_event)
}

/// The value as the shell must read it to see the value itself, as one word or a part of one.
pub(super) fn quote(spot: &Spot, value: &str) -> Result<String, &'static str> {
    if spot.nested && value.contains('!') {
        // Where people type, bash looks for ! before it looks for quotes, as long as double
        // quotes are open further out.
        return Err("cannot have an exclamation mark inside \"$(…)\"");
    }
    Ok(match spot.place {
        Place::Single => shielded(spot, in_single(value), "''"),
        Place::Double => shielded(spot, value.chars().map(in_double).collect(), "\"\""),
        Place::Bare if needs_no_quotes(spot, value) => value.to_owned(),
        Place::Bare => format!("'{}'", in_single(value).replace("\n^", "\n''^")),
        Place::Number => value.to_owned(),
    })
}

/// Where people type, bash takes a ^ at the beginning of a line for a change of the last line,
/// between quotes, too. Behind quotes of nothing it is none.
fn shielded(spot: &Spot, text: String, nothing: &str) -> String {
    let text = text.replace("\n^", &format!("\n{nothing}^"));
    let may_begin = matches!(spot.before, None | Some(Unit::Hole | Unit::Letter('\n')));
    match may_begin && text.starts_with('^') {
        true => format!("{nothing}{text}"),
        false => text,
    }
}

fn in_single(value: &str) -> String {
    value.replace('\'', r"'\''")
}

fn in_double(letter: char) -> String {
    match letter {
        '\\' | '$' | '`' | '"' => format!("\\{letter}"),
        // A backslash would stay in front of it.
        '!' => "\"'!'\"".to_owned(),
        letter => letter.to_string(),
    }
}

/// People read a line better without quotes that do nothing.
fn needs_no_quotes(spot: &Spot, value: &str) -> bool {
    let fits_before = match spot.before {
        Some(Unit::Letter(letter)) => matches!(letter, ' ' | '\t' | '=' | '/' | ':' | '.' | '@'),
        _ => false,
    };
    let fits_after = match spot.after {
        None => true,
        Some(Unit::Letter(letter)) => {
            matches!(
                letter,
                ' ' | '\t' | '\n' | ';' | '|' | ')' | '/' | ':' | '.' | '@'
            )
        }
        Some(Unit::Hole) => false,
    };
    fits_before && fits_after && is_plain(value) && !RESERVED.contains(&value)
}
