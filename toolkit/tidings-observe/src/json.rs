//! Lines for programs.

use serde_json::{Map, Number, json};
use tidings::spans::trace_id;

use crate::fields::Value;
use crate::line::Line;

/// What stands in every line; a field of one of these names is written with an underscore.
const OWN: [&str; 4] = ["timestamp", "level", "target", "message"];

pub(crate) fn write(line: &Line<'_>) -> Vec<u8> {
    let mut object = Map::new();
    object.insert("timestamp".to_owned(), json!(line.at));
    object.insert("level".to_owned(), json!(line.level.as_str()));
    object.insert("target".to_owned(), json!(line.target));
    object.insert("message".to_owned(), json!(line.message));
    for (name, value) in line.fields {
        let name = match OWN.contains(name) {
            true => format!("{name}_"),
            false => (*name).to_owned(),
        };
        if name == "correlation_id"
            && let Value::Text(id) = value
        {
            // As backends of traces write it, so that a line leads to its trace.
            object.insert(
                "trace_id".to_owned(),
                json!(format!("{:032x}", trace_id(id))),
            );
        }
        object.insert(name, value_of(value));
    }
    let mut bytes = serde_json::Value::Object(object).to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

fn value_of(value: &Value) -> serde_json::Value {
    match value {
        Value::Text(text) => json!(text),
        Value::Int(number) => json!(number),
        Value::Count(number) => json!(number),
        Value::Float(number) => {
            Number::from_f64(*number).map_or(json!(number.to_string()), |it| json!(it))
        }
        Value::Bool(is) => json!(is),
    }
}
