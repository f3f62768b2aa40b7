//! When what a page shows has changed.

use axum::extract::State;
use axum::response::Response;
use contracts::UserId;
use contracts::calendar::{BillingDay, Calendar};
use tidings::{Error, Handle, Path, Problem, Seen, SignedIn, Uuid, follow};

use crate::access;
use crate::store;

/// Follows one's own account.
pub(super) async fn mine(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    access::exchange(&identity)?;
    Ok(follow_account(&service, identity.user_id.into(), seen))
}

/// Follows somebody's account. Roles are asked for again when the stream is opened anew, every
/// ten minutes.
pub(super) async fn account(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Path(id): Path<Uuid>,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    access::account(&identity, id.into())?;
    Ok(follow_account(&service, id.into(), seen))
}

fn follow_account(service: &Handle, account_id: UserId, shown: Option<u64>) -> Response {
    follow(service, shown, move |service: Handle| async move {
        let today = today(&service)?;
        let revision = store::revision_of(&mut service.read().await?, account_id).await?;
        Ok::<_, Error>(today.seen(revision))
    })
}

/// Follows all books.
pub(super) async fn books(
    State(service): State<Handle>,
    SignedIn(identity): SignedIn,
    Seen(shown): Seen,
) -> Result<Response, Problem> {
    access::books(&identity)?;
    Ok(follow(&service, shown, move |service: Handle| async move {
        let today = today(&service)?;
        let revision = store::revision(&mut service.read().await?).await?;
        Ok::<_, Error>(today.seen(revision))
    }))
}

fn today(service: &Handle) -> Result<BillingDay, Error> {
    Ok(service.resource::<Calendar>()?.day_of(service.now()))
}
