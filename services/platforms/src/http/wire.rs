//! Platforms and changes as the API writes them.

use std::collections::BTreeMap;

use contracts::platforms::{Cost, Licence, Link};
use serde::Serialize;
use tidings::{Timestamp, Uuid};
use utoipa::ToSchema;

use crate::changes::Change;
use crate::cost::legacy;
use crate::platform::Platform;
use crate::store::list::Listed;

/// A platform.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlatformBody {
    id: Uuid,
    /// Another name of it: wherever an id stands in an address, this may.
    number: i32,
    name: String,
    slug: String,
    publisher: String,
    /// In words: `Free`, `$120.00 a year`.
    cost: String,
    charge: ChargeBody,
    description: String,
    /// `os`, `database`, `runtime`, `saas`, `appliance`, `network`, `other`.
    kind: &'static str,
    version_label: String,
    owner_team_id: Option<Uuid>,
    /// What its owner is called.
    owner: Option<String>,
    technical_contact: String,
    support_contact: String,
    cost_centre: String,
    budget_code: String,
    purchase_order: String,
    licence: LicenceBody,
    /// `proposed`, `experimental`, `production`, `deprecated`, `retired`.
    lifecycle: &'static str,
    /// `low`, `medium`, `high`, `critical`.
    criticality: &'static str,
    #[schema(value_type = Option<String>, format = Date)]
    eol_on: Option<String>,
    tags: Vec<String>,
    links: Vec<LinkBody>,
    custom_fields: BTreeMap<String, String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_reviewed_at: Option<Timestamp>,
    last_reviewed_by: Option<Uuid>,
    /// Rises by one with every change; the `ETag`.
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    created_by: Uuid,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    updated_by: Uuid,
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
}

/// What it costs.
#[derive(Debug, Serialize, ToSchema)]
struct ChargeBody {
    /// Minor units of the currency.
    amount_minor: i64,
    /// `usd`, `eur`.
    currency: &'static str,
    /// `free`, `one_time`, `monthly`, `annual`.
    period: &'static str,
}

impl From<Cost> for ChargeBody {
    fn from(cost: Cost) -> Self {
        Self {
            amount_minor: cost.amount_minor,
            currency: cost.currency.code(),
            period: cost.period.as_str(),
        }
    }
}

/// What allows to use it.
#[derive(Debug, Serialize, ToSchema)]
struct LicenceBody {
    /// `open_source`, `freeware`, `commercial`, `subscription`, `internal`.
    r#type: &'static str,
    spdx: Option<String>,
    seats: Option<u32>,
    reference: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    starts_on: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    expires_on: Option<String>,
    /// `auto`, `manual`, `none`.
    renewal: &'static str,
}

impl From<Licence> for LicenceBody {
    fn from(licence: Licence) -> Self {
        Self {
            r#type: licence.kind.as_str(),
            spdx: licence.spdx,
            seats: licence.seats,
            reference: licence.reference,
            starts_on: licence.starts_on.map(|day| day.to_string()),
            expires_on: licence.expires_on.map(|day| day.to_string()),
            renewal: licence.renewal.as_str(),
        }
    }
}

/// Where to read on.
#[derive(Debug, Serialize, ToSchema)]
struct LinkBody {
    title: String,
    url: String,
}

impl From<Link> for LinkBody {
    fn from(link: Link) -> Self {
        Self {
            title: link.title,
            url: link.url,
        }
    }
}

impl PlatformBody {
    pub(crate) fn of(platform: Platform, owner: Option<String>) -> Self {
        Self {
            id: platform.platform_id.uuid(),
            number: platform.number,
            name: platform.name,
            slug: platform.slug,
            publisher: platform.publisher,
            cost: legacy(platform.cost),
            charge: platform.cost.into(),
            description: platform.description,
            kind: platform.kind.as_str(),
            version_label: platform.version_label,
            owner_team_id: platform.owner_team_id.map(contracts::TeamId::uuid),
            owner,
            technical_contact: platform.technical_contact,
            support_contact: platform.support_contact,
            cost_centre: platform.cost_centre,
            budget_code: platform.budget_code,
            purchase_order: platform.purchase_order,
            licence: platform.licence.into(),
            lifecycle: platform.lifecycle.as_str(),
            criticality: platform.criticality.as_str(),
            eol_on: platform.eol_on.map(|day| day.to_string()),
            tags: platform.tags,
            links: platform.links.into_iter().map(LinkBody::from).collect(),
            custom_fields: platform.custom_fields,
            last_reviewed_at: platform.last_reviewed_at,
            last_reviewed_by: platform.last_reviewed_by.map(contracts::UserId::uuid),
            version: platform.version,
            created_at: platform.created_at,
            created_by: platform.created_by.uuid(),
            updated_at: platform.updated_at,
            updated_by: platform.updated_by.uuid(),
            archived_at: platform.archived_at,
        }
    }
}

impl From<Listed> for PlatformBody {
    fn from(listed: Listed) -> Self {
        Self::of(listed.platform, listed.owner)
    }
}

/// One record of the history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangeBody {
    id: Uuid,
    /// The same for all that was asked for at once.
    request_id: Uuid,
    actor: Uuid,
    /// What they are called; null before it was heard.
    actor_name: Option<String>,
    /// `create`, `update`, `archive`, `restore`, `import`, `delete`.
    action: String,
    /// `platform`, `team`, and what else is in the register.
    entity: String,
    entity_id: String,
    /// The whole record as it was; null for what came into being.
    before: Option<serde_json::Value>,
    /// The whole record as it became; null for what went.
    after: Option<serde_json::Value>,
    changed_fields: Vec<String>,
    comment: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl From<(Change, Option<String>)> for ChangeBody {
    fn from((change, actor_name): (Change, Option<String>)) -> Self {
        Self {
            id: change.id,
            request_id: change.request_id,
            actor: change.actor.uuid(),
            actor_name,
            action: change.action,
            entity: change.entity,
            entity_id: change.entity_id,
            before: change.before,
            after: change.after,
            changed_fields: change.changed_fields,
            comment: change.comment,
            at: change.at,
        }
    }
}
