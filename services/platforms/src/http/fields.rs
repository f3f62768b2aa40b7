//! The API of custom fields.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tidings::{Handle, Json, Path, Problem, Query, RequestContext, SignedIn, Timestamp};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{seen, tag};
use crate::access::Member;
use crate::actions::{delete_field_in_tx, put_field_in_tx};
use crate::changes::{Action, Changing};
use crate::fields::{CustomField, FieldDraft};
use crate::{Error, store};

pub(super) fn routes() -> OpenApiRouter<Handle> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(show, put, delete))
}

/// A custom field.
#[derive(Debug, Serialize, ToSchema)]
struct FieldBody {
    /// What stands in `custom_fields` of platforms and behind `custom.` in files.
    key: String,
    /// What people read.
    label: String,
    /// `text`, `number`, `date`, `bool`, `choice`, `link`.
    r#type: &'static str,
    /// Whether a platform must have it.
    required: bool,
    /// For `choice`: what can be chosen.
    allowed_values: Vec<String>,
    /// The only kind of platform that has it; null for all.
    applies_to_kind: Option<&'static str>,
    /// Rises by one with every change.
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Since when its values are being taken from the platforms, if it was removed.
    #[schema(value_type = Option<String>, format = DateTime)]
    removed_at: Option<Timestamp>,
}

impl From<CustomField> for FieldBody {
    fn from(field: CustomField) -> Self {
        Self {
            key: field.key,
            label: field.told.label,
            r#type: field.told.kind.as_str(),
            required: field.told.required,
            allowed_values: field.told.allowed_values,
            applies_to_kind: field.told.applies_to_kind.map(|kind| kind.as_str()),
            version: field.version,
            updated_at: field.updated_at,
            removed_at: field.removed_at,
        }
    }
}

/// All custom fields by their keys.
#[utoipa::path(get, path = "/api/platforms/fields", tag = "platforms", responses(
    (status = 200, description = "All custom fields", body = [FieldBody]),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no part in the register"),
))]
async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
) -> Result<Json<Vec<FieldBody>>, Problem> {
    Member::of(&identity)?;
    let fields = store::fields::all(&mut service.read().await?).await?;
    Ok(Json(fields.into_iter().map(FieldBody::from).collect()))
}

/// One custom field.
#[utoipa::path(get, path = "/api/platforms/fields/{key}", tag = "platforms",
    params(("key" = String, Path, description = "Its key")), responses(
    (status = 200, description = "The custom field", body = FieldBody,
        headers(("ETag" = String, description = "Its version, for If-Match"))),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no part in the register"),
    (status = 404, description = "No such custom field"),
))]
async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    Member::of(&identity)?;
    let field = store::fields::find(&mut service.read().await?, &key).await?;
    Ok(answer(StatusCode::OK, field.ok_or(Error::FieldUnknown)?))
}

fn answer(status: StatusCode, field: CustomField) -> Response {
    let headers = [(header::ETAG, tag(field.version))];
    (status, headers, Json(FieldBody::from(field))).into_response()
}

/// Define a custom field, or say something else of it. The same again changes nothing.
#[utoipa::path(put, path = "/api/platforms/fields/{key}", tag = "platforms",
    request_body = FieldDraft,
    params(
        ("key" = String, Path, description = "Small letters, digits and _, a letter first"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read; 412 if it has changed since, 404 if it is gone"),
    ),
    responses(
        (status = 200, description = "It is so now", body = FieldBody),
        (status = 201, description = "It is new", body = FieldBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 400, description = "bad_if_match"),
        (status = 403, description = "Custom fields are for infrastructure and administrators"),
        (status = 404, description = "No such custom field, for who has seen one"),
        (status = 409, description = "field_in_use: platforms have values, which are of the type that it has; field_going"),
        (status = 412, description = "stale_version"),
        (status = 422, description = "bad_key, field_missing, field_too_long, bad_text, bad_type, bad_allowed_values, bad_kind, too_many_fields"),
    ))]
async fn put(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(key): Path<String>,
    headers: HeaderMap,
    Json(draft): Json<FieldDraft>,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?.must_edit()?;
    let changing = Changing::new(service.now(), member.id, Action::Update, &draft.comment);
    let changing = changing.map_err(Error::from)?;
    let seen = seen(&headers)?;
    let mut tx = service.begin(context).await?;
    let (field, is_new) = put_field_in_tx(&mut tx, &changing, &key, &draft, seen).await?;
    tx.commit().await?;
    let status = match is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok(answer(status, field))
}

/// How a custom field is removed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// `true` takes its values from all platforms in use. They stay readable in the history.
    #[serde(default)]
    drop_values: bool,
    /// Why, for the history.
    #[serde(default)]
    comment: String,
}

/// What goes with a custom field.
#[derive(Serialize, ToSchema)]
struct DroppedBody {
    /// How many platforms lose their value in it.
    platforms: u64,
}

/// Remove a custom field, and with `drop_values` what platforms have in it.
#[utoipa::path(delete, path = "/api/platforms/fields/{key}", tag = "platforms",
    params(("key" = String, Path, description = "Its key"), Asked),
    responses(
        (status = 202, description = "It is gone; its values are being taken from the platforms", body = DroppedBody),
        (status = 204, description = "It is gone"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Custom fields are for infrastructure and administrators"),
        (status = 404, description = "No such custom field"),
        (status = 409, description = "field_in_use: platforms have values, and drop_values was not said; field_going"),
    ))]
async fn delete(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(key): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?.must_edit()?;
    let changing = Changing::new(service.now(), member.id, Action::Delete, &asked.comment);
    let changing = changing.map_err(Error::from)?;
    let mut tx = service.begin(context).await?;
    let platforms = delete_field_in_tx(&mut tx, &changing, &key, asked.drop_values).await?;
    tx.commit().await?;
    Ok(match platforms {
        0 => StatusCode::NO_CONTENT.into_response(),
        platforms => (StatusCode::ACCEPTED, Json(DroppedBody { platforms })).into_response(),
    })
}
