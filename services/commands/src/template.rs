//! The template of a command line: text, and places for values (A-23).
//!
//! `{{name}}` is a place for one value, `{{name...}}` one for many, and `\{\{` stands for the
//! two braces themselves. Of more than two braces in a row the last two open a place.

use std::collections::BTreeMap;
use std::fmt;

/// Mistakes that are told at once: where each of them stands is counted from the beginning, so
/// that a file of nothing else would take hours.
const MISTAKES_MAX: usize = 20;
/// Letters of a name, at the most.
pub(crate) const NAME_LETTERS_MAX: usize = 40;
const OPEN: &str = "{{";
const CLOSE: &str = "}}";
const ESCAPED: &str = r"\{\{";
const MANY: &str = "...";

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// It stands in the line as it is.
    Text(String),
    /// A value stands in its place, or many with something between them.
    Placeholder { name: String, many: bool },
}

/// A template, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// Text and places in turn; no text is empty, and no two texts follow each other.
    pub(crate) pieces: Vec<Piece>,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// At which letter, from 1.
    pub(crate) at: usize,
    pub(crate) message: String,
}

impl Template {
    /// Reads a template, or says what is wrong with it: the first twenty mistakes.
    pub(crate) fn parse(source: &str) -> Result<Self, Vec<Mistake>> {
        let mut reading = Reading {
            source,
            rest: source,
            pieces: Vec::new(),
            mistakes: Vec::new(),
        };
        while !reading.rest.is_empty() && reading.mistakes.len() < MISTAKES_MAX {
            reading.step();
        }
        match reading.mistakes.is_empty() {
            true => Ok(Self {
                pieces: reading.pieces,
            }),
            false => Err(reading.mistakes),
        }
    }

    /// The names of its places, each once, and whether many values go there.
    pub(crate) fn placeholders(&self) -> BTreeMap<&str, bool> {
        let mut names = BTreeMap::new();
        for piece in &self.pieces {
            if let Piece::Placeholder { name, many } = piece {
                *names.entry(name.as_str()).or_insert(false) |= *many;
            }
        }
        names
    }
}

/// As it is written: reading it again gives the same.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => f.write_str(&text.replace(OPEN, ESCAPED))?,
                Piece::Placeholder { name, many } => {
                    let many = if *many { MANY } else { "" };
                    write!(f, "{OPEN}{name}{many}{CLOSE}")?;
                }
            }
        }
        Ok(())
    }
}

struct Reading<'a> {
    source: &'a str,
    rest: &'a str,
    pieces: Vec<Piece>,
    mistakes: Vec<Mistake>,
}

impl Reading<'_> {
    fn step(&mut self) {
        if let Some(rest) = self.rest.strip_prefix(ESCAPED) {
            self.text(OPEN);
            self.rest = rest;
        } else if self.rest.starts_with(OPEN) && !self.rest.starts_with("{{{") {
            self.placeholder();
        } else {
            let mut letters = self.rest.chars();
            if let Some(letter) = letters.next() {
                self.text(letter.encode_utf8(&mut [0; 4]));
            }
            self.rest = letters.as_str();
        }
    }

    fn text(&mut self, more: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push_str(more),
            _ => self.pieces.push(Piece::Text(more.to_owned())),
        }
    }

    fn placeholder(&mut self) {
        let inner = self.rest.strip_prefix(OPEN).unwrap_or(self.rest);
        let Some((inside, rest)) = inner.split_once(CLOSE) else {
            self.mistake(r"{{ is not closed by }}; write \{\{ for the braces themselves");
            self.rest = "";
            return;
        };
        let (name, many) = match inside.strip_suffix(MANY) {
            Some(name) => (name, true),
            None => (inside, false),
        };
        match is_name(name) {
            true => self.pieces.push(Piece::Placeholder {
                name: name.to_owned(),
                many,
            }),
            false => self.mistake(&format!(
                r"between {{{{ and }}}} stands a name of letters, digits and underscores, at most {NAME_LETTERS_MAX}; write \{{\{{ for the braces themselves"
            )),
        }
        self.rest = rest;
    }

    fn mistake(&mut self, message: &str) {
        let before = self.source.len() - self.rest.len();
        let letters = self.source.get(..before).unwrap_or_default();
        self.mistakes.push(Mistake {
            at: letters.chars().count() + 1,
            message: message.to_owned(),
        });
    }
}

/// Whether it can be the name of a parameter.
pub(crate) fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=NAME_LETTERS_MAX).contains(&name.len()) && name.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn place(name: &str, many: bool) -> Piece {
        Piece::Placeholder {
            name: name.to_owned(),
            many,
        }
    }

    fn read(source: &str) -> Vec<Piece> {
        Template::parse(source).unwrap().pieces
    }

    #[test]
    fn a_23_a_template_is_text_and_places() {
        assert_eq!(read(""), []);
        assert_eq!(read("ls -l"), [text("ls -l")]);
        let expected = [
            text("kubectl delete pod "),
            place("pod", false),
            text(" "),
            place("more", true),
        ];
        assert_eq!(read("kubectl delete pod {{pod}} {{more...}}"), expected);
        assert_eq!(
            read(r"docker ps --format '\{\{.Names}}'"),
            [text("docker ps --format '{{.Names}}'")]
        );
        assert_eq!(read("x{{{a}}}"), [text("x{"), place("a", false), text("}")]);
        assert_eq!(read("{ } }} { {"), [text("{ } }} { {")]);
        assert_eq!(read(r"\{ \\{\{"), [text(r"\{ \{{")]);
        assert_eq!(read("{{a}}{{b}}"), [place("a", false), place("b", false)]);
    }

    #[test]
    fn a_file_of_nothing_but_mistakes_is_refused_at_once() {
        let mistakes = Template::parse(&"{{}}".repeat(1_000_000)).err().unwrap();
        assert_eq!(mistakes.len(), MISTAKES_MAX);
    }

    #[test]
    fn a_23_every_mistake_of_a_template_is_told_with_its_place() {
        let at = |source: &str| -> Vec<usize> {
            let mistakes = Template::parse(source).err().unwrap_or_default();
            mistakes.into_iter().map(|one| one.at).collect()
        };
        assert_eq!(at("é {{"), [3]);
        assert_eq!(at("{{a}} {{b"), [7]);
        assert_eq!(
            at("{{}} {{ a }} {{a-b}} {{...}} {{é}} {{a..}}"),
            [1, 6, 14, 22, 30, 36]
        );
        assert_eq!(at(&format!("{{{{{}}}}}", "a".repeat(41))), [1]);
        assert_eq!(at(&format!("{{{{{}}}}}", "a".repeat(40))), [0; 0]);
        assert_eq!(at("{{{{{{"), [5]);
    }

    #[test]
    fn the_names_of_the_places_are_told_once() {
        let template = Template::parse("{{b}} {{a...}} {{b}} {{a}}").unwrap();
        let expected = BTreeMap::from([("a", true), ("b", false)]);
        assert_eq!(template.placeholders(), expected);
    }

    proptest! {
        /// Whatever is read is written so that reading it again gives the same; nothing panics.
        #[test]
        fn a_23_what_is_written_reads_back(source in r"[ab_.{}\\ é\n]{0,40}") {
            if let Ok(template) = Template::parse(&source) {
                prop_assert_eq!(Template::parse(&template.to_string()), Ok(template));
            }
        }

        /// Text without `\{\{` becomes a template that is that text.
        #[test]
        fn text_that_is_escaped_is_itself(letters in r"[ab{}\\]{0,20}") {
            prop_assume!(!letters.contains(ESCAPED));
            let template = Template { pieces: vec![text(&letters)] };
            let read = Template::parse(&template.to_string()).unwrap();
            prop_assert!(letters.is_empty() || read == template, "{}", template);
        }
    }
}
