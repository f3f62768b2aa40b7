//! Filling a command in: a field for each parameter, and the line that comes of them.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contracts::commands::{Param, ParamType};
use tidings::{Form, Handle, Path, Problem, SignedIn};

use super::{Mistakes, anchor, command, one};
use crate::Error;
use crate::access::Member;
use crate::actions::fill_in;
use crate::command::Command;
use crate::render::{Rendered, script};

/// What was typed into the fields, by the names of parameters.
pub(super) type Values = BTreeMap<String, Vec<String>>;

/// What somebody has filled in, and what has come of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Filled {
    pub(super) rendered: Option<Rendered>,
    pub(super) mistakes: Mistakes,
    /// Whether they mean it.
    pub(super) is_confirmed: bool,
    /// Whether they had to say that they mean it, and did not.
    pub(super) wants_confirmation: bool,
    /// What may be kept with the use of the line: no secret is among it.
    pub(super) kept: Vec<(String, String)>,
}

/// A field of the form.
pub(super) struct Field {
    /// Its id on the page.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) help: String,
    /// What kind of control it is: `text`, `number`, `secret`, `select`, `lines`.
    pub(super) control: &'static str,
    /// What is in it; never of a secret.
    pub(super) value: String,
    pub(super) options: Vec<String>,
    pub(super) is_required: bool,
    pub(super) is_code: bool,
    pub(super) mistake: Option<String>,
}

/// The fields of a command, with what was typed into them, or with what is filled in already.
pub(super) fn fields(command: &Command, typed: Option<&Values>, wrong: &Mistakes) -> Vec<Field> {
    let fields = command.params.iter();
    fields.map(|param| field(param, typed, wrong)).collect()
}

fn field(param: &Param, typed: Option<&Values>, wrong: &Mistakes) -> Field {
    let field = format!("values.{}", param.name);
    let is_choice = param.enforced && !param.allowed_values.is_empty();
    let control = match param.kind {
        // Before everything else: it is never shown, and nothing is proposed for it.
        ParamType::Secret => "secret",
        _ if param.multivalued => "lines",
        ParamType::Bool => "select",
        _ if is_choice => "select",
        ParamType::Int => "number",
        _ => "text",
    };
    let options = match param.kind {
        ParamType::Secret => Vec::new(),
        ParamType::Bool if param.allowed_values.is_empty() => {
            vec!["true".to_owned(), "false".to_owned()]
        }
        _ => param.allowed_values.clone(),
    };
    let value = match typed {
        _ if param.kind == ParamType::Secret => String::new(),
        Some(typed) => {
            let values = typed.get(&param.name).map(|values| values.join("\n"));
            values.unwrap_or_default()
        }
        None => param.default.clone().unwrap_or_default(),
    };
    Field {
        id: anchor(&field),
        name: format!("value.{}", param.name),
        label: match param.label.is_empty() {
            true => param.name.clone(),
            false => param.label.clone(),
        },
        help: param.help.clone(),
        control,
        value,
        options,
        is_required: param.required,
        is_code: !matches!(param.kind, ParamType::Bool | ParamType::Enum),
        mistake: wrong.of(&field).map(str::to_owned),
    }
}

/// Reads what a browser sends of the fields. An empty field says nothing, unless it was filled
/// in already: then somebody has emptied it.
pub(super) fn read(command: &Command, pairs: &[(String, String)]) -> Values {
    let mut values = Values::new();
    for param in &command.params {
        let name = format!("value.{}", param.name);
        let sent = pairs.iter().filter(|(sent, _)| *sent == name);
        let mut of: Vec<String> = sent.map(|(_, value)| value.replace("\r\n", "\n")).collect();
        if param.multivalued {
            let lines = of.iter().flat_map(|value| value.lines().map(str::trim));
            of = lines.map(str::to_owned).collect();
        }
        let was_sent = !of.is_empty();
        of.retain(|value| !value.is_empty());
        if !of.is_empty() {
            values.insert(param.name.clone(), of);
        } else if was_sent && param.default.is_some() {
            values.insert(param.name.clone(), vec![String::new()]);
        }
    }
    values
}

/// Fills a command in with what was typed.
pub(super) fn fill(
    command: &Command,
    values: &Values,
    is_confirmed: bool,
) -> Result<Filled, Error> {
    let mut filled = Filled {
        is_confirmed,
        ..Filled::default()
    };
    match fill_in(command, command, values, is_confirmed) {
        Ok(rendered) => {
            filled.rendered = Some(rendered);
            filled.kept = kept(command, values);
        }
        Err(Error::Wrong(wrong)) => filled.mistakes = Mistakes(wrong),
        Err(Error::ConfirmationRequired) => filled.wants_confirmation = true,
        Err(error) => return Err(error),
    }
    Ok(filled)
}

/// The values that may be written down.
fn kept(command: &Command, values: &Values) -> Vec<(String, String)> {
    let mut kept = Vec::new();
    for param in &command.params {
        let of = values
            .get(&param.name)
            .filter(|_| param.kind != ParamType::Secret);
        for value in of.into_iter().flatten() {
            kept.push((format!("value.{}", param.name), value.clone()));
        }
    }
    kept
}

/// POST `/commands/{id}`: fills it in, as a page or as a file. It changes nothing, and is a POST because what is typed
/// may be secret and an address is not.
pub(super) async fn submit(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let command = command(&mut service.read().await?, &id).await?;
    let values = read(&command, &pairs);
    let is_confirmed = pairs.iter().any(|(name, _)| name == "confirm");
    let filled = fill(&command, &values, is_confirmed)?;
    let is_file = pairs
        .iter()
        .any(|(name, value)| name == "as" && value == "script");
    if let Some(rendered) = filled.rendered.as_ref().filter(|_| is_file) {
        return Ok(script(&command, &rendered.text).into_response());
    }
    one::page(&service, member, command, Some(&values), filled, "").await
}
