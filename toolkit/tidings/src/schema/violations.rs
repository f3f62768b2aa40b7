//! What of some data is not as its schema says, all of it at once.
//!
//! It knows what schemas of types consist of, which is a small part of JSON Schema, and passes
//! over what it does not know: what has the last word is the type, which reads the data or does
//! not. A whole validator would cost twenty seconds of every build and forty crates more.

use std::fmt;

use serde_json::{Map, Value};

use super::compare::{alternatives, kind, kind_of, range, required};
use crate::{Timestamp, Uuid};

/// How many words of an enum are named at the most.
const WORDS_MAX: usize = 12;

/// Something that is not as its schema says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where: a JSON pointer, as `/lines/0/price`; empty for the whole.
    pub pointer: String,
    /// What was expected, and what is there; never the value, which may be secret.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = match self.pointer.as_str() {
            "" => "the data",
            pointer => pointer,
        };
        write!(f, "{pointer} {}", self.text)
    }
}

/// Everything of the data that is not as the schema says, in the order of the schema.
///
/// ```
/// use serde_json::json;
/// use tidings::schema::violations;
///
/// let schema = json!({"type": "object", "required": ["id", "count"],
///     "properties": {"id": {"type": "string", "format": "uuid"}, "count": {"type": "integer"}}});
/// let found = violations(&schema, &json!({"id": 7}));
/// assert_eq!(found[0].to_string(), "/count is missing: expected an integer");
/// assert_eq!(found[1].to_string(), "/id must be a UUID, and is an integer");
/// ```
#[must_use]
pub fn violations(schema: &Value, data: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    Validation { root: schema }.any(schema, data, "", &mut found);
    found
}

struct Validation<'a> {
    root: &'a Value,
}

impl Validation<'_> {
    /// A value must be one of what it may be.
    fn any(&self, schema: &Value, value: &Value, path: &str, found: &mut Vec<Violation>) {
        if *schema == Value::Bool(false) {
            return say(found, path, "is not expected here".to_owned());
        }
        let may_be = alternatives(schema, self.root);
        let mut nearest: Option<Vec<Violation>> = None;
        let mut like = 0;
        for one in &may_be {
            let mut wrong = Vec::new();
            self.one(one, value, path, &mut wrong);
            if wrong.is_empty() {
                return;
            }
            // Only within the alternative that was meant can it be said what is wrong.
            if is_like(one, value) {
                like += 1;
                nearest = Some(wrong);
            }
        }
        match nearest {
            Some(wrong) if like == 1 => found.extend(wrong),
            _ => {
                let is = kind_of(value);
                let text = match may_be.iter().any(|one| kind(one) == is) {
                    true => format!("must be {}", expected(&may_be)),
                    false => format!("must be {}, and is {}", expected(&may_be), a(is)),
                };
                say(found, path, text);
            }
        }
    }

    fn one(
        &self,
        schema: &Map<String, Value>,
        value: &Value,
        path: &str,
        found: &mut Vec<Violation>,
    ) {
        if let Some(word) = schema.get("const") {
            if word != value {
                say(found, path, format!("must be {word}"));
            }
            return;
        }
        let (wanted, is) = (kind(schema), kind_of(value));
        if wanted != "anything" && wanted != is && !(wanted == "number" && is == "integer") {
            let text = format!("must be {}, and is {}", described(schema), a(is));
            return say(found, path, text);
        }
        match value {
            Value::Object(value) => self.object(schema, value, path, found),
            Value::Array(value) => self.array(schema, value, path, found),
            Value::String(value) => string(schema, value, path, found),
            Value::Number(value) => {
                let (low, high) = range(schema);
                let value = value.as_f64().unwrap_or_default();
                if value < low || value > high {
                    say(found, path, format!("must be from {low} to {high}"));
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn object(
        &self,
        schema: &Map<String, Value>,
        value: &Map<String, Value>,
        path: &str,
        found: &mut Vec<Violation>,
    ) {
        let known = schema.get("properties").and_then(Value::as_object);
        let of = |name: &str| known.and_then(|known| known.get(name));
        for name in required(schema) {
            if !value.contains_key(name) {
                let schema = of(name).unwrap_or(&Value::Bool(true));
                let text = format!(
                    "is missing: expected {}",
                    expected(&alternatives(schema, self.root))
                );
                say(found, &below(path, name), text);
            }
        }
        let others = schema.get("additionalProperties");
        for (name, value) in value {
            if let Some(schema) = of(name).or(others) {
                self.any(schema, value, &below(path, name), found);
            }
        }
    }

    fn array(
        &self,
        schema: &Map<String, Value>,
        value: &[Value],
        path: &str,
        found: &mut Vec<Violation>,
    ) {
        let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
        let count = value.len() as u64;
        if let Some(least) = limit("minItems").filter(|least| count < *least) {
            say(
                found,
                path,
                format!("must have {least} items or more, and has {count}"),
            );
        }
        if let Some(most) = limit("maxItems").filter(|most| count > *most) {
            say(
                found,
                path,
                format!("must have {most} items at the most, and has {count}"),
            );
        }
        let first = schema.get("prefixItems").and_then(Value::as_array);
        let first = first.map_or(&[][..], Vec::as_slice);
        for (index, value) in value.iter().enumerate() {
            if let Some(schema) = first.get(index).or_else(|| schema.get("items")) {
                self.any(schema, value, &format!("{path}/{index}"), found);
            }
        }
    }
}

fn string(schema: &Map<String, Value>, value: &str, path: &str, found: &mut Vec<Violation>) {
    let is_good = match schema.get("format").and_then(Value::as_str) {
        Some("uuid") => Uuid::try_parse(value).is_ok(),
        Some("date-time") => value.parse::<Timestamp>().is_ok(),
        Some("date") => value.len() == 10 && value.parse::<jiff::civil::Date>().is_ok(),
        _ => true,
    };
    if !is_good {
        say(found, path, format!("must be {}", described(schema)));
    }
    let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
    let count = value.chars().count() as u64;
    if let Some(least) = limit("minLength").filter(|least| count < *least) {
        say(
            found,
            path,
            format!("must have {least} characters or more, and has {count}"),
        );
    }
    if let Some(most) = limit("maxLength").filter(|most| count > *most) {
        say(
            found,
            path,
            format!("must have {most} characters at the most, and has {count}"),
        );
    }
}

fn say(found: &mut Vec<Violation>, path: &str, text: String) {
    found.push(Violation {
        pointer: path.to_owned(),
        text,
    });
}

/// Whether it is this alternative that was meant: of the same kind, and with the same tags.
fn is_like(schema: &Map<String, Value>, value: &Value) -> bool {
    if schema.contains_key("const") {
        return false;
    }
    let (wanted, is) = (kind(schema), kind_of(value));
    if wanted != is && !(wanted == "number" && is == "integer") {
        return false;
    }
    let fields = schema.get("properties").and_then(Value::as_object);
    let mut tags = fields.into_iter().flatten().filter_map(|(name, said)| {
        let word = said.get("const")?;
        Some((name, word))
    });
    let of_tag = tags.all(|(name, word)| value.get(name) == Some(word));
    let outer = required(schema);
    // Alternatives of one field each are told apart by its name.
    let is_named = fields.is_none_or(|fields| fields.len() != 1 || outer.len() != 1)
        || outer.iter().any(|name| value.get(*name).is_some());
    of_tag && is_named
}

fn expected(may_be: &[Map<String, Value>]) -> String {
    let mut all: Vec<String> = may_be.iter().map(described).collect();
    all.dedup();
    if all.len() > WORDS_MAX {
        all.truncate(WORDS_MAX);
        all.push("others".to_owned());
    }
    match all.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} or {last}", first.join(", ")),
        None => "something else".to_owned(),
    }
}

fn described(schema: &Map<String, Value>) -> String {
    if let Some(word) = schema.get("const") {
        return word.to_string();
    }
    let format = schema.get("format").and_then(Value::as_str);
    match (kind(schema), format) {
        ("string", Some("uuid")) => "a UUID".to_owned(),
        ("string", Some("date-time")) => "a moment like 2026-03-14T16:00:00Z".to_owned(),
        ("string", Some("date")) => "a day like 2026-03-14".to_owned(),
        (kind, _) => a(kind),
    }
}

fn a(kind: &str) -> String {
    match kind {
        "null" | "anything" => kind.to_owned(),
        "array" | "object" | "integer" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

/// As JSON pointers are written (RFC 6901).
fn below(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests;
