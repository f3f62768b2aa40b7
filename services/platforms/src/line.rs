//! One line of text as somebody writes it.

use tidings::FieldError;

use crate::edit::wrong;

/// The line without the space around it.
pub(crate) fn line(field: &str, text: &str, letters_max: usize) -> Result<String, FieldError> {
    let text = text.trim();
    if text.chars().count() > letters_max {
        let message = format!("{field} has at most {letters_max} letters.");
        return Err(wrong(field, "field_too_long", message));
    }
    if text.chars().any(char::is_control) {
        let message = format!("{field} is one line of text.");
        return Err(wrong(field, "bad_text", message));
    }
    Ok(text.to_owned())
}

/// As [`line`], and not empty.
pub(crate) fn told_line(field: &str, text: &str, letters_max: usize) -> Result<String, FieldError> {
    let text = line(field, text, letters_max)?;
    match text.is_empty() {
        true => Err(wrong(field, "field_missing", format!("Say the {field}."))),
        false => Ok(text),
    }
}
