//! Who used which command, and which ones somebody wants at hand.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use contracts::commands::Outcome;
use contracts::{CommandId, UsageId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidings::{
    Conn, Handle, Json, List, Paging, Path, Problem, Query, RequestContext, SignedIn, Timestamp,
    Uuid,
};
use utoipa::{IntoParams, ToSchema};

use super::command_id;
use super::filling::read_values;
use crate::access::Member;
use crate::actions::{Used, tell_outcome_in_tx, use_command_in_tx};
use crate::store::usages::{Listed, Narrowed, Usage};
use crate::text::wrong;
use crate::{Error, store};

/// A use that somebody tells of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UsedBody {
    /// Which revision was used, as the answer to filling in said.
    revision: u64,
    /// What was filled in, for each parameter its value or a list. Values of secrets are not
    /// kept.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({ "pod": "web-1" }))]
    params: Value,
    /// `ok`, `failed`, `unknown`; nothing before one knows.
    outcome: Option<String>,
    /// What else is to be said.
    #[serde(default)]
    #[schema(max_length = 1000)]
    note: String,
}

/// What came of a use; what is not said stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OutcomeBody {
    /// `ok`, `failed`, `unknown`.
    outcome: Option<String>,
    #[schema(max_length = 1000)]
    note: Option<String>,
}

/// A use of a command.
#[derive(Serialize, ToSchema)]
pub(super) struct UsageBody {
    id: Uuid,
    command_id: Uuid,
    revision: u64,
    user: Uuid,
    /// What they are called; null before it was heard.
    user_name: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// For each parameter its values; null for a secret.
    #[schema(value_type = Object)]
    params: BTreeMap<String, Option<Vec<String>>>,
    /// `ok`, `failed`, `unknown`; null before anybody said so.
    outcome: Option<&'static str>,
    note: String,
}

impl From<Usage> for UsageBody {
    fn from(usage: Usage) -> Self {
        Self {
            id: usage.id.uuid(),
            command_id: usage.command_id.uuid(),
            revision: usage.revision,
            user: usage.user_id.uuid(),
            user_name: usage.user_name,
            at: usage.at,
            params: usage.params,
            outcome: usage.outcome.map(Outcome::as_str),
            note: usage.note,
        }
    }
}

fn read_outcome(word: Option<&str>) -> Result<Option<Outcome>, Error> {
    match word.map(str::parse) {
        None => Ok(None),
        Some(Ok(outcome)) => Ok(Some(outcome)),
        Some(Err(_)) => {
            let text = "outcome must be ok, failed or unknown.";
            Err(vec![wrong("outcome", "bad_outcome", text)].into())
        }
    }
}

/// Tell that one has used a command.
#[utoipa::path(post, path = "/api/c/commands/{command_id}/usages", tag = "commands",
    request_body = UsedBody,
    params(("command_id" = String, Path, description = "The command: its id or its number")),
    responses(
        (status = 201, description = "It is written down", body = UsageBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no role in the repository"),
        (status = 404, description = "No such command or revision"),
        (status = 422, description = "A value of no parameter, or a text that is too long"),
    ))]
pub(super) async fn tell(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(command): Path<String>,
    Json(body): Json<UsedBody>,
) -> Result<impl IntoResponse, Problem> {
    let member = Member::of(&identity)?;
    let used = Used {
        revision: body.revision,
        values: read_values("params", &body.params)?,
        outcome: read_outcome(body.outcome.as_deref())?,
        note: body.note,
    };
    let mut tx = service.begin(context).await?;
    let id = command_id(&mut tx, &command).await?;
    let body = UsageBody::from(use_command_in_tx(&mut tx, member, id, used).await?);
    tx.answer(StatusCode::CREATED, &[], &body)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(body)))
}

/// What narrows uses.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Only where this was the value of a parameter, in small or large letters; never of a secret.
    pub(crate) param_value: String,
    /// Only uses by this account; `me` for one's own.
    pub(crate) user: String,
}

impl Asked {
    pub(crate) fn narrowed(
        &self,
        member: Member,
        command_id: Option<CommandId>,
    ) -> Result<Narrowed, Problem> {
        let user_id = match self.user.as_str() {
            "" => None,
            "me" => Some(member.id),
            id => Some(id.parse().map_err(|_| {
                let text = "user must be the id of an account, or me.";
                Problem::field("bad_user", "user", text)
            })?),
        };
        let value = Some(self.param_value.clone());
        Ok(Narrowed {
            command_id,
            value: value.filter(|value| !value.is_empty()),
            user_id,
        })
    }
}

/// Who used a command, newest first.
#[utoipa::path(get, path = "/api/c/commands/{command_id}/usages", tag = "commands", params(
    Asked,
    ("command_id" = String, Path, description = "The command: its id or its number"),
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The uses; a Link header leads to the next part", body = [UsageBody]),
    (status = 400, description = "bad_limit, bad_cursor or bad_user"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no role in the repository"),
    (status = 404, description = "No such command"),
))]
pub(super) async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(command): Path<String>,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<List<UsageBody>, Problem> {
    let member = Member::of(&identity)?;
    let mut conn = service.read().await?;
    let id = command_id(&mut conn, &command).await?;
    if !store::is_there(&mut conn, id).await? {
        return Err(Error::CommandUnknown.into());
    }
    let narrowed = asked.narrowed(member, Some(id))?;
    let (rows, next) = find(&mut conn, &narrowed, &paging).await?;
    let items = rows.into_iter().map(|row| row.usage.into()).collect();
    Ok(List { items, next })
}

/// A use of any command, with what it was a use of.
#[derive(Serialize, ToSchema)]
pub(super) struct UsageOfCommandBody {
    #[serde(flatten)]
    usage: UsageBody,
    /// The number of the command.
    number: i32,
    #[serde(rename = "howTo")]
    how_to: String,
    /// The name of its platform.
    platform_name: String,
}

impl From<Listed> for UsageOfCommandBody {
    fn from(listed: Listed) -> Self {
        Self {
            usage: listed.usage.into(),
            number: listed.number,
            how_to: listed.how_to,
            platform_name: listed.platform,
        }
    }
}

/// Who used any command, newest first: what was done to `web-1`, with whatever command.
#[utoipa::path(get, path = "/api/c/usages", tag = "commands", params(
    Asked,
    ("limit" = Option<u32>, Query, description = "1 to 200, 50 if not given"),
    ("cursor" = Option<String>, Query, description = "From the Link header of the part before"),
), responses(
    (status = 200, description = "The uses; a Link header leads to the next part", body = [UsageOfCommandBody]),
    (status = 400, description = "bad_limit, bad_cursor or bad_user"),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no role in the repository"),
))]
pub(super) async fn list_all(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<List<UsageOfCommandBody>, Problem> {
    let member = Member::of(&identity)?;
    let narrowed = asked.narrowed(member, None)?;
    let (rows, next) = find(&mut service.read().await?, &narrowed, &paging).await?;
    let items = rows.into_iter().map(UsageOfCommandBody::from).collect();
    Ok(List { items, next })
}

/// A part of the uses, and where the next one is.
pub(crate) async fn find(
    conn: &mut Conn,
    narrowed: &Narrowed,
    paging: &Paging,
) -> Result<(Vec<Listed>, Option<String>), tidings::Error> {
    let rows = store::usages::list(conn, narrowed, paging.after, paging.fetch()).await?;
    Ok(paging.cut(rows, |row| (row.usage.at, row.usage.id.uuid())))
}

/// Say what came of one's own use.
#[utoipa::path(patch, path = "/api/c/commands/{command_id}/usages/{usage_id}", tag = "commands",
    request_body = OutcomeBody,
    params(
        ("command_id" = String, Path, description = "The command: its id or its number"),
        ("usage_id" = Uuid, Path, description = "The use"),
    ),
    responses(
        (status = 200, description = "As it is now", body = UsageBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Somebody else has used it"),
        (status = 404, description = "No such command or use"),
        (status = 422, description = "bad_outcome, text_too_long"),
    ))]
pub(super) async fn tell_outcome(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path((command, usage)): Path<(String, Uuid)>,
    Json(body): Json<OutcomeBody>,
) -> Result<Json<UsageBody>, Problem> {
    let member = Member::of(&identity)?;
    let outcome = read_outcome(body.outcome.as_deref())?;
    let mut tx = service.begin(context).await?;
    let id = command_id(&mut tx, &command).await?;
    let of = (id, UsageId::from(usage));
    let note = body.note.as_deref();
    let usage = tell_outcome_in_tx(&mut tx, member, of, outcome, note).await?;
    tx.commit().await?;
    Ok(Json(usage.into()))
}

/// Keep a command at hand. Doing so again changes nothing.
#[utoipa::path(put, path = "/api/c/commands/{command_id}/favourite", tag = "commands",
    params(("command_id" = String, Path, description = "The command: its id or its number")),
    responses(
        (status = 204, description = "It is at hand"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no role in the repository"),
        (status = 404, description = "No such command"),
    ))]
pub(super) async fn keep_at_hand(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(command): Path<String>,
) -> Result<StatusCode, Problem> {
    let member = Member::of(&identity)?;
    let mut tx = service.begin(context).await?;
    let id = command_id(&mut tx, &command).await?;
    if !store::is_there(&mut tx, id).await? {
        return Err(Error::CommandUnknown.into());
    }
    store::favourites::insert(&mut tx, member.id, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put it away. Doing so again changes nothing.
#[utoipa::path(delete, path = "/api/c/commands/{command_id}/favourite", tag = "commands",
    params(("command_id" = String, Path, description = "The command: its id or its number")),
    responses(
        (status = 204, description = "It is not at hand"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no role in the repository"),
        (status = 404, description = "No such command"),
    ))]
pub(super) async fn put_away(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(command): Path<String>,
) -> Result<StatusCode, Problem> {
    let member = Member::of(&identity)?;
    let mut tx = service.begin(context).await?;
    let id = command_id(&mut tx, &command).await?;
    if !store::is_there(&mut tx, id).await? {
        return Err(Error::CommandUnknown.into());
    }
    store::favourites::delete(&mut tx, member.id, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
