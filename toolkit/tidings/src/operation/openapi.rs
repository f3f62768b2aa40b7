//! The description of the routes that a service with operations gets.

use serde_json::{Map, Value, json};

const TEXT: &str = include_str!("openapi.json");

/// A service's own description with these routes in it.
pub(crate) fn described(service: &str, own: Option<Value>, has_operations: bool) -> Option<Value> {
    if !has_operations {
        return own;
    }
    let text = TEXT.replace("{service}", service);
    let fragment: Value = serde_json::from_str(&text).unwrap_or_default();
    let mut document = own.unwrap_or_else(|| json!({ "openapi": "3.1.0", "info": {} }));
    for part in ["/paths", "/components/schemas"] {
        let added = fragment.pointer(part).and_then(Value::as_object);
        let (Some(added), Some(target)) = (added, object_at(&mut document, part)) else {
            continue;
        };
        for (name, value) in added {
            target.entry(name).or_insert_with(|| value.clone());
        }
    }
    Some(document)
}

/// The object at a pointer, made if it is missing.
fn object_at<'a>(document: &'a mut Value, pointer: &str) -> Option<&'a mut Map<String, Value>> {
    let mut parts = pointer.split('/').skip(1);
    let place = parts.try_fold(document, |place, part| {
        let entry = place.as_object_mut()?.entry(part);
        Some(entry.or_insert_with(|| json!({})))
    });
    place?.as_object_mut()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::described;

    #[test]
    fn a_service_with_operations_describes_its_own_routes_and_theirs() {
        let own = json!({ "paths": { "/api/exports": { "post": {} } } });
        let all = described("reports", Some(own), true).expect("a document");
        let paths: Vec<_> = all["paths"].as_object().expect("paths").keys().collect();
        assert_eq!(
            paths,
            [
                "/api/exports",
                "/api/operations/reports",
                "/api/operations/reports/secret",
                "/api/operations/reports/{id}",
                "/api/operations/reports/{id}/callback",
                "/api/operations/reports/{id}/callback/redeliver",
                "/api/operations/reports/{id}/cancel",
                "/api/operations/reports/{id}/live",
            ]
        );
        assert!(all["components"]["schemas"]["Operation"].is_object());
    }

    #[test]
    fn a_service_without_is_left_alone() {
        assert_eq!(described("orders", None, false), None);
    }
}
