//! What may stand in a text, and how a mistake in a field is told.

use tidings::FieldError;

/// What is wrong with a field.
pub(crate) fn wrong(
    field: impl Into<String>,
    code: &'static str,
    message: impl Into<String>,
) -> FieldError {
    FieldError {
        code,
        message: message.into(),
        field: Some(field.into()),
    }
}

/// A text of several lines without the marks of Windows, and without space around it.
pub(crate) fn tidy(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// The name of a parameter that there is none of, for an answer: it comes from outside and may be
/// anything.
pub(crate) fn name_told(name: &str) -> String {
    const LETTERS_MAX: usize = 60;
    let letters = name.chars().filter(|letter| !is_hidden(*letter));
    letters.take(LETTERS_MAX).collect()
}

/// Whether a letter is not seen and changes what is seen: a control character other than line
/// break and tab, or one that turns the direction of the text or has no width. With these a
/// command line could look like another one.
pub(crate) fn is_hidden(letter: char) -> bool {
    let is_control = letter.is_control() && !matches!(letter, '\n' | '\t');
    is_control
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// What is wrong with a text of one line, if anything is.
pub(crate) fn line_mistake(field: &str, text: &str, letters_max: usize) -> Option<FieldError> {
    match text.contains(['\n', '\t']) {
        true => Some(wrong(field, "bad_text", "This is one line of text.")),
        false => lines_mistake(field, text, letters_max),
    }
}

/// What is wrong with a text of several lines, if anything is.
pub(crate) fn lines_mistake(field: &str, text: &str, letters_max: usize) -> Option<FieldError> {
    if text.chars().count() > letters_max {
        let message = format!("At most {letters_max} letters.");
        Some(wrong(field, "text_too_long", message))
    } else if text.chars().any(is_hidden) {
        let message = "There are letters in it that nobody sees.";
        Some(wrong(field, "bad_text", message))
    } else {
        None
    }
}
