//! From a JSON object to an edit: what is a tree there is flat here.

use serde_json::{Map, Value};
use tidings::FieldError;

use super::{Edit, wrong};
use crate::columns::CUSTOM;
use crate::cost::{decimal, read_legacy};

impl Edit {
    /// Reads the fields of an object. They may be told flat, as files tell them, or in the
    /// tree that answers have; null clears. Whoever calls has taken the comment out.
    ///
    /// # Errors
    /// One for each field that is none, or cannot be so.
    pub(crate) fn from_json(body: &Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        let mut reading = Reading::default();
        for (name, value) in body {
            reading.field(name, value);
        }
        match reading.found.is_empty() {
            true => Ok(reading.edit),
            false => Err(reading.found),
        }
    }
}

#[derive(Default)]
struct Reading {
    edit: Edit,
    found: Vec<FieldError>,
}

impl Reading {
    fn field(&mut self, name: &str, value: &Value) {
        match (name, value) {
            ("cost" | "charge", _) => self.cost(value),
            ("licence", Value::Object(parts)) => self.parts("licence_", "licence", parts),
            ("custom_fields", Value::Object(parts)) => self.parts(CUSTOM, name, parts),
            ("tags", Value::Array(tags)) => self.tags(tags),
            ("links", Value::Array(links)) => self.links(links),
            ("replaced_by", _) => match text_of(value) {
                Some(text) => self.edit.replaced_by = Some(text).filter(|text| !text.is_empty()),
                None => self.no_text(name),
            },
            (name, _) => self.set(name, name, value),
        }
    }

    fn set(&mut self, column: &str, field: &str, value: &Value) {
        let Some(text) = text_of(value) else {
            return self.no_text(field);
        };
        if let Err(mut error) = self.edit.set(column, &text) {
            error.field = Some(field.to_owned());
            self.found.push(error);
        }
    }

    fn no_text(&mut self, field: &str) {
        let text = "It cannot be a list or an object.";
        self.found.push(wrong(field, "bad_text", text));
    }

    /// `{"type": "commercial", "seats": 5}`: each part is a field of its own.
    fn parts(&mut self, before: &str, whole: &str, parts: &Map<String, Value>) {
        for (name, value) in parts {
            self.set(
                &format!("{before}{name}"),
                &format!("{whole}.{name}"),
                value,
            );
        }
    }

    /// The one text of the first version of the register, or the object.
    fn cost(&mut self, value: &Value) {
        let cost = match value {
            Value::Object(parts) => return self.cost_parts(parts),
            Value::Null => read_legacy("free"),
            Value::String(text) => read_legacy(text),
            _ => None,
        };
        let Some(cost) = cost else {
            let text = "A cost is \"Free\", or an amount with its currency and how often it is paid, like \"$120.00 a year\".";
            return self.found.push(wrong("cost", "bad_cost", text));
        };
        let parts = [
            ("cost_amount", decimal(cost.amount_minor)),
            ("cost_currency", cost.currency.code().to_owned()),
            ("cost_period", cost.period.to_string()),
        ];
        for (column, text) in parts {
            self.set(column, "cost", &Value::String(text));
        }
    }

    /// Amounts in objects are in minor units.
    fn cost_parts(&mut self, parts: &Map<String, Value>) {
        for (name, value) in parts {
            let field = format!("cost.{name}");
            match (name.as_str(), value.as_i64()) {
                ("amount_minor", Some(minor)) => {
                    self.set("cost_amount", &field, &Value::String(decimal(minor)));
                }
                ("amount_minor", None) => {
                    let text = "It is a whole number of minor units.";
                    self.found.push(wrong(&field, "bad_amount", text));
                }
                ("currency" | "period", _) => self.set(&format!("cost_{name}"), &field, value),
                _ => self.unknown(&field),
            }
        }
    }

    fn unknown(&mut self, field: &str) {
        let text = "There is no such field.";
        self.found.push(wrong(field, "unknown_field", text));
    }

    fn tags(&mut self, tags: &[Value]) {
        let words: Option<Vec<_>> = tags.iter().map(Value::as_str).collect();
        let words = words.filter(|words| words.iter().all(|word| !word.contains(',')));
        match words {
            Some(words) => self.set("tags", "tags", &Value::String(words.join(","))),
            None => {
                let text = "Tags are a list of words without commas.";
                self.found.push(wrong("tags", "bad_tag", text));
            }
        }
    }

    fn links(&mut self, links: &[Value]) {
        let line = |link: &Value| {
            let parts = link.as_object()?;
            let known = |name: &String| matches!(name.as_str(), "title" | "url");
            let text = |name: &str| parts.get(name).and_then(Value::as_str);
            let (title, url) = (text("title").unwrap_or_default(), text("url")?);
            let is_line = parts.keys().all(known)
                && !url.contains(char::is_whitespace)
                && !title.contains(['\n', '\r']);
            is_line.then(|| format!("{title} {url}"))
        };
        let lines: Option<Vec<_>> = links.iter().map(line).collect();
        match lines {
            Some(lines) => self.set("links", "links", &Value::String(lines.join("\n"))),
            None => {
                let text = "Links are a list of {title, url}.";
                self.found.push(wrong("links", "bad_link", text));
            }
        }
    }
}

/// Takes out of a body what is not a field of the platform: the comment on the change.
///
/// # Errors
/// When it is no text.
pub(crate) fn take_comment(body: &mut Map<String, Value>) -> Result<String, FieldError> {
    match body.remove("comment") {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(wrong("comment", "bad_text", "A comment is a text.")),
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}
