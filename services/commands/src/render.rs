//! Filling in: what becomes of a template with values.

use tidings::FieldError;

use crate::command::Command;

/// What a template may not do with its shell.
pub(crate) fn check_template(_command: &Command) -> Vec<FieldError> {
    Vec::new()
}

/// Temporary.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    pub(crate) warnings: Vec<String>,
}

pub(crate) fn render(
    command: &Command,
    values: &std::collections::BTreeMap<String, Vec<String>>,
) -> Result<Rendered, Vec<FieldError>> {
    let mut text = command.command_line.clone();
    for (name, of) in values {
        text = text.replace(&format!("{{{{{name}}}}}"), &of.join(" "));
    }
    Ok(Rendered { text, warnings: Vec::new() })
}
