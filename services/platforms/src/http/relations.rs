//! The API of relations.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use contracts::PlatformId;
use serde::{Deserialize, Serialize};
use tidings::{Conn, Handle, Json, Path, Problem, RequestContext, SignedIn, Uuid};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{addressed, seen, tag};
use crate::access::Member;
use crate::actions::put_relations_in_tx;
use crate::relation::RelationDraft;
use crate::store::relations::Related;
use crate::{Error, store};

pub(super) fn routes() -> OpenApiRouter<Handle> {
    OpenApiRouter::default().routes(routes!(show, put))
}

/// What a platform is to others, and others to it.
#[derive(Debug, Serialize, ToSchema)]
struct RelationsBody {
    /// Its own.
    relations: Vec<RelatedBody>,
    /// Those of others to it: the first by type and name, where there are very many.
    incoming: Vec<RelatedBody>,
    /// Whether there are more of these.
    incoming_cut: bool,
    /// Rises by one whenever its own change; the `ETag`.
    version: u64,
}

/// The other end of a relation.
#[derive(Debug, Serialize, ToSchema)]
struct RelatedBody {
    /// `depends_on`, `part_of`, `replaced_by`: from the one that has it to the other.
    r#type: &'static str,
    /// The other platform.
    platform_id: Uuid,
    number: i32,
    name: String,
    publisher: String,
    lifecycle: &'static str,
}

impl From<Related> for RelatedBody {
    fn from(related: Related) -> Self {
        Self {
            r#type: related.kind.as_str(),
            platform_id: related.platform_id.uuid(),
            number: related.number,
            name: related.name,
            publisher: related.publisher,
            lifecycle: related.lifecycle.as_str(),
        }
    }
}

/// All relations that a platform shall have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RelationsDraft {
    relations: Vec<RelationDraft>,
    /// Why, for the history.
    #[serde(default)]
    #[schema(max_length = 200)]
    comment: String,
}

async fn shown(conn: &mut Conn, id: PlatformId) -> Result<Response, Error> {
    let version = store::relations::version(conn, id).await?;
    let (all, incoming_cut) = store::relations::of(conn, id).await?;
    let (own, incoming): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.outgoing);
    let body = RelationsBody {
        relations: own.into_iter().map(RelatedBody::from).collect(),
        incoming: incoming.into_iter().map(RelatedBody::from).collect(),
        incoming_cut,
        version,
    };
    let tag = [(header::ETAG, tag(version))];
    Ok((tag, Json(body)).into_response())
}

/// What a platform is to others, and others to it.
#[utoipa::path(get, path = "/api/platforms/{id}/relations", tag = "platforms",
    params(("id" = String, Path, description = "The platform's id or number")),
    responses(
        (status = 200, description = "Its relations", body = RelationsBody,
            headers(("ETag" = String, description = "The version of its own"))),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "The account has no part in the register"),
        (status = 404, description = "No such platform"),
    ))]
async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Member::of(&identity)?;
    let mut conn = service.read().await?;
    let id = addressed(&mut conn, &id).await?;
    Ok(shown(&mut conn, id).await?)
}

/// Replace all relations of a platform. The same again changes nothing.
#[utoipa::path(put, path = "/api/platforms/{id}/relations", tag = "platforms",
    request_body = RelationsDraft,
    params(
        ("id" = String, Path, description = "The platform's id or number"),
        ("If-Match" = Option<String>, Header, description = "The ETag that was read; 412 if they have changed since"),
    ),
    responses(
        (status = 200, description = "They are so now", body = RelationsBody,
            headers(("ETag" = String, description = "The version of its own"))),
        (status = 400, description = "bad_if_match"),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Relations are for infrastructure and administrators, and those of a proposal for whoever proposed it"),
        (status = 404, description = "No such platform"),
        (status = 409, description = "platform_archived, platform_retired"),
        (status = 412, description = "stale_version: they have changed since"),
        (status = 422, description = "relation_self, relation_unknown, relation_archived, relation_circle, bad_relation_type, too_many_relations"),
    ))]
async fn put(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(draft): Json<RelationsDraft>,
) -> Result<Response, Problem> {
    let member = Member::of(&identity)?.must_relate()?;
    let mut tx = service.begin(context).await?;
    let id = addressed(&mut tx, &id).await?;
    let (relations, comment, seen) = (&draft.relations, &draft.comment, seen(&headers)?);
    put_relations_in_tx(&mut tx, member, comment, id, relations, seen).await?;
    let shown = shown(&mut tx, id).await?;
    tx.commit().await?;
    Ok(shown)
}
