//! Filling a command in. The answer may hold a secret: nobody on the way keeps it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidings::{Handle, Json, Path, Problem, SignedIn};
use utoipa::ToSchema;

use super::command_id;
use crate::Error;
use crate::access::Member;
use crate::actions::{Filled, Filling, render_command};
use crate::text::{name_told, wrong};

/// What is filled in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FillingBody {
    /// For each parameter its value, or a list of values; numbers and truths are taken as they
    /// are written.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({ "pod": "web-1" }))]
    values: Value,
    /// Which revision; the newest if nothing is said.
    revision: Option<u64>,
    /// That one means it, for what destroys something.
    #[serde(default)]
    confirm: bool,
    /// Whether the answer is a file that the shell of the command reads, with the line in it.
    #[serde(default)]
    script: bool,
}

/// A line that was filled in.
#[derive(Serialize, ToSchema)]
pub(super) struct FilledBody {
    /// The line, to be copied. Nothing is executed.
    rendered: String,
    /// What to look at before one uses it.
    warnings: Vec<String>,
    revision: u64,
}

/// Fill in a command. Each value is quoted for the shell and for the place where it stands, so
/// that none can add a second command. With `script` the answer is a file to be run
/// elsewhere; nothing is kept of it.
#[utoipa::path(post, path = "/api/c/commands/{command_id}/render", tag = "commands",
    request_body = FillingBody,
    params(("command_id" = String, Path, description = "The command: its id or its number")),
    responses(
        (status = 200, description = "The line; as a file, text/plain, with `script`", body = FilledBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no role in the repository"),
        (status = 404, description = "No such command or revision"),
        (status = 409, description = "confirmation_required: it destroys something"),
        (status = 422, description = "Every value that is missing, unknown, or cannot be taken"),
    ))]
pub(super) async fn fill_in(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(command): Path<String>,
    Json(body): Json<FillingBody>,
) -> Result<Response, Problem> {
    Member::of(&identity)?;
    let filling = Filling {
        values: read_values("values", &body.values)?,
        revision: body.revision,
        confirm: body.confirm,
    };
    let mut conn = service.read().await?;
    let id = command_id(&mut conn, &command).await?;
    let Filled {
        text,
        warnings,
        revision,
        script,
    } = render_command(&mut conn, id, &filling).await?;
    if body.script {
        return Ok(script.into_response());
    }
    let body = FilledBody {
        rendered: text,
        warnings,
        revision,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Reads what was filled in. By hand, because an error of the reader of JSON would repeat
/// what it has read, and that may be a secret.
pub(super) fn read_values(
    field: &str,
    values: &Value,
) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let values = match values {
        Value::Null => return Ok(BTreeMap::new()),
        Value::Object(values) => values,
        _ => {
            let text = "For each parameter its value stands here, by its name.";
            return Err(vec![wrong(field, "bad_values", text)].into());
        }
    };
    let mut read = BTreeMap::new();
    let mut wrongs = Vec::new();
    for (name, value) in values {
        match read_value(value) {
            Some(values) => {
                read.insert(name.clone(), values);
            }
            None => {
                let text = "A value is a text, a number or a truth, or a list of these.";
                let field = format!("{field}.{}", name_told(name));
                wrongs.push(wrong(field, "bad_value", text));
            }
        }
    }
    match wrongs.is_empty() {
        true => Ok(read),
        false => Err(wrongs.into()),
    }
}

fn read_value(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(values) => values.iter().map(read_one).collect(),
        value => read_one(value).map(|text| vec![text]),
    }
}

fn read_one(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
