//! How databases read a statement, as far as they agree: PostgreSQL, SQLite, MySQL, SQL Server.

use contracts::commands::ParamType;

use super::lexed::{Lexed, Place, Reader, Spot, Unit};

const WORD: &str = "touches a word or a quote: put a blank between them";
const BACKSLASH: &str = "A backslash between quotes means different things to different databases";
const COMMENT: &str = "stands in a comment";
const BRACKETS: &str = "Between [ and ] are no comments, and no brackets between quotes: databases read them in different ways";
const DOUBLED: &str = "]] is a bracket of a name to some databases: put a blank between the two";
const ORACLE: &str = "Quotes behind a q are read in different ways by different databases";

struct Sql<'a> {
    reader: Reader<'a>,
    /// Whether MySQL would take the rest of the line for a comment.
    after_hash: bool,
    /// Whether the letter before is one of a name; a name may go on with `$` and `#`.
    in_name: bool,
    /// The brackets that are open, and whether each is a list or an element for PostgreSQL:
    /// `ARRAY[1]`, `a[1]`. Others hold a name.
    brackets: Vec<bool>,
}

pub(super) fn read(units: &[Unit]) -> Lexed {
    let mut sql = Sql {
        reader: Reader::new(units),
        after_hash: false,
        in_name: false,
        brackets: Vec::new(),
    };
    while let Some(unit) = sql.reader.peek(0) {
        let in_name = std::mem::take(&mut sql.in_name);
        match unit {
            Unit::Hole => sql.bare_hole(),
            Unit::Letter(letter) => sql.letter(letter, in_name),
        }
    }
    if !sql.brackets.is_empty() {
        sql.reader.mistake("A bracket is not closed");
    }
    sql.reader.lexed
}

impl Sql<'_> {
    fn letter(&mut self, letter: char, in_name: bool) {
        match letter {
            '\'' => {
                let place = self.string_place();
                self.quoted('\'', place);
            }
            '"' => self.quoted('"', Ok(Place::Double)),
            '`' => self.quoted('`', Err("stands between backticks")),
            '[' => self.open(),
            ']' => self.close(),
            '\n' => {
                self.after_hash = false;
                self.reader.go(1);
            }
            // Names of Oracle: `v$session`, `serial#`.
            '$' | '#' if in_name => {
                self.after_hash |= letter == '#';
                // In PostgreSQL # ends the name: `a#$$` opens a text.
                self.in_name = letter == '$';
                self.reader.go(1);
            }
            '-' if self.reader.is(1, '-') => self.comment(),
            '/' if self.reader.is(1, '*') => {
                let text = "Comments /* … */ cannot stand in a statement that is filled in";
                self.refuse_letter(text);
            }
            '#' => {
                self.refuse_letter("# is a comment to some databases, and an operator to others")
            }
            '$' => self.refuse_letter(
                "$ quotes text in PostgreSQL and cannot stand in a statement that is filled in",
            ),
            '\\' => self.refuse_letter(BACKSLASH),
            letter => {
                let begins = letter.is_alphabetic() || letter == '_';
                self.in_name = begins || (in_name && letter.is_numeric());
                self.reader.go(1);
            }
        }
    }

    fn refuse_letter(&mut self, why: &'static str) {
        self.reader.mistake(why);
        self.reader.go(1);
    }

    /// PostgreSQL reads on between brackets. For SQLite and SQL Server all up to `]` is a name:
    /// what stands between the two must leave both where they agree again.
    fn open(&mut self) {
        let is_element = match self.reader.letter_before() {
            Some(letter) if is_name(letter) || letter == ']' => true,
            _ => self.brackets.last().copied().unwrap_or(false),
        };
        self.brackets.push(is_element);
        self.reader.go(1);
    }

    fn close(&mut self) {
        if self.brackets.pop().is_none() {
            self.reader.mistake("A bracket is not opened");
        }
        if self.reader.is(1, ']') {
            self.reader.mistake(DOUBLED);
        }
        self.reader.go(1);
    }

    /// A letter before the quote can change how the text is read; only `N'…'` does not.
    fn string_place(&mut self) -> Result<Place, &'static str> {
        match self.reader.letter_before() {
            Some('N' | 'n') => Ok(Place::Single),
            Some('Q' | 'q') => {
                self.reader.mistake(ORACLE);
                Err("stands in a string with a letter before its quote")
            }
            Some(letter) if is_word(letter) || letter == '&' => {
                Err("stands in a string with a letter before its quote")
            }
            _ => Ok(Place::Single),
        }
    }

    fn bare_hole(&mut self) {
        let touches = |unit: Option<Unit>| match unit {
            None => false,
            Some(Unit::Hole) => true,
            Some(Unit::Letter(letter)) => {
                is_word(letter) || matches!(letter, '\'' | '"' | '`' | '&')
            }
        };
        // PostgreSQL casts with `::`.
        let casts = self.reader.is(1, ':') && self.reader.is(2, ':');
        if touches(self.reader.before()) || (touches(self.reader.peek(1)) && !casts) {
            return self.reader.refuse(WORD);
        }
        match self.brackets.last() {
            Some(false) => self.reader.place(Place::Number, true),
            Some(true) => self.reader.place(Place::Bare, true),
            None => self.reader.place(Place::Bare, false),
        }
    }

    fn quoted(&mut self, quote: char, place: Result<Place, &'static str>) {
        let in_brackets = !self.brackets.is_empty();
        self.reader.go(1);
        loop {
            match (self.reader.peek(0), place) {
                (None, _) => return self.reader.mistake("A quote is not closed"),
                (Some(Unit::Hole), Ok(place)) => self.reader.place(place, in_brackets),
                (Some(Unit::Hole), Err(why)) => self.reader.refuse(why),
                (Some(Unit::Letter('\\')), _) => self.refuse_letter(BACKSLASH),
                (Some(Unit::Letter('[' | ']')), _) if in_brackets => self.refuse_letter(BRACKETS),
                (Some(Unit::Letter('\n')), _) if self.after_hash => {
                    self.refuse_letter("Text of several lines cannot begin behind #");
                }
                // To PostgreSQL and SQL Server a backtick is no quote.
                (Some(Unit::Letter(letter)), _) if quote == '`' && !self.is_plain(letter) => {
                    self.refuse_letter("Between backticks are letters and digits only");
                }
                (Some(Unit::Letter(letter)), _) if letter == quote => {
                    if !self.reader.is(1, quote) {
                        return self.reader.go(1);
                    }
                    self.reader.go(2);
                }
                (Some(Unit::Letter(_)), _) => self.reader.go(1),
            }
        }
    }

    /// Whether a letter between backticks means nothing where these do not.
    fn is_plain(&self, letter: char) -> bool {
        let is_dash = letter == '-' && !self.reader.is(1, '-');
        is_dash || letter.is_alphanumeric() || matches!(letter, '`' | '_' | ' ' | '.')
    }

    /// MySQL takes `--` for a comment only before a blank: what follows must read the same if
    /// it is none.
    fn comment(&mut self) {
        if !self.brackets.is_empty() {
            self.reader.mistake(BRACKETS);
        }
        loop {
            match self.reader.peek(0) {
                None | Some(Unit::Letter('\n')) => return,
                Some(Unit::Hole) => self.reader.refuse(COMMENT),
                Some(Unit::Letter('\'' | '"' | '`' | '$' | '\\' | '[' | ']' | '*')) => {
                    let text = "A comment in a statement that is filled in has no quotes and no signs of the database";
                    self.refuse_letter(text);
                }
                Some(Unit::Letter(_)) => self.reader.go(1),
            }
        }
    }
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$' | '#')
}

fn is_word(letter: char) -> bool {
    is_name(letter) || matches!(letter, '@' | ':' | '.')
}

pub(super) fn quote(spot: &Spot, value: &str, kind: ParamType) -> Result<String, &'static str> {
    if value.contains(['\\', '\n']) {
        return Err(
            "has a backslash or a line break, which means different things to different databases",
        );
    }
    if spot.nested && value.contains(['[', ']']) {
        return Err("cannot have brackets between [ and ]");
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
