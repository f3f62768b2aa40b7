//! Reading somebody's outbox, and what may bring it nearer.
//!
//! - `routes.rs`, `asked.rs`, `page.rs`, `access.rs`, `serving.rs`: the feed over HTTP, for
//!   programs in any language;
//! - `local.rs`: the feed of a service in the same process;
//! - `accept.rs`, `outside.rs`: events that they publish;
//! - `http.rs`, `answer.rs`, `follow.rs`: following such a feed from another process.

mod accept;
mod access;
mod answer;
mod asked;
mod follow;
mod http;
mod local;
mod outside;
mod page;
mod routes;
mod serving;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::{Envelope, Error, Marked, Start, StreamInfo, Timestamp};

/// Events in one page of a feed that is read through.
const PAGE: u32 = 1000;

pub(crate) use accept::{Acceptor, refuse_unwritten};
pub use follow::HttpTransport;
pub use http::HttpFeed;
pub(crate) use http::of_service;
pub use local::LocalFeed;
pub(crate) use routes::{routes, routes_of_none};
pub(crate) use serving::Serving;

/// A part of one slot of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPage {
    /// The events, in order.
    pub events: Vec<Envelope>,
    /// Up to which sequence the page is complete: numbers up to it that are not
    /// among the events will never come.
    pub covered: u64,
    /// Up to which sequence the producer has deleted the events of the slot because of their
    /// age. A reader that has not applied them does not get them any more, and must not pass
    /// over them in silence.
    pub gone: u64,
}

/// What a producer says of a stream at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which run of the producer says so: another number after every start of it. A reader that
    /// meets a new one makes sure that it still has the same past. `None` when it is not known.
    pub run: Option<u64>,
    /// The last number of every slot that has any.
    pub heads: Vec<(u16, u64)>,
}

/// The truth about a stream: its producer's outbox.
///
/// Only what is on the producer's disk is ever shown, so a subscriber cannot be
/// ahead of a producer that lost power.
pub trait Feed: Send + Sync {
    /// Events of one slot after a sequence.
    ///
    /// # Errors
    /// When the producer cannot be reached; try again.
    fn read<'a>(
        &'a self,
        stream: &'a str,
        slot: u16,
        after: u64,
        limit: u32,
    ) -> BoxFuture<'a, Result<FeedPage, Error>>;

    /// The last number of every slot that has any.
    ///
    /// # Errors
    /// When the producer cannot be reached; try again.
    fn heads<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>>;

    /// The heads, and which run of the producer tells them. By itself it knows of no run.
    ///
    /// # Errors
    /// When the producer cannot be reached; try again.
    fn standing<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Standing, Error>> {
        Box::pin(async move {
            let heads = self.heads(stream).await?;
            Ok(Standing { run: None, heads })
        })
    }

    /// The [marks](Envelope::mark) of the events at these places, each a slot and a number;
    /// events that the producer does not have, or no longer, are left out. By itself it reads
    /// them one by one.
    ///
    /// # Errors
    /// When the producer cannot be reached; try again.
    fn marks<'a>(
        &'a self,
        stream: &'a str,
        places: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Vec<Marked>, Error>> {
        Box::pin(async move {
            let mut marks = Vec::with_capacity(places.len());
            for &(slot, sequence) in places {
                let page = self
                    .read(stream, slot, sequence.saturating_sub(1), 1)
                    .await?;
                let found = page.events.first();
                let found = found.filter(|event| event.id.sequence == sequence);
                marks.extend(found.map(Marked::of));
            }
            Ok(marks)
        })
    }

    /// For every slot the last number that a reader who starts there does not get; slots of
    /// which he gets everything may be left out.
    ///
    /// What is written here asks for the heads and for pages, which takes long for
    /// [`Start::At`]; a feed that can ask the producer's database does better.
    ///
    /// # Errors
    /// When the producer cannot be reached; try again.
    fn starts<'a>(
        &'a self,
        stream: &'a str,
        start: Start,
    ) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        Box::pin(async move {
            let mut starts = Vec::new();
            for (slot, head) in self.heads(stream).await? {
                let last = match start {
                    Start::Now => head,
                    Start::Beginning => self.read(stream, slot, 0, 1).await?.gone,
                    Start::At(time) => last_before(self, stream, (slot, head), time).await?,
                };
                starts.push((slot, last));
            }
            Ok(starts)
        })
    }
}

/// The last number of a slot before the first event of that moment or later.
async fn last_before<F: Feed + ?Sized>(
    feed: &F,
    stream: &str,
    (slot, head): (u16, u64),
    time: Timestamp,
) -> Result<u64, Error> {
    let mut last = 0;
    while last < head {
        let page = feed.read(stream, slot, last, PAGE).await?;
        last = last.max(page.gone);
        for event in &page.events {
            if event.time >= time {
                return Ok(last);
            }
            last = last.max(event.id.sequence);
        }
        if page.events.is_empty() {
            return Ok(head);
        }
    }
    Ok(last)
}

/// Brings events nearer. It may lose, duplicate, delay and reorder them as it
/// likes: numbers are checked at the end, and what is missing is fetched from the
/// [`Feed`].
pub trait Transport: Send + Sync {
    /// Begins to receive a stream for a subscription that has applied `cursors`.
    ///
    /// # Errors
    /// When the other side cannot be reached; try again.
    fn open<'a>(
        &'a self,
        stream: &'static str,
        cursors: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Box<dyn Receiver>, Error>>;

    /// How long it may be behind the producer. Only what it has not brought by then is fetched
    /// from the [`Feed`], and the producer is not asked more often than that.
    fn patience(&self) -> Duration {
        Duration::ZERO
    }
}

/// One subscription's end of a [`Transport`].
pub trait Receiver: Send {
    /// What has arrived, at most `limit` events; empty when there is nothing now.
    ///
    /// # Errors
    /// When the other side cannot be reached; try again.
    fn receive(&mut self, limit: u32) -> BoxFuture<'_, Result<Vec<Envelope>, Error>>;

    /// Rises when it is worth calling [`Receiver::receive`] again.
    fn wakes(&self) -> watch::Receiver<u64>;

    /// Whether the last call gave all that there was, so that nobody need call again before
    /// [`Receiver::wakes`] rises. Who cannot tell says no.
    fn is_drained(&self) -> bool {
        false
    }
}

/// A broker between services on different machines: it carries what an outbox has to whoever
/// wants it, so that not every reader asks the producer.
///
/// It is an optimisation, like every [`Transport`]. What it loses is fetched from the feed.
pub trait Bus: Send + Sync {
    /// Its name in tables and logs: `nats`.
    fn name(&self) -> &'static str;

    /// How its readers receive.
    fn transport(&self) -> Arc<dyn Transport>;

    /// Whether there is a connection to the broker now. A bus that says no tells of it in the log
    /// itself ([`Outages`](crate::Outages)), and those who publish to it keep quiet meanwhile.
    fn is_connected(&self) -> bool {
        true
    }

    /// Hands over events of one stream, in the order given, and returns when the broker has
    /// acknowledged them all. What has been handed over before may come again.
    ///
    /// # Errors
    /// When not all were acknowledged; all of them will be handed over again.
    fn publish<'a>(
        &'a self,
        stream: &'a StreamInfo,
        events: &'a [Envelope],
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// The last number that the broker has of every slot, as far as it can tell.
    ///
    /// # Errors
    /// When the broker cannot be reached; try again.
    fn heads<'a>(
        &'a self,
        _stream: &'a StreamInfo,
    ) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Throws away what the broker has of a stream. Asked for when it has numbers that the
    /// producer has not given (its database went back in time): they would be taken for the
    /// events that get these numbers now.
    ///
    /// # Errors
    /// When the broker cannot be reached; try again.
    fn forget<'a>(&'a self, _stream: &'a StreamInfo) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }
}
