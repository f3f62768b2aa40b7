//! In which fields two snapshots differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::columns::CUSTOM;

/// What every write moves.
const MOVED: [&str; 3] = ["version", "updated_at", "updated_by"];

/// The names of the fields that differ, in order; of what is new or gone, those that say
/// something. Platforms have theirs by the flat names of columns.
pub(super) fn changed_fields(before: Option<&Value>, after: Option<&Value>) -> Vec<String> {
    let (before, after) = (flat(before), flat(after));
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differ = |name: &&&String| before.get(**name) != after.get(**name);
    names
        .iter()
        .filter(differ)
        .map(|name| (*name).clone())
        .collect()
}

/// Every field that says something by its flat name.
fn flat(value: Option<&Value>) -> BTreeMap<String, Value> {
    let Some(Value::Object(fields)) = value else {
        return BTreeMap::new();
    };
    let mut flat = BTreeMap::new();
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("cost", Value::Object(parts)) => join(&mut flat, "cost_", parts),
            ("licence", Value::Object(parts)) => join(&mut flat, "licence_", parts),
            ("custom_fields", Value::Object(parts)) => join(&mut flat, CUSTOM, parts),
            ("owner_team_id", _) => says(&mut flat, "owner".to_owned(), value),
            (name, _) if MOVED.contains(&name) => {}
            (name, _) => says(&mut flat, name.to_owned(), value),
        }
    }
    flat
}

fn join(flat: &mut BTreeMap<String, Value>, before: &str, parts: &serde_json::Map<String, Value>) {
    for (name, value) in parts {
        let name = name.strip_suffix("_minor").unwrap_or(name);
        says(flat, format!("{before}{name}"), value);
    }
}

fn says(flat: &mut BTreeMap<String, Value>, name: String, value: &Value) {
    let is_nothing = match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(parts) => parts.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if !is_nothing {
        flat.insert(name, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_13_only_what_differs_is_changed_and_by_flat_names() {
        let before = json!({"name": "A", "cost": {"amount_minor": 0, "period": "free"},
            "custom_fields": {"rack": "7"}, "owner_team_id": null, "version": 1, "tags": []});
        let after = json!({"name": "A", "cost": {"amount_minor": 5, "period": "once"},
            "custom_fields": {"room": "2"}, "owner_team_id": "x", "version": 2, "tags": ["db"]});
        assert_eq!(
            changed_fields(Some(&before), Some(&after)),
            [
                "cost_amount",
                "cost_period",
                "custom.rack",
                "custom.room",
                "owner",
                "tags"
            ]
        );
        let moved = json!({"name": "A", "version": 1});
        assert!(changed_fields(Some(&moved), Some(&json!({"name": "A", "version": 9}))).is_empty());
        assert_eq!(changed_fields(None, Some(&moved)), ["name"]);
        assert_eq!(changed_fields(Some(&moved), None), ["name"]);
    }
}
