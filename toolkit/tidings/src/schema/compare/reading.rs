//! Whether whoever reads by one schema can read everything that is written by another.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::Broken;

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

/// What is compared by its meaning. Anything else must be the same on both sides.
const UNDERSTOOD: [&str; 21] = [
    "type",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minimum",
    "maximum",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "contentEncoding",
    "$ref",
    "oneOf",
    "anyOf",
    "enum",
];

/// What is said of a required field that a writer does not have any more.
pub(super) const IS_GONE: &str = "is required, and is no more";
pub(super) const MAY_BE_MISSING: &str = "is required, and may be missing";

/// What a reader cannot read of what a writer may write.
pub(super) fn read(reader: &Value, writer: &Value) -> Vec<Broken> {
    let mut broken = Vec::new();
    let reading = Reading {
        reader_root: reader,
        writer_root: writer,
        begun: RefCell::default(),
    };
    reading.of(reader, writer, "", &mut broken);
    broken
}

struct Reading<'a> {
    reader_root: &'a Value,
    writer_root: &'a Value,
    /// Pairs that are being compared: a type that holds itself is compared once.
    begun: RefCell<Vec<(Value, Value)>>,
}

impl Reading<'_> {
    fn of(&self, reader: &Value, writer: &Value, path: &str, broken: &mut Vec<Broken>) {
        let pair = (reader.clone(), writer.clone());
        if self.begun.borrow().contains(&pair) {
            return;
        }
        self.begun.borrow_mut().push(pair);
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
        self.begun.borrow_mut().pop();
    }

    /// One alternative by another.
    fn one(
        &self,
        reader: &Map<String, Value>,
        writer: &Map<String, Value>,
        path: &str,
    ) -> Vec<Broken> {
        let mut broken = Vec::new();
        if reader.is_empty() {
            return broken;
        }
        let mut say = |text: String| {
            broken.push(Broken {
                path: path.to_owned(),
                text,
            });
        };
        let other = |name: &&String| !UNDERSTOOD.contains(&name.as_str());
        for name in reader.keys().filter(other) {
            if reader.get(name) != writer.get(name) {
                say(format!("is read with another {name}"));
            }
        }
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
            _ => {
                let limits = [
                    "format",
                    "pattern",
                    "minLength",
                    "maxLength",
                    "contentEncoding",
                ];
                same(reader, writer, &limits, &mut say);
            }
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
                let is_there = properties(writer).any(|(known, _)| known == name);
                let text = if is_there { MAY_BE_MISSING } else { IS_GONE };
                broken.push(Broken {
                    path: format!("{path}/{name}"),
                    text: text.to_owned(),
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
        let written = writer.get("additionalProperties");
        if let (Some(read @ Value::Object(_)), Some(written @ Value::Object(_))) = (others, written)
        {
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
pub(in crate::schema) fn alternatives(schema: &Value, root: &Value) -> Vec<Map<String, Value>> {
    let Value::Object(schema) = schema else {
        return vec![Map::new()];
    };
    let mut plain = schema.clone();
    plain.retain(|name, _| {
        let explains = ANNOTATIONS.contains(&name.as_str()) || name.starts_with("x-");
        !explains && name != "$defs"
    });
    if let Some(Value::String(reference)) = plain.get("$ref") {
        let target = root.pointer(reference.trim_start_matches('#'));
        return target.map_or_else(|| vec![plain.clone()], |target| alternatives(target, root));
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(Value::Array(many)) = plain.get(word) {
            let common = plain.iter().filter(|(name, _)| *name != word);
            let common = common.map(|(name, said)| (name.clone(), said.clone()));
            let common = common.collect::<Map<_, _>>();
            let each = many.iter().flat_map(|one| alternatives(one, root));
            return each.map(|one| together(one, &common)).collect();
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

/// What is said of all alternatives, beside what is said of one.
fn together(one: Map<String, Value>, common: &Map<String, Value>) -> Map<String, Value> {
    let mut one = one;
    for (name, said) in common {
        match (one.get_mut(name), said) {
            (Some(Value::Object(own)), Value::Object(said)) => {
                own.extend(said.iter().map(|(name, said)| (name.clone(), said.clone())));
            }
            (Some(Value::Array(own)), Value::Array(said)) => own.extend(said.iter().cloned()),
            (Some(_), _) => {}
            (None, said) => {
                one.insert(name.clone(), said.clone());
            }
        }
    }
    one
}

pub(in crate::schema) fn kind(schema: &Map<String, Value>) -> &str {
    match (schema.get("type"), schema.get("const")) {
        (Some(Value::String(kind)), _) => kind,
        (_, Some(word)) => kind_of(word),
        _ => "anything",
    }
}

pub(in crate::schema) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn named(schema: &Map<String, Value>) -> String {
    match schema.get("const") {
        Some(word) => word.to_string(),
        None => kind(schema).to_owned(),
    }
}

pub(in crate::schema) fn required(schema: &Map<String, Value>) -> Vec<&str> {
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
pub(in crate::schema) fn range(schema: &Map<String, Value>) -> (f64, f64) {
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
