//! A platform as its row says it.

use contracts::Currency;
use contracts::platforms::{Cost, Licence};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidings::{Error, Row, Value};

use super::{count, key_of};
use crate::platform::Platform;

/// The columns of the table, the key first.
pub(super) const COLUMNS: [&str; 39] = [
    "id",
    "number",
    "slug",
    "natural_key",
    "name",
    "publisher",
    "description",
    "kind",
    "version_label",
    "owner_team_id",
    "technical_contact",
    "support_contact",
    "cost_amount_minor",
    "cost_currency",
    "cost_period",
    "cost_centre",
    "budget_code",
    "purchase_order",
    "licence_type",
    "licence_spdx",
    "licence_seats",
    "licence_reference",
    "licence_starts_on",
    "licence_expires_on",
    "licence_renewal",
    "lifecycle",
    "criticality",
    "eol_on",
    "tags",
    "links",
    "custom_fields",
    "last_reviewed_at",
    "last_reviewed_by",
    "version",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "archived_at",
];

/// What goes into the row, in the order of [`COLUMNS`].
pub(super) fn values(platform: &Platform) -> Result<[Value; COLUMNS.len()], Error> {
    let (cost, licence) = (&platform.cost, &platform.licence);
    Ok([
        Value::from(platform.platform_id),
        Value::from(platform.number),
        Value::from(&platform.slug),
        Value::from(key_of(platform)),
        Value::from(&platform.name),
        Value::from(&platform.publisher),
        Value::from(&platform.description),
        Value::from(platform.kind),
        Value::from(&platform.version_label),
        Value::from(platform.owner_team_id),
        Value::from(&platform.technical_contact),
        Value::from(&platform.support_contact),
        Value::from(cost.amount_minor),
        Value::from(cost.currency.code()),
        Value::from(cost.period),
        Value::from(&platform.cost_centre),
        Value::from(&platform.budget_code),
        Value::from(&platform.purchase_order),
        Value::from(licence.kind),
        Value::from(licence.spdx.clone()),
        Value::from(licence.seats),
        Value::from(licence.reference.clone()),
        Value::from(licence.starts_on),
        Value::from(licence.expires_on),
        Value::from(licence.renewal),
        Value::from(platform.lifecycle),
        Value::from(platform.criticality),
        Value::from(platform.eol_on),
        Value::from(json(&platform.tags)?),
        Value::from(json(&platform.links)?),
        Value::from(json(&platform.custom_fields)?),
        Value::from(platform.last_reviewed_at),
        Value::from(platform.last_reviewed_by),
        Value::from(count(platform.version)),
        Value::from(platform.created_at),
        Value::from(platform.created_by),
        Value::from(platform.updated_at),
        Value::from(platform.updated_by),
        Value::from(platform.archived_at),
    ])
}

/// Reads a row of the table `platforms`.
pub(crate) fn read(row: &Row) -> Result<Platform, Error> {
    Ok(Platform {
        platform_id: row.get("id")?,
        number: row.get("number")?,
        slug: row.get("slug")?,
        name: row.get("name")?,
        publisher: row.get("publisher")?,
        description: row.get("description")?,
        kind: row.get("kind")?,
        version_label: row.get("version_label")?,
        owner_team_id: row.get("owner_team_id")?,
        technical_contact: row.get("technical_contact")?,
        support_contact: row.get("support_contact")?,
        cost_centre: row.get("cost_centre")?,
        budget_code: row.get("budget_code")?,
        purchase_order: row.get("purchase_order")?,
        lifecycle: row.get("lifecycle")?,
        criticality: row.get("criticality")?,
        eol_on: row.get("eol_on")?,
        tags: from_json(row, "tags")?,
        links: from_json(row, "links")?,
        custom_fields: from_json(row, "custom_fields")?,
        last_reviewed_at: row.get("last_reviewed_at")?,
        last_reviewed_by: row.get("last_reviewed_by")?,
        version: row.get("version")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        updated_at: row.get("updated_at")?,
        updated_by: row.get("updated_by")?,
        archived_at: row.get("archived_at")?,
        cost: cost(row)?,
        licence: Licence {
            kind: row.get("licence_type")?,
            spdx: row.get("licence_spdx")?,
            seats: row.get("licence_seats")?,
            reference: row.get("licence_reference")?,
            starts_on: row.get("licence_starts_on")?,
            expires_on: row.get("licence_expires_on")?,
            renewal: row.get("licence_renewal")?,
        },
    })
}

/// The cost in its three columns.
pub(super) fn cost(row: &Row) -> Result<Cost, Error> {
    Ok(Cost {
        amount_minor: row.get("cost_amount_minor")?,
        currency: currency(row)?,
        period: row.get("cost_period")?,
    })
}

fn currency(row: &Row) -> Result<Currency, Error> {
    let text: String = row.get("cost_currency")?;
    text.parse().map_err(|reason| Error::Decode {
        what: "column cost_currency".to_owned(),
        reason,
    })
}

fn json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|source| Error::Encode {
        what: "a platform".to_owned(),
        source,
    })
}

fn from_json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T, Error> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| Error::Decode {
        what: format!("column {column}"),
        reason: error.to_string(),
    })
}
