//! Reviews: somebody goes through a part of the register and sees whether it is so.

use contracts::calendar::Day;
use contracts::{PlatformId, UserId, words};
use serde::{Deserialize, Serialize};
use tidings::{FieldError, Timestamp};
use utoipa::ToSchema;

use crate::changes::COMMENT_LETTERS_MAX;
use crate::edit::wrong;
use crate::line::{line, told_line};

pub(crate) const NAME_LETTERS_MAX: usize = 100;
/// Of each text that narrows the list, as of lists themselves.
const SCOPE_LETTERS_MAX: usize = 200;

tidings::typed_id! {
    /// Names a review.
    pub(crate) struct ReviewId;
}

words! {
    /// What somebody found of a platform.
    pub(crate) enum Outcome ("outcome") {
        /// It is as the register says.
        Confirmed = "confirmed",
        /// It was not, and the register says so now.
        Updated = "updated",
        /// It is not there any more.
        Missing = "missing",
    }
}

/// A review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Review {
    pub(crate) id: ReviewId,
    pub(crate) name: String,
    pub(crate) scope: Scope,
    pub(crate) due_on: Day,
    pub(crate) opened_at: Timestamp,
    pub(crate) opened_by: UserId,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) closed_by: Option<UserId>,
    /// Whether all platforms of its scope are on its list.
    pub(crate) filled: bool,
    /// How many are on its list.
    pub(crate) total: u64,
}

impl Review {
    /// `opening`, `open` or `closed`.
    pub(crate) fn status(&self) -> &'static str {
        match (self.closed_at, self.filled) {
            (Some(_), _) => "closed",
            (None, false) => "opening",
            (None, true) => "open",
        }
    }

    /// What change records hold of it.
    pub(crate) fn snapshot(&self) -> serde_json::Value {
        serde_json::json!({
            "name": self.name,
            "scope": self.scope,
            "due_on": self.due_on,
            "closed_at": self.closed_at,
        })
    }
}

/// Which platforms a review is of: what narrows a list of them, as it stands in its address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Scope {
    /// Words that all must be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) q: Option<String>,
    /// The id of a team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lifecycle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) publisher: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
}

impl Scope {
    /// Each thing that narrows it, with its name.
    pub(crate) fn parts(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("q", &self.q),
            ("owner", &self.owner),
            ("lifecycle", &self.lifecycle),
            ("publisher", &self.publisher),
            ("tag", &self.tag),
            ("kind", &self.kind),
        ];
        let told = all.into_iter();
        told.filter_map(|(name, text)| Some((name, text.as_deref()?)))
            .collect()
    }

    /// Without what was left empty, as forms send it.
    fn tidied(self) -> Self {
        let told = |text: Option<String>| {
            let text = text.map(|text| text.trim().to_owned());
            text.filter(|text| !text.is_empty())
        };
        Self {
            q: told(self.q),
            owner: told(self.owner),
            lifecycle: told(self.lifecycle),
            publisher: told(self.publisher),
            tag: told(self.tag),
            kind: told(self.kind),
        }
    }
}

/// A review as somebody wants it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ReviewDraft {
    #[schema(max_length = 100, example = "Stock-take 2026")]
    pub(crate) name: String,
    /// What narrows the list of platforms; all of them if nothing is said.
    pub(crate) scope: Scope,
    /// Until when it is to be done.
    #[schema(example = "2026-03-31")]
    pub(crate) due_on: String,
}

/// What a draft says, checked as far as it can be without the register.
pub(crate) struct Checked {
    pub(crate) name: String,
    pub(crate) scope: Scope,
    pub(crate) due_on: Day,
}

impl ReviewDraft {
    pub(crate) fn check(self, today: Day) -> Result<Checked, Vec<FieldError>> {
        let mut mistakes = Vec::new();
        let name = told_line("name", &self.name, NAME_LETTERS_MAX);
        let name = name.map_err(|one| mistakes.push(one));
        let due_on: Result<Day, _> = self.due_on.trim().parse();
        let due_on = match due_on {
            Ok(day) if day >= today => Some(day),
            Ok(_) => {
                let message = "A review is due today or later.";
                mistakes.push(wrong("due_on", "due_on_past", message));
                None
            }
            Err(_) => {
                let message = "due_on is a day like 2026-03-31.";
                mistakes.push(wrong("due_on", "bad_day", message));
                None
            }
        };
        let scope = self.scope.tidied();
        let parts = scope.parts().into_iter();
        mistakes.extend(parts.filter_map(|(part, text)| line(part, text, SCOPE_LETTERS_MAX).err()));
        match (name, due_on) {
            (Ok(name), Some(due_on)) if mistakes.is_empty() => Ok(Checked {
                name,
                scope,
                due_on,
            }),
            _ => Err(mistakes),
        }
    }
}

/// What somebody found, as they say it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OutcomeDraft {
    /// `confirmed`, `updated` or `missing`.
    pub(crate) outcome: String,
    #[schema(max_length = 200)]
    pub(crate) comment: String,
}

impl OutcomeDraft {
    pub(crate) fn check(&self) -> Result<(Outcome, String), Vec<FieldError>> {
        let mut mistakes = Vec::new();
        let outcome = self.outcome.parse().map_err(|message: String| {
            mistakes.push(wrong("outcome", "bad_outcome", message));
        });
        let comment = line("comment", &self.comment, COMMENT_LETTERS_MAX);
        let comment = comment.map_err(|one| mistakes.push(one));
        match (outcome, comment) {
            (Ok(outcome), Ok(comment)) => Ok((outcome, comment)),
            _ => Err(mistakes),
        }
    }
}

/// A platform on the list of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Where it stands on the list, from 1.
    pub(crate) place: u64,
    pub(crate) platform_id: PlatformId,
    pub(crate) found: Option<Found>,
}

/// What somebody found of a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) outcome: Outcome,
    pub(crate) comment: String,
    pub(crate) by: UserId,
    pub(crate) at: Timestamp,
}

impl Item {
    /// What change records hold of it; nothing before somebody looked.
    pub(crate) fn snapshot(&self) -> Option<serde_json::Value> {
        let found = self.found.as_ref()?;
        Some(serde_json::json!({
            "platform_id": self.platform_id,
            "outcome": found.outcome,
            "comment": found.comment,
        }))
    }
}
