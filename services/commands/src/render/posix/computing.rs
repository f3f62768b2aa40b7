//! Where bash computes or reads a second time. Its arithmetic takes a word for a variable, and
//! `a[$(x)]` for an element of one: a value that comes there runs a program, quoted or not.

use super::{DOLLAR, Frame, Posix};
use crate::render::lexed::{Place, Unit};

const INTRICATE: &str = "What stands between ${ and } is too intricate to fill in values safely";
const ARITHMETIC: &str =
    "Arithmetic with quotes or braces is too intricate to fill in values safely";
const SUBSCRIPT: &str = "stands between [ and ] behind a name, where bash computes";
const DUPLICATED: &str =
    "What stands behind >& is read twice: write the name of a file behind >, and 2>&1";

impl Posix<'_> {
    pub(super) fn braces(&mut self) {
        self.inside_word();
        self.reader.go(2);
        let mut inner = String::new();
        loop {
            match self.reader.peek(0) {
                None => return self.reader.mistake("${ is not closed"),
                Some(Unit::Letter('}')) => break,
                Some(Unit::Hole) => self.reader.refuse("stands between ${ and }"),
                Some(Unit::Letter(letter)) => {
                    if matches!(letter, '\'' | '"' | '\\' | '`' | '$' | '{') {
                        self.reader.mistake(INTRICATE);
                    }
                    inner.push(letter);
                    self.reader.go(1);
                }
            }
        }
        self.reader.lexed.computes |= computes(&inner);
        self.reader.go(1);
    }

    pub(super) fn arithmetic(&mut self, open: usize) {
        let depth = match self.reader.peek(0) {
            Some(Unit::Hole) if matches!(self.reader.letter_before(), Some('$' | '[')) => {
                return self.reader.refuse(DOLLAR);
            }
            Some(Unit::Hole) => return self.reader.place(Place::Number, true),
            Some(Unit::Letter('(')) => open + 1,
            Some(Unit::Letter(')')) => open - 1,
            Some(Unit::Letter('\'' | '"' | '\\' | '`' | '{' | '#')) => {
                self.reader.mistake(ARITHMETIC);
                open
            }
            Some(Unit::Letter(letter)) => {
                self.reader.lexed.computes |= is_variable(letter);
                open
            }
            None => open,
        };
        self.reader.go(1);
        self.frames.pop();
        match depth {
            0 => self.inside_word(),
            depth => self.frames.push(Frame::Arithmetic(depth)),
        }
    }

    /// Whether the bracket here begins `name[…]=`, or `[…]=` in `name=(…)`.
    pub(super) fn has_subscript(&self) -> bool {
        let in_array = self.word_starts && self.frames.last() == Some(&Frame::Array);
        (self.is_name || in_array) && self.subscript_units().is_some()
    }

    /// How many units a subscript has that something is assigned to, with its brackets.
    fn subscript_units(&self) -> Option<usize> {
        let (mut ahead, mut depth) = (0, 0);
        loop {
            match self.reader.peek(ahead)? {
                Unit::Letter('[') => depth += 1,
                Unit::Letter(']') => depth -= 1,
                Unit::Letter('\\') => ahead += 1,
                Unit::Letter(quote @ ('\'' | '"')) => {
                    ahead += 1;
                    while self.reader.peek(ahead)? != Unit::Letter(quote) {
                        ahead += 1;
                    }
                }
                _ => {}
            }
            ahead += 1;
            if depth == 0 {
                break;
            }
        }
        let adds = self.reader.is(ahead, '+') && self.reader.is(ahead + 1, '=');
        (adds || self.reader.is(ahead, '=')).then_some(ahead)
    }

    pub(super) fn subscript(&mut self) {
        let nested = self.frames.contains(&Frame::Double);
        let mut is_quoted = false;
        for _ in 0..self.subscript_units().unwrap_or(1) {
            match self.reader.peek(0) {
                Some(Unit::Hole) if is_quoted || self.reader.letter_before() == Some('$') => {
                    self.reader.refuse(SUBSCRIPT);
                }
                Some(Unit::Hole) => self.reader.place(Place::Number, nested),
                Some(Unit::Letter(letter)) => {
                    is_quoted |= matches!(letter, '\'' | '"' | '\\');
                    if matches!(letter, '(' | ')' | '`') {
                        let text =
                            "A subscript with a program is too intricate to fill in values safely";
                        self.reader.mistake(text);
                    }
                    self.reader.lexed.computes |= is_variable(letter);
                    self.reader.go(1);
                }
                None => {}
            }
        }
        self.inside_word();
    }

    /// `>&` and `<&`: bash reads the word behind them twice.
    pub(super) fn duplicate(&mut self) {
        self.blank(2);
        let mut ahead = 0;
        while matches!(self.reader.letter(ahead), Some(' ' | '\t')) {
            ahead += 1;
        }
        loop {
            match self.reader.peek(ahead) {
                Some(Unit::Hole | Unit::Letter('\'' | '"' | '\\' | '`')) => {
                    return self.reader.mistake(DUPLICATED);
                }
                Some(Unit::Letter('$')) => self.reader.lexed.computes = true,
                Some(Unit::Letter(letter)) if !" \t\n;&|<>()".contains(letter) => {}
                _ => return,
            }
            ahead += 1;
        }
    }
}

/// Whether bash computes with a variable between `${` and `}`: `${s:i}`, `${a[i]}`; or reads
/// what is in it once more: `${!x}`, `${x@P}`.
fn computes(inner: &str) -> bool {
    if inner.starts_with('!') || inner.ends_with("@P") {
        return true;
    }
    let name = inner.strip_prefix('#').unwrap_or(inner);
    let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '@' | '*');
    let mut rest = name.trim_start_matches(is_name);
    if let Some(behind) = rest.strip_prefix('[') {
        let (subscript, behind) = behind.split_once(']').unwrap_or((behind, ""));
        if subscript.contains(is_variable) {
            return true;
        }
        rest = behind;
    }
    let is_offset = |rest: &str| !rest.starts_with(['-', '=', '?', '+']);
    let offset = rest.strip_prefix(':').filter(|rest| is_offset(rest));
    offset.is_some_and(|offset| offset.contains(is_variable))
}

fn is_variable(letter: char) -> bool {
    letter.is_alphabetic() || matches!(letter, '_' | '$')
}
