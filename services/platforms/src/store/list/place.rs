//! Where a platform stands in a list: what a cursor says.

use tidings::Value;

use super::super::shelf::{day_key, rank};
use super::{Key, Sort};
use crate::platform::{Platform, fold};

/// The value that the list is sorted by, and the number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(super) sort: Sort,
    pub(super) key: Value,
    pub(super) number: i32,
}

impl Place {
    pub(crate) fn of(platform: &Platform, sort: Sort) -> Self {
        let key = match sort.key {
            Key::Name => fold(&platform.name).into(),
            Key::Publisher => fold(&platform.publisher).into(),
            Key::Number => platform.number.into(),
            Key::Updated => platform.updated_at.into(),
            Key::Cost => platform.cost.amount_minor.into(),
            Key::Expires => day_key(platform.licence.expires_on).into(),
            Key::Eol => day_key(platform.eol_on).into(),
            Key::Lifecycle => rank(platform.lifecycle, contracts::platforms::Lifecycle::ALL).into(),
            Key::Criticality => {
                rank(platform.criticality, contracts::platforms::Criticality::ALL).into()
            }
        };
        Self {
            sort,
            key,
            number: platform.number,
        }
    }

    /// Whether it is a place of a list in this order.
    pub(crate) fn is_of(&self, sort: Sort) -> bool {
        self.sort == sort
    }
}

/// `name_7_6c696e7578`: how it is sorted, the number, and the value; texts byte by byte, so
/// that no letter needs escaping.
impl tidings::Place for Place {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '_');
        let sort: Sort = parts.next()?.parse().ok()?;
        let number = parts.next()?.parse().ok()?;
        let key = parts.next()?;
        let key = match sort.key.is_text() {
            true => Value::Text(unhex(key)?),
            false => Value::Int(key.parse().ok()?),
        };
        let place = Self { sort, key, number };
        // Only what we have written ourselves is read.
        (place.write() == text).then_some(place)
    }

    fn write(&self) -> String {
        let key = match &self.key {
            Value::Int(int) => int.to_string(),
            Value::Text(text) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
            _ => String::new(),
        };
        format!("{}_{}_{key}", self.sort, self.number)
    }
}

fn unhex(text: &str) -> Option<String> {
    let digits: Option<Vec<_>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits?;
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let bytes = digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]));
    let bytes: Result<Vec<_>, _> = bytes.collect();
    let text = String::from_utf8(bytes.ok()?).ok()?;
    (!text.contains('\0')).then_some(text)
}

#[cfg(test)]
mod tests {
    use tidings::Place as _;

    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written_and_nothing_else_is() {
        let texts = [
            "name_7_6c696e7578",
            "-publisher_1_",
            "cost_3_-5",
            "number_2_2",
            "expires_9_6e65766572",
            "-eol_9_6e65766572",
        ];
        for text in texts {
            let place = Place::read(text).unwrap();
            assert_eq!(place.write(), text);
        }
        for text in [
            "",
            "name",
            "name_7",
            "name_x_00",
            "name_7_6",
            "name_7_zz",
            "name_7_ff",
            "name_7_00",
            "cost_7_1x",
            "cost_7_+1",
            "price_7_1",
            "name_99999999999_61",
            "name_7_6C",
            "--name_7_61",
        ] {
            assert_eq!(Place::read(text), None, "{text:?}");
        }
    }
}
