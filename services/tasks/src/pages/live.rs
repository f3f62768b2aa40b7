//! When what a page shows has changed.

use axum::extract::State;
use axum::response::Response;
use tidings::{Handle, Path, Problem, Seen, SignedIn, Uuid, follow};

use crate::Error;
use crate::access::Member;
use crate::store::pulse;

/// Follows the caller's own tasks.
pub(super) async fn mine(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let look = move |service: Handle| async move {
        pulse::of_person(&mut service.read().await?, member.id).await
    };
    Ok(follow(&service, seen, look))
}

/// Follows one task, for as long as the caller may read it.
pub(super) async fn task(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    let member = Member::of(&who)?;
    let look = move |service: Handle| async move {
        let mut conn = service.read().await?;
        member.task(&mut conn, id.into()).await?;
        Ok::<_, Error>(pulse::of_task(&mut conn, id.into()).await?)
    };
    // A stream that ends at once would be asked for again and again; a refusal is not.
    look(service.clone()).await?;
    Ok(follow(&service, seen, look))
}

/// Follows everything.
pub(super) async fn team(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    Member::of(&who)?.must_deal()?;
    let look = |service: Handle| async move { pulse::of_all(&mut service.read().await?).await };
    Ok(follow(&service, seen, look))
}
