//! The value of one custom field.

use contracts::calendar::Day;

use super::{FieldType, Told};
use crate::edit::CUSTOM_LETTERS_MAX;
use crate::line::is_address;
use crate::platform::fold;

const DIGITS_MAX: usize = 30;

/// The one form of a value that means the same; or what is wrong, for people.
pub(super) fn read(told: &Told, text: &str) -> Result<String, String> {
    let text = text.trim();
    let label = &told.label;
    if text.chars().count() > CUSTOM_LETTERS_MAX {
        return Err(format!("{label} has at most {CUSTOM_LETTERS_MAX} letters."));
    }
    match told.kind {
        // Lines are what the field itself lets through.
        FieldType::Text => Ok(text.to_owned()),
        FieldType::Number if is_number(text) => Ok(text.to_owned()),
        FieldType::Number => Err(format!("{label} is a number like 12 or -3.5.")),
        FieldType::Date => {
            let day: Result<Day, _> = text.parse();
            let day = day.map_err(|_| format!("{label} is a day like 2026-03-14."))?;
            Ok(day.to_string())
        }
        FieldType::Bool => match fold(text).as_str() {
            "true" | "yes" => Ok("true".to_owned()),
            "false" | "no" => Ok("false".to_owned()),
            _ => Err(format!("{label} is true or false.")),
        },
        FieldType::Choice => {
            let wanted = fold(text);
            let mut choices = told.allowed_values.iter();
            let chosen = choices.find(|choice| fold(choice) == wanted).cloned();
            chosen.ok_or_else(|| format!("{label} is one of {}.", told.allowed_values.join(", ")))
        }
        FieldType::Link if is_address(text) => Ok(text.to_owned()),
        FieldType::Link => Err(format!("{label} is an address with http:// or https://.")),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    digits.len() <= DIGITS_MAX && are_digits(whole) && are_digits(part)
}
