//! A page of a feed: what is there now, or what comes while somebody waits.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Feed, LocalFeed};
use crate::handle::Handle;
use crate::{
    CLOUDEVENT_BATCH, Envelope, Error, EventId, Problem, Start, StreamInfo, history, outbox,
};

/// Up to which sequence a slot's page is complete.
pub(super) const COVERED: HeaderName = HeaderName::from_static("tidings-covered");
/// Up to which sequence the events of a slot were deleted because of their age.
pub(super) const GONE: HeaderName = HeaderName::from_static("tidings-gone");
/// Where the next page of the whole stream begins.
pub(super) const POSITION: HeaderName = HeaderName::from_static("tidings-position");

/// A page of large events ends here, so that nobody has to hold a thousand of them.
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// Another process may have published, of which nobody tells us.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where somebody reads.
pub(super) enum Place {
    Slot { slot: u16, after: u64 },
    Stream { position: i64 },
}

/// Events, and where the next page begins.
pub(super) struct Page {
    events: Vec<Envelope>,
    end: Place,
    covered: u64,
    gone: u64,
}

/// The page at a place; if it is empty, waits for events until the patience is at its end,
/// the process stops, or the caller hangs up.
pub(super) async fn read(
    service: &Handle,
    stream: &StreamInfo,
    from: Place,
    limit: u32,
    patience: Duration,
) -> Result<Page, Problem> {
    let until = service.now().plus(patience);
    let serving = &service.0.feeds;
    let mut published = service.0.published.subscribe();
    let mut waits = None;
    let mut from = from;
    loop {
        // Marked before the look, so that what is published after it is a reason to look again.
        published.mark_unchanged();
        let page = look(service, stream.name, &from, limit).await?;
        let left = until.since(service.now());
        if !page.events.is_empty() || left.is_zero() || serving.is_stopping() {
            return Ok(page);
        }
        from = page.end;
        if waits.is_none() {
            waits = Some(serving.place()?);
        }
        tokio::select! {
            // The service is at hand, so its sender is, too.
            _ = published.changed() => {}
            () = service.clock().sleep(left.min(LOOK_EVERY)) => {}
            () = serving.stopping() => {}
        }
    }
}

async fn look(
    service: &Handle,
    stream: &'static str,
    from: &Place,
    limit: u32,
) -> Result<Page, Error> {
    let page = look_at(service, stream, from, limit).await?;
    let fits = fitting(&page.events);
    match u32::try_from(fits) {
        // Read again rather than cut: the page knows itself where it ends.
        Ok(fewer) if fits < page.events.len() => look_at(service, stream, from, fewer).await,
        _ => Ok(page),
    }
}

async fn look_at(
    service: &Handle,
    stream: &'static str,
    from: &Place,
    limit: u32,
) -> Result<Page, Error> {
    match *from {
        Place::Slot { slot, after } => {
            let feed = LocalFeed::new(service.clone());
            let page = feed.read(stream, slot, after, limit).await?;
            Ok(Page {
                events: page.events,
                end: Place::Slot { slot, after },
                covered: page.covered,
                gone: page.gone,
            })
        }
        Place::Stream { position } => {
            let mut conn = service.read().await?;
            let page = outbox::read_from(&mut conn, stream, position, limit).await?;
            drop(conn);
            // A reader may see a commit that is not on disk yet; wait with it.
            service.db().wait_synced().await?;
            Ok(Page {
                events: page.events,
                end: Place::Stream {
                    position: page.next,
                },
                covered: 0,
                gone: 0,
            })
        }
    }
}

/// How many of the events make a page; one at least.
fn fitting(events: &[Envelope]) -> usize {
    let mut bytes = 0;
    let fits = events.iter().take_while(|event| {
        bytes += event.data.len();
        bytes <= BYTES_MAX
    });
    fits.count().max(1)
}

/// Refuses to go on after an event when something would be passed over in silence.
///
/// The stream has not had the event yet: its database has gone back in time, and what comes now
/// under the numbers that the reader has seen would be taken for seen. Or what comes after the
/// event in its slot was deleted because of its age.
pub(super) async fn check_nothing_lost(service: &Handle, last: &EventId) -> Result<(), Problem> {
    let EventId { stream, slot, .. } = last;
    let mut conn = service.read().await?;
    let head = outbox::head(&mut conn, stream, *slot).await?;
    if last.sequence > head {
        let text = format!(
            "The last event of slot {slot} is {head}: {last} does not exist, or does not exist \
             any more. Has the producer's database been restored?"
        );
        return Err(Problem::conflict("ahead_of_stream", text));
    }
    let floors = history::starts(&mut conn, stream, Start::Beginning).await?;
    let gone = floors.iter().find(|(of, _)| of == slot);
    match gone {
        Some((_, gone)) if last.sequence < *gone => {
            let text = format!(
                "What comes after {last} in its slot was deleted up to {gone} because of its age. \
                 Without lastEventId the stream begins with what there is."
            );
            Err(Problem::new(StatusCode::GONE, "events_gone", text))
        }
        _ => Ok(()),
    }
}

/// Refuses a page of the whole stream to somebody who has missed events before it: some behind
/// the place up to which it has read were deleted because of their age, in whatever slot.
///
/// Asked after the page was read, because they may be deleted in between.
pub(super) async fn check_nothing_gone(
    service: &Handle,
    stream: &str,
    seen: i64,
) -> Result<(), Problem> {
    let mut conn = service.read().await?;
    let gone = history::gone_position(&mut conn, stream).await?;
    if seen >= gone {
        return Ok(());
    }
    let text = format!(
        "Of what comes after position {seen} events were deleted up to position {gone} because of \
         their age. Without lastEventId and position the stream begins with what there is."
    );
    Err(Problem::new(StatusCode::GONE, "events_gone", text))
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let body = match Envelope::to_cloudevents(&self.events) {
            Ok(body) => body,
            Err(error) => {
                let first = self.events.first().map(|event| event.id.to_string());
                tracing::error!(%error, first, "a page of events cannot be written");
                return Problem::internal().into_response();
            }
        };
        let mut response = body.into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static(CLOUDEVENT_BATCH);
        headers.insert(header::CONTENT_TYPE, kind);
        // Not even a full page may be kept: compaction takes events out of it.
        let no_store = HeaderValue::from_static("no-store");
        headers.insert(header::CACHE_CONTROL, no_store);
        match self.end {
            Place::Slot { .. } => {
                headers.insert(COVERED, self.covered.into());
                headers.insert(GONE, self.gone.into());
            }
            Place::Stream { position } => {
                headers.insert(POSITION, position.into());
            }
        }
        response
    }
}
