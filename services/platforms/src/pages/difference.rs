//! What a change has changed, field by field, for people.

use std::collections::BTreeMap;

use contracts::TeamId;
use serde_json::Value;
use tidings::{Timestamp, Uuid};

use crate::actions::PLATFORM;
use crate::changes::Change;
use crate::columns::{CUSTOM, text_of};
use crate::platform::Platform;

/// The names of teams by their ids.
pub(super) type Teams = BTreeMap<TeamId, String>;

/// One change as a page shows it.
pub(super) struct Told {
    pub(super) at: Timestamp,
    pub(super) actor: Uuid,
    pub(super) by: String,
    /// `Changed`, `Archived` and so on.
    pub(super) what: &'static str,
    /// What kind of thing it is.
    pub(super) entity: String,
    pub(super) entity_id: String,
    /// What it was called then.
    pub(super) name: String,
    pub(super) request_id: Uuid,
    pub(super) comment: String,
    pub(super) fields: Vec<Field>,
}

/// One field of it.
pub(super) struct Field {
    pub(super) label: String,
    pub(super) before: String,
    pub(super) after: String,
}

impl Told {
    pub(super) fn of((change, by): (Change, Option<String>), teams: &Teams) -> Self {
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        let shown = |value: Option<&Value>, field: &str| match change.entity.as_str() {
            PLATFORM => of_platform(value, field, teams),
            _ => of_other(value, field),
        };
        let is_edit = before.is_some() && after.is_some();
        let fields = change.changed_fields.iter().filter(|_| is_edit);
        let fields = fields.map(|field| Field {
            label: label(field),
            before: shown(before, field),
            after: shown(after, field),
        });
        Self {
            at: change.at,
            actor: change.actor.uuid(),
            by: by.unwrap_or_else(|| "Somebody".to_owned()),
            what: match (change.action.as_str(), is_edit) {
                ("create", _) => "Added",
                ("import", false) => "Imported",
                ("import", true) => "Changed by an import",
                ("archive", _) => "Archived",
                ("restore", _) => "Restored",
                ("delete", _) => "Removed",
                _ => "Changed",
            },
            fields: fields.collect(),
            name: name(after.or(before)),
            entity: change.entity,
            entity_id: change.entity_id,
            request_id: change.request_id,
            comment: change.comment,
        }
    }

    pub(super) fn is_platform(&self) -> bool {
        self.entity == PLATFORM
    }
}

fn name(value: Option<&Value>) -> String {
    let text = |field: &str| value?.get(field)?.as_str();
    let found = text("name").or_else(|| text("label"));
    found.unwrap_or_default().to_owned()
}

fn of_platform(value: Option<&Value>, field: &str, teams: &Teams) -> String {
    let read = |value: &Value| serde_json::from_value::<Platform>(value.clone()).ok();
    let Some(platform) = value.and_then(read) else {
        return of_other(value, field);
    };
    let owner = platform.owner_team_id;
    let owner = owner.map(|id| teams.get(&id).cloned().unwrap_or_else(|| id.to_string()));
    match field {
        "archived_at" | "last_reviewed_at" => of_other(value, field),
        column => text_of(&platform, column, owner.as_deref()),
    }
}

fn of_other(value: Option<&Value>, field: &str) -> String {
    match value.and_then(|value| value.get(field)) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// What people call a field, or a word in one.
pub(super) fn label(column: &str) -> String {
    let plain = match column {
        "os" => "OS",
        "saas" => "SaaS",
        "version_label" => "version in use",
        "cost_amount" => "cost",
        "cost_currency" => "currency",
        "cost_period" => "paid",
        "licence_type" => "type of licence",
        "licence_spdx" => "licence (SPDX)",
        "licence_seats" => "seats",
        "licence_reference" => "contract",
        "licence_starts_on" => "licence from",
        "licence_expires_on" => "licence until",
        "licence_renewal" => "renewal",
        "eol_on" => "supported until",
        "lifecycle" => "stands at",
        other => other.strip_prefix(CUSTOM).unwrap_or(other),
    };
    let plain = plain.replace('_', " ");
    let mut letters = plain.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => plain,
    }
}
