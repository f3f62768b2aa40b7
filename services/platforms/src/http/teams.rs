//! The API of teams.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use tidings::{Handle, Json, Path, Problem, RequestContext, SignedIn, Timestamp, Uuid};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{seen, tag};
use crate::access::Member;
use crate::actions::{create_team_in_tx, delete_team_in_tx, edit_team_in_tx};
use crate::changes::{Action, Changing};
use crate::store;
use crate::team::{Team, TeamEdit};

pub(super) fn routes() -> OpenApiRouter<Handle> {
    OpenApiRouter::default()
        .routes(routes!(create, list))
        .routes(routes!(edit, delete))
}

/// A team.
#[derive(Debug, Serialize, ToSchema)]
struct TeamBody {
    id: Uuid,
    name: String,
    /// `infra`, `support`, `engineering`, `accounting`, `other`.
    kind: &'static str,
    /// Where notices to it go; empty for nowhere.
    email: String,
    /// How many platforms in use belong to it.
    platforms: u64,
    /// Rises by one with every change; in quotation marks, what `If-Match` takes.
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl TeamBody {
    fn of(team: Team, platforms: u64) -> Self {
        Self {
            id: team.id.uuid(),
            name: team.told.name,
            kind: team.told.kind.as_str(),
            email: team.told.email,
            platforms,
            version: team.version,
            updated_at: team.updated_at,
        }
    }
}

/// All teams by their names.
#[utoipa::path(get, path = "/api/platforms/teams", tag = "platforms", responses(
    (status = 200, description = "All teams", body = [TeamBody]),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "The account has no part in the register"),
))]
async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
) -> Result<Json<Vec<TeamBody>>, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let teams = store::teams::all(&mut conn).await?;
    let counts = store::teams::counts(&mut conn).await?;
    let many = |team: &Team| counts.get(&team.id).copied().unwrap_or(0);
    let bodies = teams.into_iter().map(|team| {
        let platforms = many(&team);
        TeamBody::of(team, platforms)
    });
    Ok(Json(bodies.collect()))
}

/// Add a team.
#[utoipa::path(post, path = "/api/platforms/teams", tag = "platforms", request_body = TeamEdit,
    responses(
        (status = 201, description = "Added", body = TeamBody,
            headers(("Location" = String, description = "Where the team is"), ("ETag" = String, description = "Its version"))),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Teams are for infrastructure and administrators"),
        (status = 409, description = "team_exists: another one has this name"),
        (status = 422, description = "field_missing, field_too_long, bad_text, bad_kind, bad_email"),
    ))]
async fn create(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Json(edit): Json<TeamEdit>,
) -> Result<impl IntoResponse, Problem> {
    let member = Member::of(&identity)?.must_edit()?;
    let mut tx = service.begin(context).await?;
    let changing = changing(&service, member, Action::Create, &edit)?;
    let team = create_team_in_tx(&mut tx, &changing, &edit).await?;
    let headers = [
        (
            header::LOCATION,
            format!("/api/platforms/teams/{}", team.id),
        ),
        (header::ETAG, tag(team.version)),
    ];
    let body = TeamBody::of(team, 0);
    tx.answer(StatusCode::CREATED, &headers, &body)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, headers, Json(body)))
}

/// Change a team; what is left out stays.
#[utoipa::path(patch, path = "/api/platforms/teams/{id}", tag = "platforms",
    request_body = TeamEdit,
    params(
        ("id" = Uuid, Path, description = "The team"),
        ("If-Match" = Option<String>, Header, description = "The version that was read; 412 if it has changed since"),
    ),
    responses(
        (status = 200, description = "The team as it is now", body = TeamBody,
            headers(("ETag" = String, description = "Its version"))),
        (status = 400, description = "bad_if_match"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Teams are for infrastructure and administrators"),
        (status = 404, description = "No such team"),
        (status = 409, description = "team_exists: another one has this name"),
        (status = 412, description = "stale_version"),
        (status = 422, description = "field_missing, field_too_long, bad_text, bad_kind, bad_email"),
    ))]
async fn edit(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(edit): Json<TeamEdit>,
) -> Result<impl IntoResponse, Problem> {
    let member = Member::of(&identity)?.must_edit()?;
    let changing = changing(&service, member, Action::Update, &edit)?;
    let seen = seen(&headers)?;
    let mut tx = service.begin(context).await?;
    let team = edit_team_in_tx(&mut tx, &changing, id.into(), &edit, seen).await?;
    let counts = store::teams::counts(&mut tx).await?;
    tx.commit().await?;
    let platforms = counts.get(&team.id).copied().unwrap_or(0);
    let headers = [(header::ETAG, tag(team.version))];
    Ok((headers, Json(TeamBody::of(team, platforms))))
}

/// Remove a team that has nothing any more.
#[utoipa::path(delete, path = "/api/platforms/teams/{id}", tag = "platforms",
    params(("id" = Uuid, Path, description = "The team")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Teams are for infrastructure and administrators"),
        (status = 404, description = "No such team"),
        (status = 409, description = "team_owns: platforms or open reviews are still its own"),
    ))]
async fn delete(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    let member = Member::of(&identity)?.must_edit()?;
    let changing = changing(&service, member, Action::Delete, &TeamEdit::default())?;
    let mut tx = service.begin(context).await?;
    delete_team_in_tx(&mut tx, &changing, id.into()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn changing(
    service: &Handle,
    member: Member,
    action: Action,
    edit: &TeamEdit,
) -> Result<Changing, crate::Error> {
    let comment = edit.comment.as_deref().unwrap_or_default();
    Ok(Changing::new(service.now(), member.id, action, comment)?)
}
