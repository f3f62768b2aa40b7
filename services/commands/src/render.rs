//! Filling in: what becomes of a template with values.

use tidings::FieldError;

use crate::command::Command;

/// What a template may not do with its shell.
pub(crate) fn check_template(_command: &Command) -> Vec<FieldError> {
    Vec::new()
}
