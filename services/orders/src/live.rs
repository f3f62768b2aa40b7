//! Tells a page by server-sent events when what it shows has changed.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use tidings::{Handle, Timestamp};
use tokio::sync::watch;

use crate::Error;

/// A comment goes out at least so often, so that nobody on the way takes the silence for
/// a lost connection. It is also how soon a change by another process is seen.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The browser comes back after this, and its rights are checked again.
const LIFE: Duration = Duration::from_secs(600);

/// What the page shows already: `?seen=`. A change between the page and the opening of
/// its stream would be missed without it.
#[derive(Deserialize)]
pub(crate) struct Seen {
    seen: Option<u64>,
}

struct Following<F> {
    service: Handle,
    changes: watch::Receiver<u64>,
    seen: Option<u64>,
    ends_at: Timestamp,
    revision: F,
}

/// Sends `change` whenever `revision` gives something that was not seen.
pub(crate) fn follow<F, Fut>(
    service: Handle,
    Seen { seen }: Seen,
    revision: F,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
where
    F: Fn(Handle) -> Fut + Send + 'static,
    Fut: Future<Output = Result<u64, Error>> + Send,
{
    let following = Following {
        changes: service.changes(),
        ends_at: service.now().plus(LIFE),
        service,
        seen,
        revision,
    };
    Sse::new(stream::unfold(following, |mut following| async move {
        let event = following.next().await?;
        Some((Ok(event), following))
    }))
}

impl<F, Fut> Following<F>
where
    F: Fn(Handle) -> Fut,
    Fut: Future<Output = Result<u64, Error>>,
{
    /// The next thing to send; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        let clock = self.service.clock().clone();
        let comment_at = clock.now().plus(KEEP_ALIVE);
        loop {
            // Marked before the look, so that a change after it wakes us again.
            self.changes.borrow_and_update();
            let now = match (self.revision)(self.service.clone()).await {
                Ok(revision) => revision,
                Err(error) => {
                    tracing::info!(error = %tidings::chain(&error), "a live page is let go");
                    return None;
                }
            };
            if self.seen.replace(now).is_some_and(|seen| seen != now) {
                return Some(Event::default().event("change").data(now.to_string()));
            }
            if clock.now() >= self.ends_at {
                return None;
            }
            if clock.now() >= comment_at {
                return Some(Event::default().comment("still here"));
            }
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                () = clock.sleep_until(comment_at) => {}
            }
        }
    }
}
