//! What somebody writes down to be done, and what is wrong with it.

use contracts::tasks::{is_jira_id, join_title};
use serde::Deserialize;
use tidings::FieldError;
use utoipa::ToSchema;

use crate::Records;

/// Letters of a title, at the most.
pub(crate) const TITLE_LETTERS_MAX: usize = 200;
/// Letters of a description, at the most.
pub(crate) const DESCRIPTION_LETTERS_MAX: usize = 4_000;
const JIRA_ID_LETTERS_MAX: usize = 40;

/// A task as somebody wants it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    /// What is to be done, in a line; without `[` and `]`.
    #[serde(default)]
    #[schema(max_length = 200, example = "Mend the gate")]
    pub(crate) title: String,
    /// What is to be done, at length.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub(crate) description: String,
    /// The number in the old tracker: `POP-42`.
    #[serde(default)]
    #[schema(example = "POP-42")]
    pub(crate) jira_id: Option<String>,
}

/// What a task says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) jira_id: Option<String>,
}

impl Told {
    /// What a search looks through, in small letters.
    pub(crate) fn words(&self) -> String {
        let number = self.jira_id.as_deref().unwrap_or_default();
        format!("{number} {} {}", self.title, self.description).to_lowercase()
    }
}

/// What is wrong with a field of a draft.
#[derive(Debug)]
pub(crate) struct Wrong(pub(crate) FieldError);

impl Wrong {
    fn new(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self(FieldError {
            code,
            message: message.into(),
            field: Some(field.to_owned()),
        })
    }
}

impl Draft {
    /// Checks it, and says of every field what is wrong with it.
    ///
    /// While the first version of records is still written, a title may have brackets as it
    /// always could, and a number that is given by itself goes into them.
    pub(crate) fn check(self, records: Records) -> Result<Told, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let title = self.title.trim().to_owned();
        wrong.extend(title_mistake(&title, records));
        let description = self.description.trim().replace("\r\n", "\n");
        if description.chars().count() > DESCRIPTION_LETTERS_MAX {
            let text = format!("A description has at most {DESCRIPTION_LETTERS_MAX} letters.");
            wrong.push(Wrong::new("description", "description_too_long", text));
        } else if description.chars().any(is_no_text) {
            let text = "A description is plain text.";
            wrong.push(Wrong::new("description", "bad_description", text));
        }
        let jira_id = self.jira_id.map(|number| number.trim().to_owned());
        let jira_id = jira_id.filter(|number| !number.is_empty());
        if jira_id.as_deref().is_some_and(|number| !is_number(number)) {
            let text = "jira_id is capital letters, a dash and digits, like POP-42.";
            wrong.push(Wrong::new("jira_id", "bad_jira_id", text));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let (title, jira_id) = match records {
            Records::First => (join_title(jira_id.as_deref(), &title), None),
            Records::Second => (title, jira_id),
        };
        Ok(Told {
            title,
            description,
            jira_id,
        })
    }
}

fn title_mistake(title: &str, records: Records) -> Option<Wrong> {
    let letters = title.chars().count();
    let mistake = if title.is_empty() {
        Wrong::new("title", "title_missing", "Say what is to be done.")
    } else if letters > TITLE_LETTERS_MAX {
        let text =
            format!("A title has at most {TITLE_LETTERS_MAX} letters; say the rest below it.");
        Wrong::new("title", "title_too_long", text)
    } else if title.chars().any(char::is_control) {
        Wrong::new("title", "bad_title", "A title is one line of text.")
    } else if records == Records::Second && title.contains(['[', ']']) {
        let text = "A title has no brackets. A number like POP-42 goes into the field jira_id.";
        Wrong::new("title", "title_has_brackets", text)
    } else {
        return None;
    };
    Some(mistake)
}

fn is_number(text: &str) -> bool {
    text.len() <= JIRA_ID_LETTERS_MAX && is_jira_id(text)
}

fn is_no_text(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(title: &str, jira_id: Option<&str>) -> Draft {
        Draft {
            title: title.to_owned(),
            description: " one\r\ntwo ".to_owned(),
            jira_id: jira_id.map(str::to_owned),
        }
    }

    fn codes(draft: Draft) -> Vec<&'static str> {
        let wrong = draft.check(Records::Second).err().unwrap_or_default();
        wrong.into_iter().map(|Wrong(one)| one.code).collect()
    }

    #[test]
    fn what_is_typed_is_trimmed_and_checked_field_by_field() {
        let told = draft("  Mend the gate ", Some(" POP-42 ")).check(Records::Second);
        let expected = Told {
            title: "Mend the gate".to_owned(),
            description: "one\ntwo".to_owned(),
            jira_id: Some("POP-42".to_owned()),
        };
        assert_eq!(told.unwrap(), expected);
        assert_eq!(expected.words(), "pop-42 mend the gate one\ntwo");
        assert_eq!(
            codes(draft(" ", Some("pop-1"))),
            ["title_missing", "bad_jira_id"]
        );
        assert_eq!(codes(draft("[POP-1] Mend", None)), ["title_has_brackets"]);
        assert_eq!(codes(draft("Mend]", None)), ["title_has_brackets"]);
        assert_eq!(codes(draft("Mend\nit", None)), ["bad_title"]);
        assert_eq!(codes(draft(&"é".repeat(200), Some(""))), [""; 0]);
        assert_eq!(codes(draft(&"é".repeat(201), None)), ["title_too_long"]);
        let mut long = draft("Mend", None);
        long.description = "x".repeat(4_001);
        assert_eq!(codes(long.clone()), ["description_too_long"]);
        long.description = "a\0b".to_owned();
        assert_eq!(codes(long), ["bad_description"]);
    }

    #[test]
    fn the_first_version_of_records_keeps_the_number_in_the_title() {
        let titled = |title: &str, jira_id| {
            let told = draft(title, jira_id).check(Records::First).unwrap();
            (told.title, told.jira_id)
        };
        let expected = ("[POP-42] Mend the gate".to_owned(), None);
        assert_eq!(titled("Mend the gate", Some("POP-42")), expected);
        assert_eq!(titled("[POP-42] Mend the gate", None), expected);
    }
}
