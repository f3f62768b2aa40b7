//! A schema for people: its fields as a list, and data that fits it.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// How deep types that hold themselves are followed.
const DEPTH: usize = 6;

/// A field of an event's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Where it is: `order_id`, `lines[].price`.
    pub path: String,
    /// What it holds: `string (uuid)`, `integer or null`, `user | expired`.
    pub kind: String,
    /// Whether it is always there, where what it is part of is.
    pub is_required: bool,
    /// Whether its values are shown to nobody.
    pub is_sensitive: bool,
    /// What it means, in the words of its contract.
    pub about: String,
}

/// The fields that a schema tells of, those of inner objects behind their own.
#[must_use]
pub fn fields(schema: &Value) -> Vec<Field> {
    let mut all = Vec::new();
    add_fields(schema, schema, "", 0, &mut all);
    all
}

fn add_fields(root: &Value, schema: &Value, prefix: &str, depth: usize, all: &mut Vec<Field>) {
    let schema = resolved(root, schema);
    if depth > DEPTH {
        return;
    }
    for inner in variants(schema) {
        add_fields(root, inner, prefix, depth + 1, all);
    }
    let properties = schema["properties"].as_object().into_iter().flatten();
    for (name, inner) in properties {
        let required = schema["required"].as_array().into_iter().flatten();
        let path = format!("{prefix}{name}");
        let of = resolved(root, inner);
        let about = inner["description"].as_str().or(of["description"].as_str());
        let field = Field {
            kind: kind(root, inner, 0),
            is_required: required.clone().any(|one| one == name.as_str()),
            is_sensitive: [inner, of].iter().any(|one| one["x-sensitive"] == true),
            about: about.unwrap_or_default().to_owned(),
            path: path.clone(),
        };
        if !all.iter().any(|one| one.path == field.path) {
            all.push(field);
        }
        if of["items"].is_object() {
            add_fields(root, &of["items"], &format!("{path}[]."), depth + 1, all);
        }
        add_fields(root, of, &format!("{path}."), depth + 1, all);
    }
}

/// What a field of one of several kinds may be.
fn variants(schema: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["allOf", "anyOf", "oneOf"].into_iter();
    lists.flat_map(|key| schema[key].as_array().into_iter().flatten())
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut found = schema;
    for _ in 0..DEPTH {
        let target = found["$ref"]
            .as_str()
            .and_then(|text| text.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(next) => found = next,
            None => break,
        }
    }
    found
}

/// What a field holds, in words.
fn kind(root: &Value, schema: &Value, depth: usize) -> String {
    let schema = resolved(root, schema);
    let written = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if !schema["const"].is_null() {
        return written(&schema["const"]);
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(written).collect::<Vec<_>>().join(" | ");
    }
    if depth < DEPTH && variants(schema).next().is_some() {
        let mut kinds: Vec<String> = Vec::new();
        for inner in variants(schema) {
            let inner = kind(root, inner, depth + 1);
            if !kinds.contains(&inner) {
                kinds.push(inner);
            }
        }
        let is_choice = kinds.iter().any(|one| one.contains(" | ") || one == "null");
        return kinds.join(if is_choice { " | " } else { " or " });
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => return "anything".to_owned(),
    };
    let of = |name: &&str| match (*name, schema["format"].as_str()) {
        ("array", _) if depth < DEPTH => {
            format!("list of {}", kind(root, &schema["items"], depth + 1))
        }
        ("null", _) | (_, None) => (*name).to_owned(),
        (name, Some(format)) => format!("{name} ({format})"),
    };
    names.iter().map(of).collect::<Vec<_>>().join(" or ")
}

/// Data that a schema allows, the same every time.
///
/// ```
/// use serde_json::json;
/// use tidings::catalog::example;
///
/// let schema = json!({"type": "object", "properties": {"total_minor": {"type": "integer"}}});
/// assert_eq!(example(&schema), json!({"total_minor": 1}));
/// ```
#[must_use]
pub fn example(schema: &Value) -> Value {
    example_of(schema, schema, 0)
}

fn example_of(root: &Value, schema: &Value, depth: usize) -> Value {
    let schema = resolved(root, schema);
    if let Some(given) = schema["examples"].get(0) {
        return given.clone();
    }
    if !schema["const"].is_null() {
        return schema["const"].clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if depth > DEPTH {
        return Value::Null;
    }
    let one_of = ["oneOf", "anyOf"]
        .iter()
        .find_map(|key| schema[*key].get(0));
    let mut found = match one_of {
        Some(first) => example_of(root, first, depth + 1),
        None => bare(root, schema, depth),
    };
    for part in schema["allOf"].as_array().into_iter().flatten() {
        merge(&mut found, example_of(root, part, depth + 1));
    }
    if one_of.is_some() {
        merge(&mut found, object(root, schema, depth));
    }
    found
}

fn merge(found: &mut Value, more: Value) {
    match (found, more) {
        (Value::Object(found), Value::Object(more)) => found.extend(more),
        (found, more) if found.is_null() => *found = more,
        _ => {}
    }
}

fn object(root: &Value, schema: &Value, depth: usize) -> Value {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let of = |(name, inner): (&String, &Value)| (name.clone(), example_of(root, inner, depth + 1));
    match properties.clone().next() {
        Some(_) => Value::Object(properties.map(of).collect::<Map<_, _>>()),
        None => Value::Null,
    }
}

fn bare(root: &Value, schema: &Value, depth: usize) -> Value {
    let name = match &schema["type"] {
        Value::Array(names) => names.first().unwrap_or(&Value::Null),
        name => name,
    };
    match name.as_str() {
        Some("string") => text(schema).into(),
        Some("integer") => whole(schema).into(),
        Some("number") => json!(1.5),
        Some("boolean") => json!(true),
        Some("array") => {
            let one = example_of(root, &schema["items"], depth + 1);
            let few = schema["minItems"].as_u64().unwrap_or(1).clamp(1, 8);
            Value::Array((0..few).map(|_| one.clone()).collect())
        }
        Some("object") => match object(root, schema, depth) {
            Value::Null => json!({}),
            found => found,
        },
        _ => object(root, schema, depth),
    }
}

fn text(schema: &Value) -> String {
    let usual = match schema["format"].as_str() {
        Some("uuid") => "0195f2d1-7a3b-7c4d-8e5f-6a7b8c9d0e1f",
        Some("date-time") => "2026-03-14T16:00:07Z",
        Some("date") => "2026-03-14",
        Some("email") => "ada@example.com",
        Some("uri") => "https://tidings.example",
        _ => "text",
    };
    usual.to_owned()
}

fn whole(schema: &Value) -> i64 {
    let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
    schema["minimum"].as_i64().unwrap_or(1).max(1).min(most)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{example, fields};

    #[test]
    fn inner_fields_and_lists_have_lines_of_their_own() {
        let schema = json!({
            "type": "object",
            "required": ["lines"],
            "properties": {
                "lines": { "type": "array", "description": "What.", "items": { "$ref": "#/$defs/Line" } },
                "note": { "anyOf": [{ "$ref": "#/$defs/Note" }, { "type": "null" }] },
            },
            "$defs": {
                "Line": { "type": "object", "properties": { "price": { "type": ["integer", "null"], "format": "int64" } } },
                "Note": { "type": "string", "enum": ["late", "early"], "x-sensitive": true },
            },
        });
        let told: Vec<String> = fields(&schema)
            .iter()
            .map(|one| format!("{} {} {}", one.path, one.kind, one.is_required))
            .collect();
        assert_eq!(
            told,
            [
                "lines list of object true",
                "lines[].price integer (int64) or null false",
                "note late | early | null false",
            ]
        );
        assert_eq!(
            example(&schema),
            json!({ "lines": [{ "price": 1 }], "note": "late" })
        );
    }

    #[test]
    fn a_type_that_holds_itself_ends_somewhere() {
        let schema = json!({ "type": "object", "properties": { "more": { "$ref": "#" } } });
        assert!(fields(&schema).len() > 1);
        assert!(example(&schema)["more"]["more"].is_object());
    }
}
