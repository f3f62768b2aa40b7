//! The feed of a service in the same process.

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::{Feed, FeedPage, Receiver, Standing, Transport};
use crate::handle::Handle;
use crate::{Envelope, Error, Marked, Start, StreamInfo, history, mark, outbox};

/// The feed of a service in the same process, and the transport that needs no broker.
#[derive(Clone)]
pub struct LocalFeed(Handle);

impl LocalFeed {
    /// The feed of this service's streams.
    #[must_use]
    pub fn new(producer: Handle) -> Self {
        Self(producer)
    }

    /// The slots as a list, if they are not all: who shares a stream with others need not
    /// fetch what is theirs.
    fn some_of(&self, stream: &str, cursors: &[(u16, u64)]) -> Option<String> {
        let mut streams = self.0.0.streams.iter();
        let is_all = |info: &StreamInfo| cursors.len() >= usize::from(info.slots);
        if streams.find(|info| info.name == stream).is_none_or(is_all) {
            return None;
        }
        let slots: Vec<String> = cursors.iter().map(|(slot, _)| slot.to_string()).collect();
        // A list of nothing is no list in SQL.
        (!slots.is_empty()).then(|| slots.join(","))
    }
}

impl Feed for LocalFeed {
    fn read<'a>(
        &'a self,
        stream: &'a str,
        slot: u16,
        after: u64,
        limit: u32,
    ) -> BoxFuture<'a, Result<FeedPage, Error>> {
        Box::pin(async move {
            let mut conn = self.0.read().await?;
            let page = history::read_page(&mut conn, stream, slot, after, limit).await?;
            drop(conn);
            self.0.db().wait_synced().await?;
            Ok(page)
        })
    }

    fn heads<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        Box::pin(async move {
            let mut conn = self.0.read().await?;
            let heads = outbox::heads(&mut conn, stream).await?;
            drop(conn);
            self.0.db().wait_synced().await?;
            Ok(heads)
        })
    }

    fn standing<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Standing, Error>> {
        Box::pin(async move {
            let run = Some(self.0.0.run);
            let heads = self.heads(stream).await?;
            Ok(Standing { run, heads })
        })
    }

    fn marks<'a>(
        &'a self,
        stream: &'a str,
        places: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Vec<Marked>, Error>> {
        Box::pin(async move {
            let mut conn = self.0.read().await?;
            mark::of_places(&mut conn, stream, places).await
        })
    }

    fn starts<'a>(
        &'a self,
        stream: &'a str,
        start: Start,
    ) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        Box::pin(async move {
            let mut conn = self.0.read().await?;
            let starts = history::starts(&mut conn, stream, start).await?;
            drop(conn);
            self.0.db().wait_synced().await?;
            Ok(starts)
        })
    }
}

impl Transport for LocalFeed {
    fn open<'a>(
        &'a self,
        stream: &'static str,
        cursors: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Box<dyn Receiver>, Error>> {
        Box::pin(async move {
            let mut conn = self.0.read().await?;
            let position = outbox::position_of(&mut conn, stream, cursors).await?;
            let receiver: Box<dyn Receiver> = Box::new(LocalReceiver {
                producer: self.0.clone(),
                stream,
                slots: self.some_of(stream, cursors),
                position,
                batch: outbox::BATCH_FIRST,
                is_drained: false,
            });
            Ok(receiver)
        })
    }
}

/// Follows the outbox in the order of its numbering, all slots in one query.
struct LocalReceiver {
    producer: Handle,
    stream: &'static str,
    /// Of which slots, if not of all.
    slots: Option<String>,
    position: i64,
    /// Events in the next batch: few when they are large.
    batch: u32,
    is_drained: bool,
}

impl Receiver for LocalReceiver {
    fn receive(&mut self, limit: u32) -> BoxFuture<'_, Result<Vec<Envelope>, Error>> {
        Box::pin(async move {
            let mut conn = self.producer.read().await?;
            let (stream, from) = (self.stream, self.position);
            let batch = self.batch.min(limit);
            let outbox::Page {
                events,
                next,
                is_last,
            } = match &self.slots {
                None => outbox::read_from(&mut conn, stream, from, batch).await?,
                Some(slots) => {
                    outbox::read_slots_from(&mut conn, stream, slots, from, batch).await?
                }
            };
            drop(conn);
            // A reader may see a commit that is not on disk yet; wait with it.
            self.producer.db().wait_synced().await?;
            self.position = next;
            self.is_drained = is_last;
            if !events.is_empty() {
                self.batch = outbox::fitting(&events, limit);
            }
            Ok(events)
        })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.producer.0.published.subscribe()
    }

    fn is_drained(&self) -> bool {
        self.is_drained
    }
}
