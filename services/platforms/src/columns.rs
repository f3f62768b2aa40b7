//! The fields of a platform by their flat names: columns of files, fields of forms, names in
//! the history.

use contracts::platforms::Link;

use crate::cost::decimal;
use crate::platform::Platform;

/// Before the key of a custom field.
pub(crate) const CUSTOM: &str = "custom.";

/// Every field that can be set, in the order of files. Custom fields come behind them, as
/// `custom.KEY`.
pub(crate) const COLUMNS: [&str; 26] = [
    "name",
    "publisher",
    "description",
    "kind",
    "version_label",
    "owner",
    "technical_contact",
    "support_contact",
    "cost_amount",
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
];

/// What a field says, in the words that set it: what `Edit::set` takes gives the same again.
pub(crate) fn text_of(platform: &Platform, column: &str, owner_name: Option<&str>) -> String {
    let told = |text: Option<&String>| text.cloned().unwrap_or_default();
    let licence = &platform.licence;
    match column {
        "name" => platform.name.clone(),
        "publisher" => platform.publisher.clone(),
        "description" => platform.description.clone(),
        "kind" => platform.kind.to_string(),
        "version_label" => platform.version_label.clone(),
        "owner" => owner_name.unwrap_or_default().to_owned(),
        "owner_team_id" => shown(platform.owner_team_id),
        "technical_contact" => platform.technical_contact.clone(),
        "support_contact" => platform.support_contact.clone(),
        "cost_amount" => decimal(platform.cost.amount_minor),
        "cost_currency" => platform.cost.currency.code().to_owned(),
        "cost_period" => platform.cost.period.to_string(),
        "cost_centre" => platform.cost_centre.clone(),
        "budget_code" => platform.budget_code.clone(),
        "purchase_order" => platform.purchase_order.clone(),
        "licence_type" => licence.kind.to_string(),
        "licence_spdx" => told(licence.spdx.as_ref()),
        "licence_seats" => shown(licence.seats),
        "licence_reference" => told(licence.reference.as_ref()),
        "licence_starts_on" => shown(licence.starts_on),
        "licence_expires_on" => shown(licence.expires_on),
        "licence_renewal" => licence.renewal.to_string(),
        "lifecycle" => platform.lifecycle.to_string(),
        "criticality" => platform.criticality.to_string(),
        "eol_on" => shown(platform.eol_on),
        "tags" => platform.tags.join(", "),
        "links" => lines(&platform.links),
        custom => {
            let key = custom.strip_prefix(CUSTOM).unwrap_or_default();
            told(platform.custom_fields.get(key))
        }
    }
}

fn shown(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A link a line: its words, then its address.
fn lines(links: &[Link]) -> String {
    let line = |link: &Link| format!("{} {}", link.title, link.url);
    let lines: Vec<_> = links.iter().map(line).collect();
    lines.join("\n")
}

/// The fields in which two platforms differ, by their flat names.
pub(crate) fn differing(before: &Platform, after: &Platform) -> Vec<String> {
    let fixed = COLUMNS.iter().map(|&column| match column {
        "owner" => "owner_team_id".to_owned(),
        other => other.to_owned(),
    });
    let keys = before
        .custom_fields
        .keys()
        .chain(after.custom_fields.keys());
    let keys: std::collections::BTreeSet<_> = keys.collect();
    let custom = keys.into_iter().map(|key| format!("{CUSTOM}{key}"));
    let all = fixed.chain(custom);
    all.filter(|column| text_of(before, column, None) != text_of(after, column, None))
        .map(|column| match column.as_str() {
            "owner_team_id" => "owner".to_owned(),
            _ => column,
        })
        .collect()
}
