//! Teams: whose platforms are, and what somebody may write of a team.

use contracts::{TeamId, UserId, words};
use serde::{Deserialize, Serialize};
use tidings::{FieldError, Timestamp};
use utoipa::ToSchema;

use crate::edit::wrong;
use crate::line::{line, told_line};

pub(crate) const NAME_LETTERS_MAX: usize = 100;
const EMAIL_LETTERS_MAX: usize = 254;

words! {
    /// What a team does.
    pub(crate) enum TeamKind ("kind of team") {
        /// It runs things.
        Infra = "infra",
        /// It helps people.
        Support = "support",
        /// It builds things.
        Engineering = "engineering",
        /// It counts things.
        Accounting = "accounting",
        /// Anything else.
        Other = "other",
    }
}

/// A team that platforms may belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Team {
    pub(crate) id: TeamId,
    pub(crate) told: Told,
    pub(crate) version: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: UserId,
    pub(crate) updated_at: Timestamp,
    pub(crate) updated_by: UserId,
}

/// What people have written of a team; what change records hold of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) kind: TeamKind,
    /// Empty when nobody has said.
    pub(crate) email: String,
}

/// What is to be written of a team; what is left out stays as it is.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TeamEdit {
    /// Differs from the names of all other teams by more than capitals.
    #[schema(max_length = 100, example = "Infrastructure")]
    pub(crate) name: Option<String>,
    /// `infra`, `support`, `engineering`, `accounting` or `other`, which a new team is if
    /// nothing is said.
    pub(crate) kind: Option<String>,
    /// Where notices to the team go; empty for nowhere.
    #[schema(max_length = 254)]
    pub(crate) email: Option<String>,
    /// Why, for the history.
    #[schema(max_length = 200)]
    pub(crate) comment: Option<String>,
}

impl TeamEdit {
    /// What the team is after it; the whole of it if nothing was there `before`.
    pub(crate) fn apply(&self, before: Option<&Told>) -> Result<Told, Vec<FieldError>> {
        let mut mistakes = Vec::new();
        let mut take = |read: Result<String, FieldError>| read.map_err(|one| mistakes.push(one));
        let name = match (&self.name, before) {
            (None, Some(told)) => Ok(told.name.clone()),
            (name, _) => {
                let name = name.as_deref().unwrap_or_default();
                take(told_line("name", name, NAME_LETTERS_MAX))
            }
        };
        let email = match (&self.email, before) {
            (None, told) => Ok(told.map(|told| told.email.clone()).unwrap_or_default()),
            (Some(email), _) => take(read_email(email)),
        };
        let kind = match (self.kind.as_deref(), before) {
            (None, told) => Ok(told.map_or(TeamKind::Other, |told| told.kind)),
            (Some(kind), _) => kind.parse().map_err(|message: String| {
                mistakes.push(wrong("kind", "bad_kind", message));
            }),
        };
        match (name, email, kind) {
            (Ok(name), Ok(email), Ok(kind)) => Ok(Told { name, kind, email }),
            _ => Err(mistakes),
        }
    }
}

/// An address with one `@`, something before it, and a name with a dot behind it.
fn read_email(text: &str) -> Result<String, FieldError> {
    let email = line("email", text, EMAIL_LETTERS_MAX)?;
    let is_host = |host: &str| {
        host.contains('.') && !host.split('.').any(str::is_empty) && !host.contains('@')
    };
    let is_address = email
        .split_once('@')
        .is_some_and(|(before, host)| !before.is_empty() && is_host(host));
    if email.is_empty() || is_address && !email.contains(char::is_whitespace) {
        return Ok(email);
    }
    let message = "An e-mail address looks like team@example.com.";
    Err(wrong("email", "bad_email", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(name: Option<&str>, kind: Option<&str>, email: Option<&str>) -> TeamEdit {
        TeamEdit {
            name: name.map(str::to_owned),
            kind: kind.map(str::to_owned),
            email: email.map(str::to_owned),
            comment: None,
        }
    }

    fn codes(edit: &TeamEdit) -> Vec<&'static str> {
        let mistakes = edit.apply(None).err().unwrap_or_default();
        mistakes.into_iter().map(|one| one.code).collect()
    }

    #[test]
    fn what_is_left_out_stays_and_what_is_said_is_checked() {
        let new = edit(Some(" Core "), None, None).apply(None).unwrap();
        let expected = Told {
            name: "Core".to_owned(),
            kind: TeamKind::Other,
            email: String::new(),
        };
        assert_eq!(new, expected);
        let later = edit(None, Some("infra"), Some("core@example.com"));
        let expected = Told {
            kind: TeamKind::Infra,
            email: "core@example.com".to_owned(),
            ..expected
        };
        assert_eq!(later.apply(Some(&new)).unwrap(), expected);
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let all_wrong = edit(Some(" "), Some("boss"), Some("a@b"));
        assert_eq!(
            codes(&all_wrong),
            ["field_missing", "bad_email", "bad_kind"]
        );
        let long = "é".repeat(NAME_LETTERS_MAX + 1);
        assert_eq!(codes(&edit(Some(&long), None, None)), ["field_too_long"]);
        assert_eq!(codes(&edit(Some("a\0b"), None, None)), ["bad_text"]);
        for email in ["@b.c", "a@b@c.d", "a b@c.d", "a@.d", "a@c.", "a@c..d", "a"] {
            let codes = codes(&edit(Some("Core"), None, Some(email)));
            assert_eq!(codes, ["bad_email"], "{email}");
        }
    }
}
