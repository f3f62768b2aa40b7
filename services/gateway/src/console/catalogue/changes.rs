//! What a version of an event has changed, in sentences.

use serde_json::Value;
use tidings::catalog::fields;
use tidings::schema::compare;

/// How many places of one kind are named.
const PLACES_MAX: usize = 5;

/// What the schema has changed in the one before. `None` for the first version; inside, for
/// a version whose schema nobody knows.
pub(super) fn changes(before: Option<Option<&Value>>, own: Option<&Value>) -> Vec<String> {
    let Some(before) = before else {
        return vec!["The first version.".to_owned()];
    };
    let (Some(before), Some(own)) = (before, own) else {
        return vec!["What has changed is not known: no schema of it is at hand.".to_owned()];
    };
    let mut all = fields_changed(before, own);
    let comparison = compare(before, own);
    let told = [
        (
            "Who reads this version cannot read the one before as it is",
            comparison.backward,
        ),
        (
            "Who reads the version before cannot read this one",
            comparison.forward,
        ),
    ];
    for (what, broken) in told {
        if !broken.is_empty() {
            let places = broken.iter().take(PLACES_MAX).map(ToString::to_string);
            let places = places.collect::<Vec<_>>().join("; ");
            let more = broken.len().saturating_sub(PLACES_MAX);
            let more = if more > 0 {
                format!("; and {more} more")
            } else {
                String::new()
            };
            all.push(format!("{what}: {places}{more}."));
        }
    }
    all
}

fn fields_changed(before: &Value, own: &Value) -> Vec<String> {
    let (before, own) = (fields(before), fields(own));
    let mut all = Vec::new();
    for field in &own {
        match before.iter().find(|old| old.path == field.path) {
            None => all.push(format!("{} is new: {}.", field.path, field.kind)),
            Some(old) if old.kind != field.kind => {
                all.push(format!(
                    "{} was {}, and is {}.",
                    field.path, old.kind, field.kind
                ));
            }
            Some(old) if old.is_required != field.is_required => {
                let now = if field.is_required {
                    "always there"
                } else {
                    "not always there"
                };
                all.push(format!("{} is {now} now.", field.path));
            }
            Some(_) => {}
        }
    }
    let gone = before
        .iter()
        .filter(|old| !own.iter().any(|field| field.path == old.path));
    all.extend(gone.map(|old| format!("{} is no longer there.", old.path)));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::changes;

    #[test]
    fn a_version_tells_what_it_has_changed_and_for_whom_it_is_not_readable() {
        let old = json!({
            "type": "object", "required": ["name"],
            "properties": { "name": { "type": "string" }, "age": { "type": "integer" } },
        });
        let new = json!({
            "type": "object", "required": ["first"],
            "properties": { "first": { "type": "string" }, "age": { "type": "string" } },
        });
        let told = changes(Some(Some(&old)), Some(&new));
        assert_eq!(told[0], "age was integer, and is string.");
        assert_eq!(told[1], "first is new: string.");
        assert_eq!(told[2], "name is no longer there.");
        assert!(
            told[3].starts_with("Who reads this version cannot read the one before"),
            "{told:?}"
        );
        assert!(
            told[4].starts_with("Who reads the version before cannot"),
            "{told:?}"
        );
        assert_eq!(changes(None, Some(&old)), ["The first version."]);
        assert!(changes(Some(None), Some(&old))[0].contains("not known"));
    }
}
