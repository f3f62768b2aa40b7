//! When what the page shows has changed.

use axum::extract::State;
use axum::response::Response;
use contracts::calendar::Calendar;
use tidings::{Error, Handle, Seen, follow};

use crate::access::Admin;
use crate::store;

/// Follows all figures. Roles are asked for again when the stream is opened anew, every ten
/// minutes.
pub(super) async fn figures(
    State(service): State<Handle>,
    _: Admin,
    Seen(shown): Seen,
) -> Response {
    follow(&service, shown, seen)
}

/// What a page has seen that is made now. It is read before the rest of the page: a change in
/// between is then told once too often, not missed.
pub(super) async fn seen(service: Handle) -> Result<u64, Error> {
    let today = service.resource::<Calendar>()?.day_of(service.now());
    let revision = store::revision(&mut service.read().await?).await?;
    Ok(today.seen(revision))
}
