//! Custom fields: what an organisation wants to know of its platforms besides.
//!
//! What was so already is not refused: a field may become required, or one of its choices may
//! go, while platforms stand otherwise. Whoever cannot mend that, such as an accountant who
//! writes down a cost, is not stopped by it; whoever changes the custom fields of a platform
//! leaves them right.

use contracts::platforms::PlatformKind;
use contracts::{UserId, words};
use serde::{Deserialize, Serialize};
use tidings::{FieldError, Timestamp};
use utoipa::ToSchema;

use crate::edit::{is_key, wrong};
use crate::line::{line, told_line};
use crate::platform::{Platform, fold};

mod value;

const LABEL_LETTERS_MAX: usize = 100;
const CHOICES_MAX: usize = 100;
const CHOICE_LETTERS_MAX: usize = 100;
/// How many fields there are at the most.
pub(crate) const FIELDS_MAX: usize = 50;

words! {
    /// What a custom field holds.
    pub(crate) enum FieldType ("type of field") {
        /// Text, also of several lines.
        Text = "text",
        /// A number, with a point if it is no whole one.
        Number = "number",
        /// A day.
        Date = "date",
        /// Yes or no.
        Bool = "bool",
        /// One of some texts.
        Choice = "choice",
        /// An address with http or https.
        Link = "link",
    }
}

/// The definition of a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CustomField {
    pub(crate) key: String,
    pub(crate) told: Told,
    pub(crate) version: u64,
    pub(crate) updated_at: Timestamp,
    pub(crate) updated_by: UserId,
    /// When somebody removed it; its values are being taken from the platforms since.
    pub(crate) removed_at: Option<Timestamp>,
}

/// What people have written of a field; what change records hold of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Told {
    pub(crate) label: String,
    #[serde(rename = "type")]
    pub(crate) kind: FieldType,
    pub(crate) required: bool,
    pub(crate) allowed_values: Vec<String>,
    pub(crate) applies_to_kind: Option<PlatformKind>,
}

impl Told {
    pub(crate) fn applies_to(&self, kind: PlatformKind) -> bool {
        self.applies_to_kind.is_none_or(|only| only == kind)
    }
}

/// A definition as somebody wants it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FieldDraft {
    /// What people read.
    #[schema(max_length = 100, example = "Data centre")]
    pub(crate) label: String,
    /// `text`, `number`, `date`, `bool`, `choice` or `link`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Whether a platform must have it.
    pub(crate) required: bool,
    /// For `choice`: what can be chosen.
    pub(crate) allowed_values: Vec<String>,
    /// The only kind of platform that has it; all if nothing is said.
    pub(crate) applies_to_kind: Option<String>,
    /// Why, for the history.
    #[schema(max_length = 200)]
    pub(crate) comment: String,
}

impl FieldDraft {
    pub(crate) fn check(&self) -> Result<Told, Vec<FieldError>> {
        let mut mistakes = Vec::new();
        let label = told_line("label", &self.label, LABEL_LETTERS_MAX);
        let label = label.map_err(|one| mistakes.push(one));
        let kind = self.kind.parse().map_err(|message: String| {
            mistakes.push(wrong("type", "bad_type", message));
        });
        let applies = self.applies_to_kind.as_deref().unwrap_or_default();
        let applies = match applies {
            "" | "all" => Ok(None),
            kind => kind.parse().map(Some).map_err(|message: String| {
                mistakes.push(wrong("applies_to_kind", "bad_kind", message));
            }),
        };
        let choices = self.choices(kind.ok());
        let choices = choices.map_err(|one| mistakes.push(one));
        match (label, kind, applies, choices) {
            (Ok(label), Ok(kind), Ok(applies_to_kind), Ok(allowed_values)) => Ok(Told {
                label,
                kind,
                required: self.required,
                allowed_values,
                applies_to_kind,
            }),
            _ => Err(mistakes),
        }
    }

    fn choices(&self, kind: Option<FieldType>) -> Result<Vec<String>, FieldError> {
        let mut choices: Vec<String> = Vec::new();
        for text in &self.allowed_values {
            let choice = line("allowed_values", text, CHOICE_LETTERS_MAX)?;
            let is_new = !choices.iter().any(|one| fold(one) == fold(&choice));
            if !choice.is_empty() && is_new {
                choices.push(choice);
            }
        }
        let mistake = match kind {
            Some(FieldType::Choice) if choices.is_empty() => "Say what can be chosen.",
            Some(FieldType::Choice) if choices.len() > CHOICES_MAX => {
                "There are at most 100 things to choose from."
            }
            Some(FieldType::Choice) | None => return Ok(choices),
            Some(_) if choices.is_empty() => return Ok(choices),
            Some(_) => "Only a choice has values to choose from.",
        };
        Err(wrong("allowed_values", "bad_allowed_values", mistake))
    }
}

/// Whether a text can name a field: `[a-z][a-z0-9_]*`.
pub(crate) fn check_key(key: &str) -> Result<(), FieldError> {
    let message = "A key is small letters, digits and _, begins with a letter, and has at most 40.";
    match is_key(key) {
        true => Ok(()),
        false => Err(wrong("key", "bad_key", message)),
    }
}

/// Brings the custom fields of a platform into the form of their types, and says what is wrong
/// with them: those that are not as they were `before`, and what is missing.
pub(crate) fn check(
    fields: &[CustomField],
    before: Option<&Platform>,
    platform: &mut Platform,
) -> Vec<FieldError> {
    let kind = platform.kind;
    let before = before.filter(|before| before.kind == kind);
    let before = before.map(|before| &before.custom_fields);
    platform
        .custom_fields
        .retain(|_, text| !text.trim().is_empty());
    if before == Some(&platform.custom_fields) {
        return Vec::new();
    }
    let mut mistakes = Vec::new();
    let known = |key: &str| {
        let mut found = fields.iter().filter(|field| field.key == key);
        found.find(|field| field.removed_at.is_none())
    };
    for (key, text) in &mut platform.custom_fields {
        if before.and_then(|before| before.get(key)) == Some(text) {
            continue;
        }
        let column = format!("custom.{key}");
        let Some(field) = known(key) else {
            let message = format!("There is no custom field {key:?}.");
            mistakes.push(wrong(&column, "custom_unknown", message));
            continue;
        };
        if !field.told.applies_to(kind) {
            let message = format!(
                "{} is not for a platform of the kind {kind}.",
                field.told.label
            );
            mistakes.push(wrong(&column, "custom_not_for_kind", message));
            continue;
        }
        match value::read(&field.told, text) {
            Ok(read) => *text = read,
            Err(message) => mistakes.push(wrong(&column, "custom_bad_value", message)),
        }
    }
    for field in fields.iter().filter(|field| field.removed_at.is_none()) {
        let is_missing = !platform.custom_fields.contains_key(&field.key);
        if field.told.required && field.told.applies_to(kind) && is_missing {
            let column = format!("custom.{}", field.key);
            let message = format!("Say the {}.", field.told.label);
            mistakes.push(wrong(&column, "custom_missing", message));
        }
    }
    mistakes
}

#[cfg(test)]
mod tests;
