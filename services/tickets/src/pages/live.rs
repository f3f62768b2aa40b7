//! When what a page shows has changed.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use contracts::TicketId;
use tidings::{Handle, Path, Problem, Seen, SignedIn, follow};

use crate::Error;
use crate::store::{self, Pulse, Scope};

/// What changes between the making of a page and its first look here would be missed.
const MISSED: Duration = Duration::from_secs(10);
/// Longer than any transaction takes from its time to its commit.
const MARGIN: Duration = Duration::from_secs(60);

/// Follows the market.
pub(super) async fn market(State(service): State<Handle>) -> Result<Response, Problem> {
    follow_all_in(service, Scope::Market).await
}

/// Follows one listing.
pub(super) async fn ticket(
    State(service): State<Handle>,
    Path(id): Path<TicketId>,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    let version = move |service: Handle| async move {
        let found = store::find(&mut service.read().await?, id).await?;
        found.map(|listing| listing.version).ok_or(Error::NotFound)
    };
    // A stream that ends at once would be asked for again and again; a 404 is not.
    version(service.clone()).await?;
    Ok(follow(&service, seen, version))
}

/// Follows the caller's own listings.
pub(super) async fn mine(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
) -> Result<Response, Problem> {
    follow_all_in(service, Scope::Seller(who.user_id.into())).await
}

async fn follow_all_in(service: Handle, scope: Scope) -> Result<Response, Problem> {
    let opened = service.now();
    let pulse = move |service: Handle| async move {
        let mut conn = service.read().await?;
        store::pulse(&mut conn, scope, opened.minus(MARGIN)).await
    };
    let first: Pulse = pulse(service.clone()).await?;
    // Whatever has changed just now may not be on the page yet.
    let is_fresh = first.last <= opened.minus(MISSED);
    let seen = if is_fresh { first } else { Pulse::NONE };
    Ok(follow(&service, Some(seen), pulse))
}
