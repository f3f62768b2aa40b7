//! Tells an open console that something has changed.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::future::select_all;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use tokio::sync::watch;

use super::operator::Operator;
use crate::Gateway;

/// A busy installation commits all the time; nobody reads faster than this.
const PAUSE: Duration = Duration::from_secs(1);
/// Then the browser connects again, and the role is looked at again (SEC-27).
const OPEN_MOST: Duration = Duration::from_secs(600);
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(crate) async fn changes(
    _: Operator,
    State(gateway): State<Gateway>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let handles = gateway.installation().handles();
    let watched: Vec<watch::Receiver<u64>> = handles.iter().map(tidings::Handle::changes).collect();
    let clock = gateway.0.clock.clone();
    let end = clock.now().plus(OPEN_MOST);
    let closing = clock.clone();
    let events = stream::unfold(watched, move |mut watched| {
        let clock = clock.clone();
        async move {
            any_change(&mut watched).await;
            clock.sleep(PAUSE).await;
            for one in &mut watched {
                one.borrow_and_update();
            }
            Some((Ok(Event::default().event("change").data("1")), watched))
        }
    });
    let events = events.take_until(async move { closing.sleep_until(end).await }.boxed());
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// Waits for a commit of any service; for ever, when there is nobody left to commit.
async fn any_change(watched: &mut [watch::Receiver<u64>]) {
    if !watched.is_empty() {
        let changes = watched.iter_mut().map(|one| one.changed().boxed());
        if let (Ok(()), ..) = select_all(changes).await {
            return;
        }
    }
    std::future::pending().await
}
