//! The values that somebody fills in: whether all are there, and whether each may be.

use std::collections::BTreeMap;

use contracts::commands::{Param, ParamType, Shell};
use tidings::FieldError;

use super::error;
use super::lexed::{Place, Spot};
use crate::param::{Check, Refused};
use crate::text::{is_hidden, name_told};

/// Values of one parameter, at the most.
pub(crate) const VALUES_MAX: usize = 200;

/// What stands for each parameter: given, or its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Given {
    values: BTreeMap<String, Vec<String>>,
    pub(super) warnings: Vec<String>,
}

impl Given {
    /// The values of a parameter; `None` if nothing is given and nothing need be.
    pub(crate) fn of(&self, name: &str) -> Option<&[String]> {
        self.values.get(name).map(Vec::as_slice)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// Takes what was given, with the defaults for what was not. Says everything that is wrong at
/// once, and repeats no value.
pub(crate) fn take_values(
    params: &[Param],
    values: &BTreeMap<String, Vec<String>>,
) -> Result<Given, Vec<FieldError>> {
    let mut given = Given::default();
    let mut mistakes = Vec::new();
    for param in params {
        let field = format!("values.{}", param.name);
        let of = values.get(&param.name).filter(|values| !values.is_empty());
        match (of, &param.default) {
            (Some(values), _) => match take(param, values) {
                Ok(()) => {
                    given.values.insert(param.name.clone(), values.clone());
                }
                Err(refused) => mistakes.push(error(&field, refused.code, refused.message)),
            },
            (None, Some(default)) => {
                let values = vec![default.clone()];
                given.values.insert(param.name.clone(), values);
            }
            (None, None) if param.required => {
                let refused = missing(param);
                mistakes.push(error(&field, refused.code, refused.message));
            }
            (None, None) => {
                let text = format!("Nothing was filled in for {}.", param.name);
                given.warnings.push(text);
            }
        }
    }
    for name in values.keys() {
        if params.iter().all(|param| param.name != *name) {
            let name = name_told(name);
            let text = format!("This command has no parameter called {name}.");
            mistakes.push(error(&format!("values.{name}"), "value_unknown", text));
        }
    }
    match mistakes.is_empty() {
        true => Ok(given),
        false => Err(mistakes),
    }
}

fn take(param: &Param, values: &[String]) -> Result<(), Refused> {
    if values.len() > 1 && !param.multivalued {
        return Err(too_many("One value goes here.".to_owned()));
    }
    if values.len() > VALUES_MAX {
        return Err(too_many(format!("At most {VALUES_MAX} values go here.")));
    }
    let check = Check::of(param).map_err(|message| Refused {
        code: "bad_pattern",
        message,
    })?;
    values.iter().try_for_each(|value| {
        let may_be_empty = param.allowed_values.iter().any(String::is_empty);
        if param.required && value.is_empty() && !may_be_empty {
            return Err(missing(param));
        }
        check.value(value)
    })
}

fn too_many(message: String) -> Refused {
    Refused {
        code: "too_many_values",
        message,
    }
}

fn missing(param: &Param) -> Refused {
    let called = match param.label.is_empty() {
        true => &param.name,
        false => &param.label,
    };
    Refused {
        code: "value_missing",
        message: format!("Fill in {called}."),
    }
}

/// What somebody should look at before they use the line with this value.
pub(super) fn doubts(shell: Shell, kind: ParamType, spot: &Spot, value: &str) -> Vec<&'static str> {
    let mut doubts = Vec::new();
    if kind == ParamType::Raw {
        doubts.push("is taken as it stands, without quotes: look at the line before you use it");
        return doubts;
    }
    let dash = ['-', '\u{2013}', '\u{2014}', '\u{2015}'];
    let runs = matches!(shell, Shell::Posix | Shell::PowerShell | Shell::Cmd);
    if runs && kind != ParamType::Int && value.starts_with(dash) && spot.begins_word() {
        doubts.push("begins with a dash: the program may take it for an option");
    }
    if shell == Shell::Cmd && value.starts_with('/') && spot.begins_word() {
        doubts.push("begins with a slash: the program may take it for an option");
    }
    if value.contains('\n') {
        doubts.push("has a line break");
    }
    if value.chars().any(is_hidden) {
        doubts.push("has letters that are not shown");
    }
    // Windows gives these to a database that does not use Unicode as a quote.
    let is_like_quote = |letter| {
        matches!(
            letter,
            '\u{2b9}' | '\u{2bc}' | '\u{2c8}' | '\u{2032}' | '\u{ff07}'
        )
    };
    if shell == Shell::Sql && value.chars().any(is_like_quote) {
        doubts.push("has a letter that looks like a quote, and that some programs make one");
    }
    if shell == Shell::PowerShell && spot.place != Place::Number {
        if value.contains('"') {
            doubts.push(
                "has a double quote: Windows PowerShell does not hand it on to programs as it is",
            );
        }
        if value.contains(['&', '|', '<', '>', '^', '%']) {
            doubts.push("has a sign of the command prompt: do not use the line with a batch file");
        }
    }
    doubts
}
