//! What somebody would change of a platform, field by field.

mod json;
mod read;

use std::collections::BTreeMap;

use contracts::TeamId;
use contracts::platforms::Period;
use tidings::FieldError;

use crate::columns::{COLUMNS, CUSTOM};
use crate::fields;
use crate::known::Known;
use crate::platform::{Platform, mistakes};
use read::Told;

pub(crate) use json::take_comment;

/// The longest name of a platform or publisher, in letters.
pub(crate) const NAME_LETTERS_MAX: usize = 200;
/// The longest description, in letters.
pub(crate) const DESCRIPTION_LETTERS_MAX: usize = 4_000;
/// The longest of the other texts, in letters.
pub(crate) const TEXT_LETTERS_MAX: usize = 200;
/// The longest value of a custom field, in letters.
pub(crate) const CUSTOM_LETTERS_MAX: usize = 1_000;
const CUSTOM_MAX: usize = 50;
/// How much of a team that is not there stands in the mistake.
const TEAM_LETTERS_SHOWN: usize = 100;

/// Fields by their flat names with the text that each shall have. What is not here stays; an
/// empty text clears what can be empty, and leaves the words that always say something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edit {
    told: BTreeMap<String, String>,
    /// What takes its place when it is deprecated: a platform's id, number or slug, or `none`
    ///
    pub(crate) replaced_by: Option<String>,
}

/// What is wrong with a field.
pub(crate) fn wrong(field: &str, code: &'static str, message: impl Into<String>) -> FieldError {
    FieldError {
        code,
        message: message.into(),
        field: Some(field.to_owned()),
    }
}

impl Edit {
    /// Takes over what a file or a form says of a field: one of [`COLUMNS`], `custom.KEY`, or
    /// `owner_team_id`, which says the owner by its id.
    ///
    /// # Errors
    /// When there is no such field, or the text is none that it can have.
    pub(crate) fn set(&mut self, column: &str, text: &str) -> Result<(), FieldError> {
        if !is_column(column) {
            let text = "There is no such field.";
            return Err(wrong(column, "unknown_field", text));
        }
        let mut scratch = scratch();
        write(&mut scratch, &Told { column, text })?;
        // The owner is said one way or the other; the last way counts.
        match column {
            "owner" => self.told.remove("owner_team_id"),
            "owner_team_id" => self.told.remove("owner"),
            _ => None,
        };
        self.told.insert(column.to_owned(), text.to_owned());
        Ok(())
    }

    /// What was said of a field.
    pub(crate) fn told(&self, column: &str) -> Option<&str> {
        self.told.get(column).map(String::as_str)
    }

    /// The fields of which something was said.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.told.keys().map(String::as_str)
    }

    /// Whether it says a name, or speaks of a team or a custom field, which nobody may take or
    /// remove before it is saved.
    pub(crate) fn needs_names(&self) -> bool {
        const OF_NAMES: [&str; 4] = ["name", "publisher", "owner", "owner_team_id"];
        let mut columns = self.columns();
        columns.any(|column| OF_NAMES.contains(&column) || column.starts_with(CUSTOM))
    }

    /// Changes the platform, and says everything that is wrong with what comes of it; it is
    /// not to be stored then.
    ///
    /// # Errors
    /// One for each field.
    pub(crate) fn apply(
        &self,
        platform: &mut Platform,
        known: &Known,
    ) -> Result<(), Vec<FieldError>> {
        let mut found = Vec::new();
        // One that has no number yet is new: it must have all that is required.
        let before = (platform.number > 0).then(|| platform.clone());
        for (column, text) in &self.told {
            found.extend(write(platform, &Told { column, text }).err());
        }
        found.extend(fields::check(&known.fields, before.as_ref(), platform));
        match self.owner(known) {
            Some(Ok(owner)) => platform.owner_team_id = owner,
            Some(Err(error)) => found.push(error),
            None => {}
        }
        // Whoever says that it is free need not say that this is an amount of nothing.
        let is_made_free = self.told("cost_period").is_some() && self.told("cost_amount").is_none();
        if is_made_free && platform.cost.period == Period::Free {
            platform.cost.amount_minor = 0;
        }
        if platform.custom_fields.len() > CUSTOM_MAX {
            let text = format!("A platform has at most {CUSTOM_MAX} custom fields.");
            found.push(wrong("custom_fields", "too_many", text));
        }
        for mistake in mistakes(platform) {
            let is_told = found.iter().any(|one| one.field == mistake.field);
            if !is_told {
                found.push(mistake);
            }
        }
        match found.is_empty() {
            true => Ok(()),
            false => Err(found),
        }
    }

    fn owner(&self, known: &Known) -> Option<Result<Option<TeamId>, FieldError>> {
        let unknown = |field: &str, team: &str| {
            let shown: String = team.chars().take(TEAM_LETTERS_SHOWN).collect();
            let text = format!("There is no team {shown:?}.");
            wrong(field, "unknown_team", text)
        };
        if let Some(name) = self.told("owner") {
            let found = known.team_named(name);
            return Some(match (name.trim().is_empty(), found) {
                (true, _) => Ok(None),
                (false, Some(id)) => Ok(Some(id)),
                (false, None) => Err(unknown("owner", name.trim())),
            });
        }
        let id = self.told("owner_team_id")?.trim();
        let known = |id: &TeamId| known.is_team(*id);
        Some(match id.parse().ok().filter(known) {
            _ if id.is_empty() => Ok(None),
            Some(id) => Ok(Some(id)),
            None => Err(unknown("owner_team_id", id)),
        })
    }
}

fn is_column(column: &str) -> bool {
    let is_custom = column.strip_prefix(CUSTOM).is_some_and(is_key);
    is_custom || column == "owner_team_id" || COLUMNS.contains(&column)
}

/// Whether a text can be the key of a custom field.
pub(crate) fn is_key(key: &str) -> bool {
    let rest =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    key.len() <= 40
        && key.starts_with(|first: char| first.is_ascii_lowercase())
        && key.chars().all(rest)
}

/// Something to try a text on.
fn scratch() -> Platform {
    let nobody = tidings::Uuid::nil();
    let never = tidings::Timestamp::from_micros(0);
    crate::platform::blank(nobody.into(), 0, nobody.into(), never)
}

/// Writes what a field shall say into a platform; owners are looked up by [`Edit::apply`].
fn write(platform: &mut Platform, told: &Told<'_>) -> Result<(), FieldError> {
    match told.column {
        "name" => platform.name = told.line(NAME_LETTERS_MAX)?,
        "publisher" => platform.publisher = told.line(NAME_LETTERS_MAX)?,
        "description" => platform.description = told.lines(DESCRIPTION_LETTERS_MAX)?,
        "kind" => told.word(&mut platform.kind)?,
        "version_label" => platform.version_label = told.line(TEXT_LETTERS_MAX)?,
        "technical_contact" => platform.technical_contact = told.line(TEXT_LETTERS_MAX)?,
        "support_contact" => platform.support_contact = told.line(TEXT_LETTERS_MAX)?,
        "cost_centre" => platform.cost_centre = told.line(TEXT_LETTERS_MAX)?,
        "budget_code" => platform.budget_code = told.line(TEXT_LETTERS_MAX)?,
        "purchase_order" => platform.purchase_order = told.line(TEXT_LETTERS_MAX)?,
        "lifecycle" => told.word(&mut platform.lifecycle)?,
        "criticality" => told.word(&mut platform.criticality)?,
        "eol_on" => platform.eol_on = told.day()?,
        "tags" => platform.tags = told.tags()?,
        "links" => platform.links = told.links()?,
        "owner" => {
            told.line(NAME_LETTERS_MAX)?;
        }
        "owner_team_id" => {}
        column if column.starts_with("cost_") => write_cost(platform, told)?,
        column if column.starts_with("licence_") => write_licence(platform, told)?,
        custom => {
            let key = custom.strip_prefix(CUSTOM).unwrap_or_default().to_owned();
            match told.lines(CUSTOM_LETTERS_MAX)? {
                text if text.is_empty() => platform.custom_fields.remove(&key),
                text => platform.custom_fields.insert(key, text),
            };
        }
    }
    Ok(())
}

fn write_cost(platform: &mut Platform, told: &Told<'_>) -> Result<(), FieldError> {
    let cost = &mut platform.cost;
    match told.column {
        "cost_amount" => cost.amount_minor = told.amount()?,
        "cost_currency" => told.currency(&mut cost.currency)?,
        _ => told.word(&mut cost.period)?,
    }
    Ok(())
}

fn write_licence(platform: &mut Platform, told: &Told<'_>) -> Result<(), FieldError> {
    let licence = &mut platform.licence;
    match told.column {
        "licence_type" => told.word(&mut licence.kind)?,
        "licence_spdx" => licence.spdx = told.maybe(told.line(TEXT_LETTERS_MAX)?),
        "licence_seats" => licence.seats = told.count()?,
        "licence_reference" => licence.reference = told.maybe(told.line(TEXT_LETTERS_MAX)?),
        "licence_starts_on" => licence.starts_on = told.day()?,
        "licence_expires_on" => licence.expires_on = told.day()?,
        _ => told.word(&mut licence.renewal)?,
    }
    Ok(())
}
