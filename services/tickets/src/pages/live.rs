//! Server-sent events: pages hear that what they show has changed.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use contracts::TicketId;
use futures_util::stream;
use tidings::{Handle, Path, Problem, SignedIn, Timestamp};
use tokio::sync::watch;

use crate::Error;
use crate::store::{self, Pulse, Scope};

/// After this a page must ask anew, and with it whether it still may.
const LASTS: Duration = Duration::from_secs(600);
/// Another process may have changed something, of which nobody tells us.
const POLL: Duration = Duration::from_secs(5);
/// However much is going on, a page looks no more often than this.
const PAUSE: Duration = Duration::from_millis(500);
/// What changes between the making of a page and its first look here would be missed.
const MISSED: Duration = Duration::from_secs(10);
/// Longer than any transaction takes from its time to its commit.
const MARGIN: Duration = Duration::from_secs(60);

/// Follows the market.
pub(super) async fn market(State(service): State<Handle>) -> Result<Response, Problem> {
    follow(service, Scope::Market).await
}

/// Follows one listing.
pub(super) async fn ticket(
    State(service): State<Handle>,
    Path(id): Path<TicketId>,
) -> Result<Response, Problem> {
    let found = store::find(&mut service.read().await?, id).await?;
    found.ok_or(Error::NotFound)?;
    follow(service, Scope::One(id)).await
}

/// Follows the caller's own listings.
pub(super) async fn mine(
    State(service): State<Handle>,
    SignedIn(who): SignedIn,
) -> Result<Response, Problem> {
    follow(service, Scope::Seller(who.user_id.into())).await
}

async fn follow(service: Handle, scope: Scope) -> Result<Response, Problem> {
    let opened = service.now();
    let mut follower = Follower {
        changes: service.changes(),
        scope,
        since: opened.minus(MARGIN),
        until: opened.plus(LASTS),
        seen: None,
        service,
    };
    let first = follower.look().await?;
    let missed = first.last > opened.minus(MISSED);
    let start = (follower, missed);
    let events = stream::unfold(start, |(mut follower, missed)| async move {
        let more = missed || follower.changed().await;
        // All that a page does is fetch itself again; but browsers drop events without data.
        let event = Event::default().event("change").data("again");
        more.then_some((Ok::<_, Infallible>(event), (follower, false)))
    });
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::new())
        .into_response())
}

/// One open page.
struct Follower {
    service: Handle,
    changes: watch::Receiver<u64>,
    scope: Scope,
    since: Timestamp,
    until: Timestamp,
    seen: Option<Pulse>,
}

impl Follower {
    async fn look(&mut self) -> Result<Pulse, tidings::Error> {
        self.changes.mark_unchanged();
        let mut conn = self.service.read().await?;
        let pulse = store::pulse(&mut conn, self.scope, self.since).await?;
        self.seen = Some(pulse);
        Ok(pulse)
    }

    /// Waits for a change; `false` when the stream is to end.
    async fn changed(&mut self) -> bool {
        let clock = self.service.clock().clone();
        loop {
            let looked = clock.now();
            tokio::select! {
                changed = self.changes.changed() => {
                    if changed.is_err() {
                        return false;
                    }
                }
                () = clock.sleep(POLL) => {}
                () = clock.sleep_until(self.until) => return false,
            }
            clock.sleep_until(looked.plus(PAUSE)).await;
            let before = self.seen;
            match self.look().await {
                Ok(pulse) if before != Some(pulse) => return true,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error = %tidings::chain(&error), "a live page is let go");
                    return false;
                }
            }
        }
    }
}
