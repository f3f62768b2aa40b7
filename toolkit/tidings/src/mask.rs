//! What operators need not see: values of fields that are marked sensitive.
//!
//! A field is marked where its type is declared, with `#[schemars(extend("x-sensitive" = true))]`,
//! or by its name with [`Service::sensitive`](crate::Service::sensitive). From then on its values
//! are hidden in whatever is shown to people who look after an installation: under its name, in
//! all events, commands and jobs of all services, at any depth. By name, because a value goes
//! from one of them to the other, and older versions and strangers write what no type describes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Handle, Installation, StreamInfo};

/// What is shown in place of a value.
const HIDDEN: &str = "•••";
/// In a schema: values of this property are sensitive.
const SENSITIVE: &str = "x-sensitive";
/// Shorter values stand in a text by chance.
const SHORT: usize = 3;

/// Hides the values of sensitive fields. It is made by
/// [`Installation::mask`].
///
/// ```
/// # use tidings::{Service, Setup, Storage};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let setup = Setup::new(Storage::Memory);
/// let installation = setup.service(Service::new("auth").sensitive(&["email"])).open().await?;
/// let mask = installation.mask();
/// assert_eq!(mask.data(r#"{"email":"ada@lovelace.example","id":7}"#), r#"{"email":"•••","id":7}"#);
/// # Ok::<(), tidings::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    names: BTreeSet<String>,
}

impl Mask {
    /// What hides the sensitive fields of these services.
    pub(crate) fn of<'a>(services: impl Iterator<Item = &'a Handle>) -> Self {
        let mut mask = Self::default();
        for handle in services {
            let names = handle.0.sensitive.iter();
            names.for_each(|name| mask.add_name(name));
            for stream in &handle.0.streams {
                for of in (stream.schemas)() {
                    mask.add_schema(&of.schema);
                }
            }
        }
        mask
    }

    /// What hides the sensitive fields of one stream, for the log of a service that reads it.
    pub(crate) fn of_stream(service: &Handle, stream: &StreamInfo) -> Self {
        let mut mask = Self::of(std::iter::once(service));
        for of in (stream.schemas)() {
            mask.add_schema(&of.schema);
        }
        mask
    }

    pub(crate) fn add_name(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    /// Every property that a schema marks, wherever it is.
    pub(crate) fn add_schema(&mut self, schema: &Value) {
        match schema {
            Value::Object(fields) => {
                if let Some(Value::Object(properties)) = fields.get("properties") {
                    let marked = |property: &Value| property.get(SENSITIVE) == Some(&true.into());
                    let found = properties.iter().filter(|(_, property)| marked(property));
                    self.names.extend(found.map(|(name, _)| name.clone()));
                }
                fields.values().for_each(|field| self.add_schema(field));
            }
            Value::Array(items) => items.iter().for_each(|item| self.add_schema(item)),
            _ => {}
        }
    }

    /// JSON text without the values of sensitive fields, fields by their names. Of what is not JSON nothing is shown
    /// but how long it is, because nobody knows what is in it.
    #[must_use]
    pub fn data(&self, json: &str) -> String {
        if self.names.is_empty() {
            return json.to_owned();
        }
        match serde_json::from_str::<Value>(json) {
            Ok(mut value) => {
                self.value(&mut value);
                value.to_string()
            }
            Err(error) => format!("{} bytes that are not JSON: {error}", json.len()),
        }
    }

    /// As [`Mask::data`], for JSON that was read already.
    pub fn value(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    match self.names.contains(name) && !field.is_null() {
                        true => *field = HIDDEN.into(),
                        false => self.value(field),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            _ => {}
        }
    }

    /// A text about `data`, as an error is, without the sensitive values that stand in it.
    #[must_use]
    pub fn text(&self, text: &str, data: &str) -> String {
        let mut hidden = Vec::new();
        if let Ok(value) = serde_json::from_str(data) {
            self.collect(&value, false, &mut hidden);
        }
        // The longest first: a shorter one may be a part of it.
        hidden.sort_by_key(|value| std::cmp::Reverse(value.len()));
        hidden
            .iter()
            .fold(text.to_owned(), |text, value| text.replace(value, HIDDEN))
    }

    fn collect(&self, value: &Value, is_hidden: bool, hidden: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    self.collect(field, is_hidden || self.names.contains(name), hidden);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.collect(item, is_hidden, hidden);
                }
            }
            Value::String(text) if is_hidden && text.len() > SHORT => hidden.push(text.clone()),
            Value::Number(number) if is_hidden && number.to_string().len() > SHORT => {
                hidden.push(number.to_string());
            }
            _ => {}
        }
    }

    /// Puts the values back that whoever has edited masked data has left hidden: those of the
    /// same place in the original.
    pub fn restore(&self, edited: &mut Value, original: &Value) {
        match edited {
            Value::Object(fields) => {
                for (name, field) in fields {
                    let Some(before) = original.get(name) else {
                        continue;
                    };
                    match self.names.contains(name) && *field == HIDDEN {
                        true => *field = before.clone(),
                        false => self.restore(field, before),
                    }
                }
            }
            Value::Array(items) => {
                for (item, before) in items
                    .iter_mut()
                    .zip(original.as_array().into_iter().flatten())
                {
                    self.restore(item, before);
                }
            }
            _ => {}
        }
    }
}

impl Installation {
    /// What hides the sensitive fields of all services, also of those that run elsewhere.
    #[must_use]
    pub fn mask(&self) -> &Mask {
        self.mask.get_or_init(|| {
            let away = self.away.iter().map(|part| &part.handle);
            Mask::of(self.handles().iter().chain(away))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mask() -> Mask {
        let mut mask = Mask::default();
        mask.add_schema(&json!({"properties": {
            "id": {"type": "string"},
            "to": {"anyOf": [{"type": "string"}], "x-sensitive": true},
            "lines": {"type": "array", "items": {"properties": {"card": {"x-sensitive": true}}}},
        }}));
        mask.add_name("email");
        mask
    }

    /// E-25
    #[test]
    fn values_of_marked_fields_are_hidden_at_any_depth() {
        let data =
            r#"{"id":"a","to":{"user":7},"email":null,"lines":[{"card":4111,"email":"x@y"}]}"#;
        assert_eq!(
            mask().data(data),
            r#"{"email":null,"id":"a","lines":[{"card":"•••","email":"•••"}],"to":"•••"}"#
        );
    }

    /// E-25
    #[test]
    fn what_is_not_json_is_not_shown() {
        let shown = mask().data("ada@lovelace.example");
        assert!(shown.starts_with("20 bytes that are not JSON: "), "{shown}");
        assert!(!shown.contains("lovelace"));
    }

    /// E-25
    #[test]
    fn a_text_does_not_say_what_is_hidden() {
        let data = r#"{"email":"ada@lovelace.example","to":["ada@lovelace.example.org", "ada"]}"#;
        let text = "550 ada@lovelace.example.org and ada@lovelace.example: no such mailbox";
        assert_eq!(mask().text(text, data), "550 ••• and •••: no such mailbox");
    }

    #[test]
    fn what_was_left_hidden_is_as_before_after_an_edit() {
        let before = json!({"id": "a", "email": "x@y.example", "lines": [{"card": 4111}]});
        let mut edited = before.clone();
        mask().value(&mut edited);
        edited["id"] = json!("b");
        mask().restore(&mut edited, &before);
        assert_eq!(edited["email"], "x@y.example");
        assert_eq!(
            (&edited["id"], &edited["lines"][0]["card"]),
            (&json!("b"), &json!(4111))
        );
        edited["email"] = json!("new@y.example");
        mask().restore(&mut edited, &before);
        assert_eq!(edited["email"], "new@y.example");
    }
}
