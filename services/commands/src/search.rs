//! What a command is found by: words, and marks of what it is.
//!
//! The words of a command are kept as one text, a space between two of them. A word of the
//! title stands there twice, once with `^` before it: what stands in a title is found first.
//! What a list is narrowed by (platform, status, risk, author, system, tag) stands there as a
//! mark, which begins with `@` and so is no word that anybody types. The names of platforms do
//! not stand there: a rename would rewrite every command of the platform. A search asks first
//! which platforms a word means, and then for their marks as well.

use std::collections::BTreeSet;

use contracts::commands::{Risk, Status};
use contracts::{PlatformId, UserId};

use crate::command::Command;

/// Letters of a word that count.
const LETTERS_MAX: usize = 64;
/// Words of a command that count: a template of any length stays within what an index takes.
const WORDS_MAX: usize = 1_500;
/// Words of a search that count; the rest is left out.
const ASKED_MAX: usize = 8;

/// The text of all words and marks of a command, each once.
pub(crate) fn text_of(command: &Command) -> String {
    let mut all = BTreeSet::new();
    all.insert(platform_mark(command.platform_id));
    all.insert(status_mark(command.status));
    all.insert(risk_mark(command.risk));
    all.insert(author_mark(command.author));
    all.extend(command.os.iter().map(|os| os_mark(os)));
    all.extend(command.tags.iter().map(|tag| tag_mark(tag)));
    let number = command.number.to_string();
    for word in words_of(&command.how_to).chain([number]) {
        all.insert(format!("^{word}"));
        all.insert(word);
    }
    let rest = [&command.description, &command.command_line];
    for text in rest.into_iter().chain(&command.tags) {
        for word in words_of(text) {
            if all.len() >= WORDS_MAX {
                break;
            }
            all.insert(word);
        }
    }
    all.into_iter().collect::<Vec<_>>().join(" ")
}

/// The words that a platform's commands are found by.
pub(crate) fn words_of_platform(name: &str, publisher: &str) -> BTreeSet<String> {
    words_of(name).chain(words_of(publisher)).collect()
}

/// The words of what somebody asks for, each once.
pub(crate) fn asked(q: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in words_of(q) {
        if !words.contains(&word) && words.len() < ASKED_MAX {
            words.push(word);
        }
    }
    words
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    // What becomes small may bring a mark of its own, which is no letter.
    words.map(|word| {
        let small = word.chars().flat_map(char::to_lowercase);
        let small = small.filter(|letter| letter.is_alphanumeric());
        small.take(LETTERS_MAX).collect()
    })
}

pub(crate) fn platform_mark(id: PlatformId) -> String {
    format!("@p{}", id.uuid().simple())
}

pub(crate) fn author_mark(id: UserId) -> String {
    format!("@a{}", id.uuid().simple())
}

pub(crate) fn status_mark(status: Status) -> String {
    format!("@s{}", status.as_str())
}

pub(crate) fn risk_mark(risk: Risk) -> String {
    format!("@r{}", risk.as_str())
}

pub(crate) fn os_mark(os: &str) -> String {
    format!("@o{}", plain(os))
}

pub(crate) fn tag_mark(tag: &str) -> String {
    format!("@t{}", plain(tag))
}

/// A text as letters, digits and underscores; another text gives another.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars().flat_map(char::to_lowercase).take(LETTERS_MAX) {
        match letter.is_alphanumeric() {
            true => plain.push(letter),
            false => plain += &format!("_{:x}_", u32::from(letter)),
        }
    }
    plain
}

/// A word that somebody asks for, and what it means here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Word {
    /// How a word of the command must begin.
    pub(crate) begins: String,
    /// All words there are that begin so, where they are known and few: PostgreSQL finds whole
    /// words among frequent ones in a half to a quarter of the time.
    pub(crate) whole: BTreeSet<String>,
    /// The marks of the platforms whose name or publisher has a word that begins so.
    pub(crate) platforms: BTreeSet<String>,
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Words that all must be there.
    pub(crate) words: Vec<Word>,
    /// Marks that all must be there.
    pub(crate) marks: Vec<String>,
    /// Marks that must not.
    pub(crate) not: Vec<String>,
}

impl Wanted {
    /// Whether a command with this text is wanted.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let has = |mark: &String| text.split(' ').any(|one| one == mark);
        self.marks.iter().all(has)
            && !self.not.iter().any(has)
            && self.has_words(text, Within::Anything)
    }

    /// Whether all words stand there.
    pub(crate) fn has_words(&self, text: &str, within: Within) -> bool {
        self.words.iter().all(|word| {
            let begins = format!("{}{}", within.sign(), word.begins);
            text.split(' ')
                .any(|one| one.starts_with(&begins) || word.platforms.contains(one))
        })
    }

    /// As SQLite's FTS5 takes it; nothing where nothing must be there.
    pub(crate) fn fts5(&self, within: Within) -> Option<String> {
        let word = |word: &Word| {
            let own = format!("\"{}{}\" *", within.sign(), word.begins);
            let marks = word.platforms.iter().map(|mark| format!("\"{mark}\""));
            let all: Vec<String> = std::iter::once(own).chain(marks).collect();
            format!("({})", all.join(" OR "))
        };
        let marks = self.marks.iter().map(|mark| format!("\"{mark}\""));
        let all: Vec<String> = marks.chain(self.words.iter().map(word)).collect();
        if all.is_empty() {
            return None;
        }
        let not = self.not.iter().map(|mark| format!(" NOT \"{mark}\""));
        Some(format!(
            "({}){}",
            all.join(" AND "),
            not.collect::<String>()
        ))
    }

    /// Whether everything is wanted but what has a mark that must not be there.
    pub(crate) fn is_everything(&self) -> bool {
        self.words.is_empty() && self.marks.is_empty()
    }

    /// As PostgreSQL's `tsquery`, but for the words that mean platforms, and for what must not
    /// be there.
    pub(crate) fn tsquery(&self, within: Within) -> Option<String> {
        let marks = self.marks.iter().map(|mark| format!("'{mark}'"));
        let words = self.words.iter().filter(|word| word.platforms.is_empty());
        let words = words.map(|word| word.tsquery(within));
        let all: Vec<String> = marks.chain(words).collect();
        (!all.is_empty()).then(|| all.join(" & "))
    }

    /// The words that mean platforms.
    pub(crate) fn of_platforms(&self) -> impl Iterator<Item = &Word> {
        let words = self.words.iter();
        words.filter(|word| !word.platforms.is_empty())
    }
}

impl Word {
    /// As PostgreSQL's `tsquery`, but for the platforms.
    pub(crate) fn tsquery(&self, within: Within) -> String {
        let sign = within.sign();
        let whole = self.whole.iter().map(|one| format!("'{sign}{one}'"));
        let whole: Vec<String> = whole.collect();
        match whole.is_empty() {
            true => format!("'{sign}{}':*", self.begins),
            false => format!("({})", whole.join(" | ")),
        }
    }
}

/// Where the words of a search must stand.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Within {
    /// In the title, or in the name of the platform.
    Title,
    /// Anywhere.
    Anything,
}

impl Within {
    fn sign(self) -> &'static str {
        match self {
            Self::Title => "^",
            Self::Anything => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_small_and_without_signs() {
        let words = asked("  Restart POD: kube-system/ÄRGER İ a\0b '\"*@p^x restart");
        let all = ["restart", "pod", "kube", "system", "ärger", "i", "a", "b"];
        assert_eq!(words, all);
    }

    #[test]
    fn different_tags_have_different_marks() {
        let marks: BTreeSet<String> = ["a b", "a-b", "a_b", "ab", "a_20_b"].map(tag_mark).into();
        assert_eq!(marks.len(), 5);
        assert!(marks.iter().all(|mark| !mark.contains([' ', '\'', '"'])));
    }

    fn wanted() -> Wanted {
        let word = |begins: &str, whole: &[&str], platforms: &[&str]| Word {
            begins: begins.into(),
            whole: whole.iter().map(ToString::to_string).collect(),
            platforms: platforms.iter().map(ToString::to_string).collect(),
        };
        Wanted {
            words: vec![
                word("rest", &["rest", "restart"], &[]),
                word("kube", &[], &["@p1"]),
            ],
            marks: vec!["@rsafe".into()],
            not: vec!["@sdraft".into()],
        }
    }

    #[test]
    fn a_wanted_command_has_every_word_and_mark() {
        let wanted = wanted();
        assert!(wanted.matches("@p1 @rsafe @spublished ^restart restart"));
        assert!(wanted.matches("@p2 @rsafe kubectl restart"));
        assert!(!wanted.matches("@p2 @rsafe restart"));
        assert!(!wanted.matches("@p1 @rsafe @sdraft restart"));
        assert!(!wanted.matches("@p1 @rcaution restart"));
        assert!(!wanted.matches("@p1 @rsafe arrest"));
        assert!(wanted.has_words("@p1 ^restart", Within::Title));
        assert!(wanted.has_words("^restart ^kubectl", Within::Title));
        assert!(!wanted.has_words("^restart kubectl", Within::Title));
    }

    #[test]
    fn each_database_is_asked_for_every_word_and_mark() {
        let wanted = wanted();
        let fts5 = r#"("@rsafe" AND ("^rest" *) AND ("^kube" * OR "@p1")) NOT "@sdraft""#;
        assert_eq!(wanted.fts5(Within::Title).unwrap(), fts5);
        let tsquery = "'@rsafe' & ('rest' | 'restart')";
        assert_eq!(wanted.tsquery(Within::Anything).unwrap(), tsquery);
        let words: Vec<_> = wanted.of_platforms().collect();
        assert_eq!(words.len(), 1);
        assert_eq!(words[0].tsquery(Within::Title), "'^kube':*");
    }

    #[test]
    fn nothing_wanted_is_no_query() {
        let not = vec!["@sdraft".to_owned()];
        let wanted = Wanted {
            not,
            ..Wanted::default()
        };
        assert!(wanted.is_everything());
        assert_eq!(wanted.fts5(Within::Anything), None);
        assert_eq!(wanted.tsquery(Within::Title), None);
    }
}
