//! Live pages: server-sent events that say when a page is out of date.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::future::select_all;
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::watch;

use super::{Problem, Query};
use crate::{Clock, Handle, Timestamp};

/// However much is going on, nobody reads faster than this.
const PAUSE: Duration = Duration::from_millis(500);
/// Another process may have written, of which nobody tells us.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Proxies take a longer silence for a lost connection.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// Then the browser comes back, and its rights are checked again.
const LIFE: Duration = Duration::from_secs(600);

/// The revision that a page shows, as its stream's address says it: `?seen=`.
///
/// What changes between the making of a page and the opening of its stream would be missed
/// without it.
#[derive(Clone, Copy, Debug)]
pub struct Seen(pub Option<u64>);

#[derive(Deserialize)]
struct Asked {
    seen: Option<u64>,
}

impl<S: Send + Sync> FromRequestParts<S> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(Asked { seen }) = Query::from_request_parts(parts, state).await?;
        Ok(Self(seen))
    }
}

/// Follows what a page shows: sends the event `change` whenever `revision` gives something
/// else than was `seen`. With nothing seen, the first answer is what the page shows.
///
/// `revision` is cheap (one indexed read) and differs whenever the page would; it is asked
/// after commits of the service, at most twice a second, and every ten seconds in any case,
/// because another process may have written. It checks rights as well, if what is shown is
/// not for everybody: a page that may no longer be read is let go.
///
/// ```
/// use axum::extract::State;
/// use axum::response::Response;
/// use tidings::{Error, Handle, Seen, follow};
///
/// async fn live(State(service): State<Handle>, Seen(seen): Seen) -> Response {
///     follow(&service, seen, async |service| {
///         let sql = "SELECT count(*) FROM orders";
///         let (count,): (u64,) = service.read().await?.query_one(sql, &[]).await?;
///         Ok::<_, Error>(count)
///     })
/// }
/// ```
///
/// Nothing is kept for a page that is away: it asks again with what it has seen. A comment
/// every fifteen seconds keeps the connection open. The stream ends after ten minutes, so that
/// the browser asks anew and with it whether it still may, and at the first error of
/// `revision`, which is logged.
pub fn follow<R, E, F, Fut>(service: &Handle, seen: Option<R>, mut revision: F) -> Response
where
    R: PartialEq + Send + 'static,
    E: std::error::Error + 'static,
    F: FnMut(Handle) -> Fut + Send + 'static,
    Fut: Future<Output = Result<R, E>> + Send + 'static,
{
    let own = service.clone();
    let revision = move || revision(own.clone());
    follow_all(
        std::slice::from_ref(service),
        service.clock(),
        seen,
        revision,
    )
}

/// Follows what several services hold, as [`follow`] does: a commit of any of them is a
/// reason to look.
pub fn follow_all<R, E, F, Fut>(
    services: &[Handle],
    clock: &Clock,
    seen: Option<R>,
    revision: F,
) -> Response
where
    R: PartialEq + Send + 'static,
    E: std::error::Error + 'static,
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output = Result<R, E>> + Send + 'static,
{
    let follower = Follower {
        changes: services.iter().map(Handle::changes).collect(),
        clock: clock.clone(),
        spoke: clock.now(),
        looked: None,
        ends_at: clock.now().plus(LIFE),
        seen,
        revision,
    };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Sse::new(events).into_response()
}

/// One open page.
struct Follower<R, F> {
    changes: Vec<watch::Receiver<u64>>,
    clock: Clock,
    /// When something was sent last.
    spoke: Timestamp,
    /// When it has looked last.
    looked: Option<Timestamp>,
    ends_at: Timestamp,
    seen: Option<R>,
    revision: F,
}

impl<R, E, F, Fut> Follower<R, F>
where
    R: PartialEq,
    E: std::error::Error + 'static,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<R, E>>,
{
    /// The next thing to send; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        let comment_at = self.spoke.plus(COMMENT_EVERY);
        loop {
            self.reason_to_look(comment_at).await;
            let now = self.clock.now();
            if now >= self.ends_at {
                return None;
            }
            self.looked = Some(now);
            // Marked before the look, so that a commit after it is a reason to look again.
            for one in &mut self.changes {
                one.mark_unchanged();
            }
            let revision = match (self.revision)().await {
                Ok(revision) => revision,
                Err(error) => {
                    tracing::warn!(error = %crate::chain(&error), "a live page is let go");
                    return None;
                }
            };
            let is_new = self.seen.as_ref().is_some_and(|seen| *seen != revision);
            self.seen = Some(revision);
            let event = Event::default();
            let event = if is_new {
                // All that a page does is fetch itself again, but browsers drop events
                // without data.
                event.event("change").data("again")
            } else if now >= comment_at {
                event.comment("still here")
            } else {
                continue;
            };
            self.spoke = now;
            return Some(event);
        }
    }

    /// Waits for a commit or for time to pass; the first look needs no reason.
    async fn reason_to_look(&mut self, comment_at: Timestamp) {
        let Some(looked) = self.looked else {
            return;
        };
        let due = comment_at.min(looked.plus(LOOK_EVERY)).min(self.ends_at);
        tokio::select! {
            () = any_change(&mut self.changes) => {
                self.clock.sleep_until(looked.plus(PAUSE)).await;
            }
            () = self.clock.sleep_until(due) => {}
        }
    }
}

/// Waits for a commit of any service; for ever, when nobody is left to commit.
async fn any_change(changes: &mut [watch::Receiver<u64>]) {
    if !changes.is_empty() {
        let commits = changes.iter_mut().map(|one| Box::pin(one.changed()));
        if let (Ok(()), ..) = select_all(commits).await {
            return;
        }
    }
    pending().await
}

#[cfg(test)]
mod tests;
