//! A list is no object.
//!
//! What derives `Deserialize` takes a list for a struct, each value for the field of its place:
//! such a body would mean something else as soon as a field is added in front.

use std::cell::Cell;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde_json::{Error, Value};

/// Whether a value, which can be read, has a list where `T` or something in it is a struct.
pub(super) fn is_by_position<T: DeserializeOwned>(value: Value) -> bool {
    let found = Cell::new(false);
    // Whatever else is wrong with it was told when it was read.
    let _ = T::deserialize(Objects(value, &found));
    found.get()
}

struct Objects<'a>(Value, &'a Cell<bool>);

impl<'a> Objects<'a> {
    fn fields(fields: serde_json::Map<String, Value>, found: &'a Cell<bool>) -> Fields<'a> {
        let fields = fields.into_iter().collect::<Vec<_>>().into_iter();
        Box::new(fields.map(move |(name, value)| (name, Self(value, found))))
    }
}

type Fields<'a> = Box<dyn Iterator<Item = (String, Objects<'a>)> + 'a>;

impl IntoDeserializer<'_, Error> for Objects<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Objects<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Self(value, found) = self;
        match value {
            Value::Array(values) => {
                let values = values.into_iter().map(|value| Self(value, found));
                visitor.visit_seq(SeqDeserializer::new(values))
            }
            Value::Object(fields) => {
                visitor.visit_map(MapDeserializer::new(Self::fields(fields, found)))
            }
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.0.is_array() {
            self.1.set(true);
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Self(value, found) = self;
        match value {
            Value::Object(fields) => {
                let fields = MapDeserializer::new(Self::fields(fields, found));
                visitor.visit_enum(MapAccessDeserializer::new(fields))
            }
            other => other.deserialize_enum(name, variants, visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape counts")]
    struct Cake {
        name: String,
        layers: Vec<Layer>,
        place: Option<(i64, f64)>,
        glaze: Glaze,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape counts")]
    struct Layer {
        of: String,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its shape counts")]
    enum Glaze {
        None,
        Of(Layer),
    }

    fn cake(layer: &Value, glaze: &Value) -> Value {
        json!({"name": "A", "layers": [layer], "place": [1, 0.5], "glaze": glaze})
    }

    #[test]
    fn a_list_is_no_object_however_deep_it_is() {
        let (told, none, list) = (json!({"of": "nuts"}), json!("none"), json!(["nuts"]));
        for (value, is_by_position) in [
            (cake(&told, &none), false),
            (cake(&told, &json!({"of": told})), false),
            (json!(["A", [told], [1, 0.5], "none"]), true),
            (cake(&list, &none), true),
            (cake(&told, &json!({"of": list})), true),
        ] {
            // All are read without us.
            assert!(serde_json::from_value::<Cake>(value.clone()).is_ok());
            assert_eq!(
                super::is_by_position::<Cake>(value.clone()),
                is_by_position,
                "{value}"
            );
        }
    }
}
