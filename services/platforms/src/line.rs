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

/// Whether a text is an address that a link may have: with http or https, a host, and nothing
/// that ends an address in a page or a table.
pub(crate) fn is_address(text: &str) -> bool {
    let schemes = ["http://", "https://"];
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_plain = |letter: char| {
            !letter.is_whitespace() && !letter.is_control() && !"\"<>\\".contains(letter)
        };
        !host.is_empty() && text.chars().all(is_plain)
    })
}
