//! Following a stream in another process: one long poll after the other.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::answer::Trouble;
use super::http::written;
use super::{HttpFeed, Receiver, Transport};
use crate::{Attempts, Envelope, Error};

/// Events that one answer brings at the most.
const PAGE: u32 = 500;
/// How long the other side may wait for events before it answers that there are none.
const PATIENCE: Duration = Duration::from_secs(25);
/// Pages that wait to be taken; the next is not asked for before there is room for it.
const PAGES_WAITING: usize = 1;
/// An empty answer that came sooner than this was not waited for: asked again and again at
/// once it would be a load for nothing.
const QUICK: Duration = Duration::from_millis(100);
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
/// One who cannot be reached is looked for every second, so that events come soon after.
const AWAY_MOST: Duration = Duration::from_secs(1);
const BACKOFF_MOST: Duration = Duration::from_secs(10);

/// Brings the events of a stream from another process, by long polling its feed.
///
/// One task a subscription asks for the whole stream, holds three pages of 500 events at the
/// most, and asks for no more until they are taken. It goes on by itself after the other side
/// was away, with pauses of a second at the most while nobody is there and of 10 seconds while
/// its answers cannot be used, and ends when its receiver is dropped.
/// What it repeats or leaves out is sorted out by whoever reads it, with the feed.
#[derive(Clone, Debug)]
pub struct HttpTransport(HttpFeed);

impl HttpTransport {
    /// Follows what this feed shows.
    #[must_use]
    pub fn new(feed: HttpFeed) -> Self {
        Self(feed)
    }
}

impl Transport for HttpTransport {
    fn open<'a>(
        &'a self,
        stream: &'static str,
        cursors: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Box<dyn Receiver>, Error>> {
        Box::pin(async move {
            let from = format!("cursors={}", written(cursors));
            let (sender, pages) = mpsc::channel(PAGES_WAITING);
            let wakes = watch::Sender::new(0);
            let follower = Follower {
                feed: self.0.clone(),
                stream,
                from,
                position: None,
                is_there: false,
                pages: sender,
                wakes: wakes.clone(),
                attempts: self.0.outages.attempts(),
            };
            let receiver: Box<dyn Receiver> = Box::new(HttpReceiver {
                pages,
                rest: VecDeque::new(),
                wakes,
                task: tokio::spawn(follower.run()),
            });
            Ok(receiver)
        })
    }
}

/// What has come and was not taken yet.
struct HttpReceiver {
    pages: mpsc::Receiver<Vec<Envelope>>,
    rest: VecDeque<Envelope>,
    wakes: watch::Sender<u64>,
    task: JoinHandle<()>,
}

impl Receiver for HttpReceiver {
    fn receive(&mut self, limit: u32) -> BoxFuture<'_, Result<Vec<Envelope>, Error>> {
        Box::pin(async move {
            let limit = limit as usize;
            while self.rest.len() < limit
                && let Ok(page) = self.pages.try_recv()
            {
                self.rest.extend(page);
            }
            let taken = self.rest.len().min(limit);
            Ok(self.rest.drain(..taken).collect())
        })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.wakes.subscribe()
    }
}

impl Drop for HttpReceiver {
    fn drop(&mut self) {
        // Its long poll would otherwise take a place over there until its time is over.
        self.task.abort();
    }
}

/// The task that asks.
struct Follower {
    feed: HttpFeed,
    stream: &'static str,
    /// Where to begin, and then where the last page has ended, as a part of the query.
    from: String,
    position: Option<i64>,
    /// It has answered, and not failed since: it may take its time for the next page. One that
    /// may be away is asked what it has now, or nobody would know for as long that it is back.
    is_there: bool,
    pages: mpsc::Sender<Vec<Envelope>>,
    wakes: watch::Sender<u64>,
    attempts: Attempts,
}

impl Follower {
    async fn run(mut self) {
        let mut faults: u32 = 0;
        loop {
            // Room first, so that no page is held that nobody has room for.
            let Ok(room) = self.pages.clone().reserve_owned().await else {
                return;
            };
            let (began, from) = (self.feed.clock.now(), self.feed.address(self.stream));
            let pause = match self.ask().await {
                Ok((events, pause)) => {
                    self.attempts.found(&from);
                    self.is_there = true;
                    faults = 0;
                    if !events.is_empty() {
                        room.send(events);
                        self.wakes.send_modify(|count| *count += 1);
                    }
                    pause
                }
                Err(trouble) => {
                    self.is_there = false;
                    faults = faults.saturating_add(1);
                    match trouble.is_gone() {
                        true => self.begin_with_what_is_left(),
                        false => self.attempts.failed(&from, began, &trouble),
                    }
                    pause_after(&trouble, faults)
                }
            };
            if !pause.is_zero() {
                self.feed.clock.sleep(pause).await;
            }
        }
    }

    /// The next page, and how long to wait before the one behind it.
    async fn ask(&mut self) -> Result<(Vec<Envelope>, Duration), Trouble> {
        let began = self.feed.clock.now();
        let patience = match self.is_there {
            true => PATIENCE,
            false => Duration::ZERO,
        };
        let asked = self.feed.whole(self.stream, &self.from, PAGE, patience);
        let page = asked.await?;
        if !page.events.is_empty() && self.position == Some(page.position) {
            // Asked for again it would bring the same events for ever.
            let text = format!("it has events, and stays at position {}", page.position);
            return Err(Trouble::Wrong(text));
        }
        self.position = Some(page.position);
        self.from = format!("position={}", page.position);
        let took = self.feed.clock.now().since(began);
        let pause = match page.events.is_empty() && took < QUICK && self.is_there {
            true => QUICK,
            false => Duration::ZERO,
        };
        Ok((page.events, pause))
    }

    /// What was deleted by age before it came is not missed in silence: the subscription's cursors
    /// stand before it, and its producer says so to it.
    fn begin_with_what_is_left(&mut self) {
        "lastEventId=".clone_into(&mut self.from);
        self.position = None;
    }
}

fn pause_after(trouble: &Trouble, faults: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(faults.saturating_sub(1).min(20));
    let most = match trouble.is_away() {
        true => AWAY_MOST,
        false => BACKOFF_MOST,
    };
    let backoff = BACKOFF_FIRST.saturating_mul(doubled).min(most);
    let asked = Duration::from_secs(trouble.retry_after_s().unwrap_or(0));
    backoff.max(asked.min(PATIENCE))
}
