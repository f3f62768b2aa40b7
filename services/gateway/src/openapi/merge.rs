//! Several OpenAPI documents become one.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

/// Merges documents: operations are tagged with their service, and of two different
/// schemas with one name the later gets its service's name in front.
pub(crate) fn merge(documents: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    let mut security = Map::new();
    let mut tags = Vec::new();
    let mut names = BTreeSet::new();
    for (service, mut document) in documents {
        rename_clashes(service, &mut document, &schemas);
        tags.push(json!({ "name": service, "description": description(&document) }));
        for (path, mut item) in take(&mut document, "/paths") {
            tag(service, &mut item);
            complete(service, &path, &mut item, &mut names);
            if service != "gateway" {
                take_keys(&mut item);
            }
            match paths.entry(path).or_insert_with(|| json!({})) {
                Value::Object(known) => known.extend(into_map(item)),
                other => *other = item,
            }
        }
        schemas.extend(take(&mut document, "/components/schemas"));
        security.extend(take(&mut document, "/components/securitySchemes"));
    }
    security.entry("bearer").or_insert_with(|| {
        json!({ "type": "http", "scheme": "bearer", "description": "An access token from POST /api/users/token." })
    });
    security.entry("session").or_insert_with(|| {
        json!({ "type": "apiKey", "in": "cookie", "name": "__Host-session", "description": "The cookie that signing in sets." })
    });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tidings",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The ticket marketplace. Errors are problem documents (RFC 9457); lists are arrays with the next part in the Link header.",
        },
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths,
        "components": { "schemas": schemas, "securitySchemes": security },
    })
}

/// What a service says of itself. Without words of its own the document has the generator's.
fn description(document: &Value) -> Value {
    let own = document.pointer("/info/title") != Some(&Value::from("utoipa-axum"));
    let text = document.pointer("/info/description").filter(|_| own);
    text.cloned().unwrap_or_else(|| Value::from(""))
}

fn into_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn take(document: &mut Value, pointer: &str) -> Map<String, Value> {
    into_map(
        document
            .pointer_mut(pointer)
            .map(Value::take)
            .unwrap_or_default(),
    )
}

/// Which service answers is said once, here, and not by every route.
fn tag(service: &str, item: &mut Value) {
    let Value::Object(operations) = item else {
        return;
    };
    for operation in operations.values_mut().filter_map(Value::as_object_mut) {
        operation.insert("tags".to_owned(), json!([service]));
    }
}

/// What OpenAPI demands and generators forget: a name for each operation that no other has, in
/// no service, and words for every answer.
fn complete(service: &str, path: &str, item: &mut Value, names: &mut BTreeSet<String>) {
    let Value::Object(operations) = item else {
        return;
    };
    for (method, operation) in operations {
        if let Some(name) = operation["operationId"].as_str() {
            let mut unique = format!("{service}.{name}");
            if !names.insert(unique.clone()) {
                let words = path
                    .split(['/', '{', '}', '.'])
                    .filter(|word| !word.is_empty());
                let words = words.skip_while(|word| *word == "api").collect::<Vec<_>>();
                unique = format!("{service}.{name}.{method}.{}", words.join("_"));
                names.insert(unique.clone());
            }
            operation["operationId"] = unique.into();
        }
        let answers = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut);
        for (status, answer) in answers.into_iter().flatten() {
            if answer.get("description").is_none() && answer.get("$ref").is_none() {
                let known = status.parse().ok().map(StatusCode::from_u16);
                let known = known
                    .and_then(Result::ok)
                    .and_then(|of| of.canonical_reason());
                answer["description"] = known.unwrap_or("Something else").into();
            }
        }
    }
}

/// X-34, said once: every POST of a service takes the header, through the layer around its
/// routes. The gateway's own routes are not behind that layer.
fn take_keys(item: &mut Value) {
    let Some(post) = item.get_mut("post").and_then(Value::as_object_mut) else {
        return;
    };
    let parameters = post.entry("parameters").or_insert_with(|| json!([]));
    if let Value::Array(parameters) = parameters {
        parameters.push(idempotency_key());
    }
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "A word of your own, such as a UUID, for this one request. Sent again with the same body within 7 days it has the same answer (Idempotency-Replayed: true) and no second effect; with another body 422, while it is being carried out 409 and Retry-After.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
    })
}

fn rename_clashes(service: &str, document: &mut Value, known: &Map<String, Value>) {
    let own = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    let clashes: Vec<String> = own
        .into_iter()
        .flatten()
        .filter(|(name, schema)| known.get(*name).is_some_and(|other| other != *schema))
        .map(|(name, _)| name.clone())
        .collect();
    for name in clashes {
        let renamed = format!("{service}.{name}");
        let from = format!("#/components/schemas/{name}");
        let to = format!("#/components/schemas/{renamed}");
        replace_refs(document, &from, &to);
        if let Some(schemas) = document
            .pointer_mut("/components/schemas")
            .and_then(Value::as_object_mut)
            && let Some(schema) = schemas.remove(&name)
        {
            schemas.insert(renamed, schema);
        }
    }
}

fn replace_refs(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if key == "$ref" && inner.as_str() == Some(from) {
                    *inner = Value::from(to);
                } else {
                    replace_refs(inner, from, to);
                }
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| replace_refs(item, from, to)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{idempotency_key, merge};

    #[test]
    fn two_schemas_of_one_name_are_both_kept_and_referred_to() {
        let of = |kind: &str| {
            json!({
                "paths": { format!("/{kind}"): { "get": { "schema": { "$ref": "#/components/schemas/Thing" } } } },
                "components": { "schemas": { "Thing": { "type": kind } } },
            })
        };
        let merged = merge([("a", of("string")), ("b", of("integer"))]);
        assert_eq!(
            merged["components"]["schemas"],
            json!({ "Thing": { "type": "string" }, "b.Thing": { "type": "integer" } })
        );
        assert_eq!(
            merged["paths"]["/integer"]["get"],
            json!({ "schema": { "$ref": "#/components/schemas/b.Thing" }, "tags": ["b"] })
        );
    }

    #[test]
    fn operations_of_one_name_are_told_apart_and_every_answer_has_words() {
        let list = || json!({ "operationId": "list", "responses": { "200": {}, "default": {} } });
        let of = |path: &str| json!({ "paths": { path: { "get": list() } } });
        let merged = merge([
            ("a", of("/api/x")),
            ("b", of("/api/y")),
            ("b", of("/api/y/{id}")),
        ]);
        let names = ["/api/x", "/api/y", "/api/y/{id}"]
            .map(|path| merged["paths"][path]["get"]["operationId"].clone());
        assert_eq!(names, ["a.list", "b.list", "b.list.get.y_id"]);
        let answers = &merged["paths"]["/api/x"]["get"]["responses"];
        let described = json!({ "200": { "description": "OK" }, "default": { "description": "Something else" } });
        assert_eq!(*answers, described);
    }

    ///
    #[test]
    fn every_post_of_a_service_takes_an_idempotency_key() {
        let of = |path: &str| json!({ "paths": { path: { "get": {}, "post": { "parameters": ["own"] }, "put": {} } } });
        let merged = merge([("a", of("/a")), ("gateway", of("/ops"))]);
        assert_eq!(
            merged["paths"],
            json!({
                "/a": {
                    "get": { "tags": ["a"] },
                    "post": { "tags": ["a"], "parameters": ["own", idempotency_key()] },
                    "put": { "tags": ["a"] },
                },
                "/ops": {
                    "get": { "tags": ["gateway"] },
                    "post": { "tags": ["gateway"], "parameters": ["own"] },
                    "put": { "tags": ["gateway"] },
                },
            })
        );
    }
}
