//! The API of shuffles: asked for here, followed here or as an operation.

use axum::extract::State;
use tidings::{Accepted, Handle, Json, Path, Problem, RequestContext, SignedIn, Uuid};

use super::wire::ShuffleBody;
use crate::access::Member;
use crate::actions::request_shuffle_in_tx;
use crate::shuffle::as_it_stands;
use crate::{Error, store};

/// How many of the last ones are listed.
const LISTED: u32 = 50;

/// Have all open tasks dealt anew.
#[utoipa::path(post, path = "/api/tasks/shuffle", tag = "tasks", responses(
    (status = 202, description = "It is queued behind those before it; the operation at Location and /api/tasks/shuffles/{job_id} say how far it is",
        headers(("Location" = String, description = "Where the operation is"),
            ("Retry-After" = u32, description = "When to ask for the first time"))),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "Only managers and admins deal"),
))]
pub(super) async fn request(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    RequestContext(context): RequestContext,
) -> Result<Accepted, Problem> {
    let member = Member::of(&identity)?.must_deal()?;
    let mut tx = service.begin(context).await?;
    let accepted = request_shuffle_in_tx(&mut tx, member.id).await?;
    tx.commit().await?;
    Ok(accepted)
}

/// The last shuffles, newest first.
#[utoipa::path(get, path = "/api/tasks/shuffles", tag = "tasks", responses(
    (status = 200, description = "The last fifty", body = [ShuffleBody]),
    (status = 401, description = "Nobody has signed in"),
    (status = 403, description = "Only managers and admins deal"),
))]
pub(super) async fn list(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
) -> Result<Json<Vec<ShuffleBody>>, Problem> {
    Member::of(&identity)?.must_deal()?;
    let last = store::shuffles::last(&mut service.read().await?, LISTED).await?;
    let mut list = Vec::new();
    for shuffle in last {
        list.push(as_it_stands(&service, shuffle).await?.into());
    }
    Ok(Json(list))
}

/// How far a shuffle is.
#[utoipa::path(get, path = "/api/tasks/shuffles/{id}", tag = "tasks",
    params(("id" = Uuid, Path, description = "The shuffle: the job_id of its answer")),
    responses(
        (status = 200, description = "The shuffle", body = ShuffleBody),
        (status = 401, description = "Nobody has signed in"),
        (status = 403, description = "Only managers and admins deal"),
        (status = 404, description = "No such shuffle"),
    ))]
pub(super) async fn show(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Json<ShuffleBody>, Problem> {
    Member::of(&identity)?.must_deal()?;
    let found = store::shuffles::find(&mut service.read().await?, id.into()).await?;
    let shuffle = found.ok_or(Error::ShuffleUnknown)?;
    Ok(Json(as_it_stands(&service, shuffle).await?.into()))
}
