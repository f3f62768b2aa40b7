//! What a change has changed, field by field, for people.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{PlatformId, TeamId};
use serde_json::Value;
use tidings::{Conn, Error, Timestamp, Uuid};

use crate::actions::{PLATFORM, RELATIONS, REVIEW_ITEM};
use crate::changes::Change;
use crate::columns::{CUSTOM, text_of};
use crate::platform::Platform;
use crate::store;

/// The names of teams by their ids.
pub(super) type Teams = BTreeMap<TeamId, String>;

/// A change, and who has made it.
type Row = (Change, Option<String>);

/// What is said already by what was done and by whom.
const SAID: [&str; 3] = ["archived_at", "last_reviewed_by", "platform_id"];

/// One change as a page shows it.
pub(super) struct Told {
    pub(super) at: Timestamp,
    pub(super) actor: Uuid,
    pub(super) by: String,
    /// `Changed`, `Archived` and so on.
    pub(super) what: &'static str,
    /// The platform that it is about.
    pub(super) platform: Option<PlatformId>,
    /// What it was called then, or the platform is called now.
    pub(super) name: String,
    /// What of it was changed, where it is not a platform's own field.
    pub(super) of: String,
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

/// The names of what stands in changes as an id.
struct Names<'a> {
    teams: &'a Teams,
    platforms: BTreeMap<PlatformId, String>,
}

impl Told {
    /// Changes as a page shows them.
    pub(super) async fn all(
        conn: &mut Conn,
        rows: Vec<Row>,
        teams: &Teams,
    ) -> Result<Vec<Self>, Error> {
        let ids: BTreeSet<PlatformId> = rows.iter().flat_map(|(change, _)| named(change)).collect();
        let platforms = store::names(conn, ids).await?;
        let names = Names { teams, platforms };
        Ok(rows.into_iter().map(|row| Self::of(row, &names)).collect())
    }

    fn of((change, by): Row, names: &Names<'_>) -> Self {
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        let entity = change.entity.as_str();
        // These are there without anybody having made them.
        let is_part = [RELATIONS, REVIEW_ITEM].contains(&entity);
        let is_edit = is_part || before.is_some() && after.is_some();
        let fields = change.changed_fields.iter();
        let fields = fields.filter(|field| is_edit && !SAID.contains(&field.as_str()));
        let fields = fields.map(|field| Field {
            label: label(field),
            before: names.shown(entity, before, field),
            after: names.shown(entity, after, field),
        });
        let platform = match entity {
            PLATFORM | RELATIONS => change.entity_id.parse().ok(),
            REVIEW_ITEM => platform_of(after),
            _ => None,
        };
        let name = match is_part {
            true => platform.and_then(|id| names.platforms.get(&id).cloned()),
            false => name(after.or(before)),
        };
        Self {
            at: change.at,
            actor: change.actor.uuid(),
            by: by.unwrap_or_else(|| "Somebody".to_owned()),
            what: match (change.action.as_str(), is_edit) {
                _ if entity == REVIEW_ITEM => "Reviewed",
                ("create", _) => "Added",
                ("import", false) => "Imported",
                ("import", true) => "Changed by an import",
                ("archive", _) => "Archived",
                ("restore", _) => "Restored",
                ("delete", _) => "Removed",
                _ => "Changed",
            },
            fields: fields.collect(),
            platform,
            name: name.unwrap_or_default(),
            of: match entity {
                PLATFORM | REVIEW_ITEM => String::new(),
                other => other.replace('_', " "),
            },
            request_id: change.request_id,
            comment: change.comment,
        }
    }
}

impl Names<'_> {
    /// A field as people read it.
    fn shown(&self, entity: &str, value: Option<&Value>, field: &str) -> String {
        match (entity, value.and_then(|value| value.get(field))) {
            (PLATFORM, Some(at)) if field == "last_reviewed_at" => {
                let at = serde_json::from_value::<Timestamp>(at.clone());
                at.map_or_else(|_| String::new(), Timestamp::in_words)
            }
            (PLATFORM, _) => self.of_platform(value, field),
            (_, None | Some(Value::Null)) => String::new(),
            (_, Some(Value::String(text))) => text.clone(),
            (RELATIONS, Some(Value::Array(ids))) => {
                let names = ids.iter().map(|id| self.platform(id));
                names.collect::<Vec<_>>().join(", ")
            }
            (_, Some(other)) => other.to_string(),
        }
    }

    fn of_platform(&self, value: Option<&Value>, field: &str) -> String {
        let read = |value: &Value| serde_json::from_value::<Platform>(value.clone()).ok();
        let Some(platform) = value.and_then(read) else {
            return String::new();
        };
        let owner = platform.owner_team_id;
        let owner = owner.map(|id| {
            let name = self.teams.get(&id).cloned();
            name.unwrap_or_else(|| id.to_string())
        });
        text_of(&platform, field, owner.as_deref())
    }

    fn platform(&self, id: &Value) -> String {
        let text = id.as_str().unwrap_or_default();
        let known = text.parse().ok().and_then(|id| self.platforms.get(&id));
        known.map_or_else(|| text.to_owned(), Clone::clone)
    }
}

/// The platforms that a change has only the ids of.
fn named(change: &Change) -> Vec<PlatformId> {
    let snapshots = [&change.before, &change.after].into_iter().flatten();
    match change.entity.as_str() {
        REVIEW_ITEM => snapshots.filter_map(|one| platform_of(Some(one))).collect(),
        RELATIONS => {
            let lists = snapshots.filter_map(Value::as_object);
            let ids = lists.flat_map(|lists| lists.values().filter_map(Value::as_array));
            let ids = ids.flatten().filter_map(|id| id.as_str()?.parse().ok());
            ids.chain(change.entity_id.parse().ok()).collect()
        }
        _ => Vec::new(),
    }
}

fn platform_of(item: Option<&Value>) -> Option<PlatformId> {
    item?.get("platform_id")?.as_str()?.parse().ok()
}

fn name(value: Option<&Value>) -> Option<String> {
    let text = |field: &str| value?.get(field)?.as_str();
    let found = text("name").or_else(|| text("label"));
    found.map(str::to_owned)
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
        "outcome" => "found",
        "last_reviewed_at" => "last reviewed",
        other => other.strip_prefix(CUSTOM).unwrap_or(other),
    };
    let plain = plain.replace('_', " ");
    let mut letters = plain.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => plain,
    }
}
