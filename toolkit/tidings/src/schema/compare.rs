//! What a change of a schema breaks.
//!
//! A schema says what a writer may write and what a reader can read. So a change is judged by
//! one question, asked twice: can whoever reads by the one schema read everything that is
//! written by the other? It is answered for what schemas of types consist of. Where it cannot
//! be answered the change counts as breaking, unless nothing has changed.

use std::fmt;

use serde_json::{Map, Value};

/// What only explains.
const ANNOTATIONS: [&str; 8] = [
    "$schema",
    "$id",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "$comment",
];

/// How deep types that hold themselves are compared.
const DEPTH: usize = 16;

/// Which changes of an event are allowed without a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compatibility {
    /// New builds read what old ones have written. Enough where every reader is deployed
    /// before the writer.
    Backward,
    /// Old builds read what new ones write.
    Forward,
    /// Both: builds may go out in any order.
    Full,
}

/// Something that a reader cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Where in the data: `/lines/*/price`; empty for the whole.
    pub path: String,
    /// What of it.
    pub text: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match self.path.as_str() {
            "" => "the data",
            path => path,
        };
        write!(f, "{path}: {}", self.text)
    }
}

/// What a change breaks, and for whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What new builds cannot read of what old ones have written.
    pub backward: Vec<Broken>,
    /// What old builds cannot read of what new ones write.
    pub forward: Vec<Broken>,
}

impl Comparison {
    /// What is broken that must not be.
    #[must_use]
    pub fn broken(&self, demanded: Compatibility) -> Vec<Broken> {
        match demanded {
            Compatibility::Backward => self.backward.clone(),
            Compatibility::Forward => self.forward.clone(),
            Compatibility::Full => [&self.backward[..], &self.forward[..]].concat(),
        }
    }
}

/// Compares a schema with the one that takes its place.
///
/// ```
/// use serde_json::json;
/// use tidings::schema::compare;
///
/// let old = json!({"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]});
/// let mut new = old.clone();
/// new["properties"]["note"] = json!({"type": "string"});
/// assert_eq!(compare(&old, &new), Default::default());
/// new["required"] = json!(["id", "note"]);
/// let broken = compare(&old, &new);
/// assert_eq!(broken.backward[0].to_string(), "/note: is required, and may be missing");
/// assert_eq!(broken.forward, []);
/// ```
#[must_use]
pub fn compare(old: &Value, new: &Value) -> Comparison {
    Comparison {
        backward: read(new, old),
        forward: read(old, new),
    }
}

/// What a reader cannot read of what a writer may write.
fn read(reader: &Value, writer: &Value) -> Vec<Broken> {
    let mut broken = Vec::new();
    Reading {
        reader_root: reader,
        writer_root: writer,
    }
    .of(reader, writer, "", &mut broken);
    broken
}

struct Reading<'a> {
    reader_root: &'a Value,
    writer_root: &'a Value,
}

impl Reading<'_> {
    fn of(&self, reader: &Value, writer: &Value, path: &str, broken: &mut Vec<Broken>) {
        if path.matches('/').count() > DEPTH {
            return;
        }
        let readers = alternatives(reader, self.reader_root);
        for written in alternatives(writer, self.writer_root) {
            let tried: Vec<Vec<Broken>> = readers
                .iter()
                .map(|reader| self.one(reader, &written, path))
                .collect();
            if tried.iter().any(Vec::is_empty) {
                continue;
            }
            match <[Vec<Broken>; 1]>::try_from(tried) {
                Ok([of_the_only]) => broken.extend(of_the_only),
                Err(_) => broken.push(Broken {
                    path: path.to_owned(),
                    text: format!("{} is not known to the reader", named(&written)),
                }),
            }
        }
    }

    /// One alternative by another.
    fn one(
        &self,
        reader: &Map<String, Value>,
        writer: &Map<String, Value>,
        path: &str,
    ) -> Vec<Broken> {
        let mut broken = Vec::new();
        if reader.is_empty() || reader == writer {
            return broken;
        }
        let mut say = |text: String| {
            broken.push(Broken {
                path: path.to_owned(),
                text,
            });
        };
        if let Some(known) = reader.get("const") {
            if writer.get("const") != Some(known) {
                say(format!("{} is not known to the reader", named(writer)));
            }
            return broken;
        }
        let (read_as, written_as) = (kind(reader), kind(writer));
        if read_as != written_as && !(read_as == "number" && written_as == "integer") {
            say(format!("is read as {read_as} and written as {written_as}"));
            return broken;
        }
        if writer.contains_key("const") {
            return broken;
        }
        match read_as {
            "object" => self.object(reader, writer, path, &mut broken),
            "array" => self.array(reader, writer, path, &mut broken),
            "integer" | "number" => number(reader, writer, &mut say),
            _ => same(
                reader,
                writer,
                &[
                    "format",
                    "pattern",
                    "minLength",
                    "maxLength",
                    "contentEncoding",
                ],
                &mut say,
            ),
        }
        broken
    }

    fn object(
        &self,
        reader: &Map<String, Value>,
        writer: &Map<String, Value>,
        path: &str,
        broken: &mut Vec<Broken>,
    ) {
        let always = required(writer);
        for name in required(reader) {
            if !always.contains(&name) {
                broken.push(Broken {
                    path: format!("{path}/{name}"),
                    text: "is required, and may be missing".to_owned(),
                });
            }
        }
        let others = reader.get("additionalProperties");
        for (name, written) in properties(writer) {
            let path = format!("{path}/{name}");
            match (properties(reader).find(|(known, _)| *known == name), others) {
                (Some((_, read)), _) => self.of(read, written, &path, broken),
                (None, Some(Value::Bool(false))) => broken.push(Broken {
                    path,
                    text: "is not known to the reader, who refuses what it does not know"
                        .to_owned(),
                }),
                (None, Some(read @ Value::Object(_))) => self.of(read, written, &path, broken),
                (None, _) => {}
            }
        }
        let anything = Value::Bool(true);
        let written = writer.get("additionalProperties").unwrap_or(&anything);
        if let (Some(Value::Object(_)), Value::Object(_)) = (others, written) {
            let read = others.unwrap_or(&anything);
            self.of(read, written, &format!("{path}/*"), broken);
        }
    }

    fn array(
        &self,
        reader: &Map<String, Value>,
        writer: &Map<String, Value>,
        path: &str,
        broken: &mut Vec<Broken>,
    ) {
        let mut say = |text: String| {
            broken.push(Broken {
                path: path.to_owned(),
                text,
            });
        };
        let limits = ["minItems", "maxItems", "uniqueItems", "prefixItems"];
        same(reader, writer, &limits, &mut say);
        match (reader.get("items"), writer.get("items")) {
            (Some(read), Some(written)) => self.of(read, written, &format!("{path}/*"), broken),
            (Some(Value::Object(_)), None) => say("holds anything, which is not read".to_owned()),
            _ => {}
        }
    }
}

/// What a value may be, one beside the other: `null` or a string, one word or another.
fn alternatives(schema: &Value, root: &Value) -> Vec<Map<String, Value>> {
    let Value::Object(schema) = schema else {
        return vec![Map::new()];
    };
    let mut plain = schema.clone();
    plain.retain(|name, _| !ANNOTATIONS.contains(&name.as_str()) && name != "$defs");
    if let Some(Value::String(reference)) = plain.get("$ref") {
        let target = root.pointer(reference.trim_start_matches('#'));
        return target.map_or_else(|| vec![plain.clone()], |target| alternatives(target, root));
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(Value::Array(many)) = plain.get(word) {
            return many
                .iter()
                .flat_map(|one| alternatives(one, root))
                .collect();
        }
    }
    if let Some(Value::Array(words)) = plain.get("enum") {
        let constant = |word: &Value| Map::from_iter([("const".to_owned(), word.clone())]);
        return words.iter().map(constant).collect();
    }
    if let Some(Value::Array(kinds)) = plain.get("type") {
        let of_kind = |kind: &Value| {
            let mut one = match kind.as_str() {
                Some("null") => Map::new(),
                _ => plain.clone(),
            };
            one.insert("type".to_owned(), kind.clone());
            one
        };
        return kinds.iter().map(of_kind).collect();
    }
    vec![plain]
}

fn kind(schema: &Map<String, Value>) -> &str {
    match (schema.get("type"), schema.get("const")) {
        (Some(Value::String(kind)), _) => kind,
        (_, Some(Value::String(_))) => "string",
        (_, Some(Value::Null)) => "null",
        (_, Some(Value::Bool(_))) => "boolean",
        (_, Some(Value::Number(_))) => "number",
        _ => "anything",
    }
}

fn named(schema: &Map<String, Value>) -> String {
    match schema.get("const") {
        Some(word) => word.to_string(),
        None => kind(schema).to_owned(),
    }
}

fn required(schema: &Map<String, Value>) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn properties(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten()
}

/// A reader with a limit reads what has the same.
fn same(
    reader: &Map<String, Value>,
    writer: &Map<String, Value>,
    limits: &[&str],
    say: &mut impl FnMut(String),
) {
    for limit in limits {
        if let Some(read) = reader.get(*limit)
            && writer.get(*limit) != Some(read)
        {
            say(format!("is read with {limit} {read} only"));
        }
    }
}

fn number(reader: &Map<String, Value>, writer: &Map<String, Value>, say: &mut impl FnMut(String)) {
    let ((low, high), (from, to)) = (range(reader), range(writer));
    if from < low || to > high {
        say(format!(
            "is read from {low} to {high} and written from {from} to {to}"
        ));
    }
}

/// The smallest and the largest number: by their limits, or by the type that they come from.
fn range(schema: &Map<String, Value>) -> (f64, f64) {
    let format = schema.get("format").and_then(Value::as_str);
    let (low, high) = match format.unwrap_or_default() {
        "uint8" => (0.0, f64::from(u8::MAX)),
        "uint16" => (0.0, f64::from(u16::MAX)),
        "uint32" => (0.0, f64::from(u32::MAX)),
        "uint64" | "uint" => (0.0, u64::MAX as f64),
        "int8" => (f64::from(i8::MIN), f64::from(i8::MAX)),
        "int16" => (f64::from(i16::MIN), f64::from(i16::MAX)),
        "int32" => (f64::from(i32::MIN), f64::from(i32::MAX)),
        "int64" | "int" => (i64::MIN as f64, i64::MAX as f64),
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    };
    let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
    (
        limit("minimum").map_or(low, |limit| limit.max(low)),
        limit("maximum").map_or(high, |limit| limit.min(high)),
    )
}

#[cfg(test)]
mod tests;
