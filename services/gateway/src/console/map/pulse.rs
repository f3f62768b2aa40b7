//! How fast events flow, and how far behind their readers are: heads and cursors, read when
//! somebody looks, and compared with what they were before.
//!
//! A database that hangs keeps nobody waiting for more than a moment: what it would say is not
//! known then, and everything else is.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{self, join_all};
use tidings::lag::{self, SubscriptionStatus};
use tidings::{Handle, SubscriptionInfo, Timestamp, alert};

use crate::Gateway;

/// However many look, nothing is read more often.
const READ_EVERY: Duration = Duration::from_secs(2);
/// How long a page waits for what is read.
const PAGE_WAITS: Duration = Duration::from_millis(150);
/// After which a database is not waited for.
const READ_LIMIT: Duration = Duration::from_secs(5);
/// What was read longer ago says nothing of now.
const GOOD_FOR: Duration = Duration::from_secs(25);
/// Over how long events are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// What has been read lately, for all who look.
#[derive(Default)]
pub(crate) struct Pulse(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// When reading has begun last.
    began: Option<Timestamp>,
    streams: HashMap<String, Counts>,
    subscriptions: HashMap<Name, (Counts, Read)>,
}

/// Service, subscription, stream.
pub(super) type Name = (String, String, String);

/// How many events there were, and when.
#[derive(Default)]
struct Counts(VecDeque<(Timestamp, u64)>);

/// What a subscription has owed, the last time and the time before.
struct Read {
    status: SubscriptionStatus,
    was_behind: bool,
    is_stopped: bool,
}

/// What is known of one subscription now.
#[derive(Clone, Debug)]
pub(super) struct Beat {
    pub(super) status: SubscriptionStatus,
    /// Events applied in a second.
    pub(super) rate: Option<f64>,
    /// It has not merely just begun with what is new.
    pub(super) is_behind: bool,
    /// Some of its slots stand still until a person decides.
    pub(super) is_stopped: bool,
}

/// What is known now.
#[derive(Default)]
pub(super) struct Picture {
    /// Events published in a second, of streams whose producer answers; none after one look.
    pub(super) streams: HashMap<String, Option<f64>>,
    pub(super) subscriptions: HashMap<Name, Beat>,
}

impl Counts {
    fn add(&mut self, at: Timestamp, count: u64) {
        self.0.push_back((at, count));
        while self.0.len() > 2 && self.0[1].0.plus(WINDOW) <= at {
            self.0.pop_front();
        }
    }

    fn is_good(&self, now: Timestamp) -> bool {
        self.0
            .back()
            .is_some_and(|(at, _)| now <= at.plus(GOOD_FOR))
    }

    /// In a second, over what is remembered. A count that went back is of another database.
    fn rate(&self) -> Option<f64> {
        let ((first, before), (last, after)) = (*self.0.front()?, *self.0.back()?);
        let micros = last.as_micros().checked_sub(first.as_micros())?;
        let millis = u32::try_from(micros / 1000)
            .ok()
            .filter(|millis| *millis >= 1000)?;
        let events = u32::try_from(after.saturating_sub(before)).unwrap_or(u32::MAX);
        Some(f64::from(events) * 1000.0 / f64::from(millis))
    }
}

impl Pulse {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is time to read, which the asker does then.
    fn begins(&self, now: Timestamp) -> bool {
        let mut known = self.known();
        let is_due = known
            .began
            .is_none_or(|began| began.plus(READ_EVERY) <= now);
        if is_due {
            known.began = Some(now);
        }
        is_due
    }

    fn picture(&self, now: Timestamp) -> Picture {
        let known = self.known();
        let streams = known
            .streams
            .iter()
            .filter(|(_, counts)| counts.is_good(now));
        let subscriptions = known.subscriptions.iter();
        let subscriptions = subscriptions.filter(|(_, (counts, _))| counts.is_good(now));
        Picture {
            streams: streams
                .map(|(name, counts)| (name.clone(), counts.rate()))
                .collect(),
            subscriptions: subscriptions
                .map(|(name, (counts, read))| {
                    let beat = Beat {
                        status: read.status.clone(),
                        rate: counts.rate(),
                        is_behind: read.status.lag > 0 && read.was_behind,
                        is_stopped: read.is_stopped,
                    };
                    (name.clone(), beat)
                })
                .collect(),
        }
    }

    fn take_stream(&self, now: Timestamp, name: &str, head: u64) {
        let mut known = self.known();
        known
            .streams
            .entry(name.to_owned())
            .or_default()
            .add(now, head);
    }

    fn take_subscription(
        &self,
        now: Timestamp,
        applied: u64,
        status: SubscriptionStatus,
        is_stopped: bool,
    ) {
        let name = (
            status.service.clone(),
            status.name.clone(),
            status.stream.clone(),
        );
        let mut known = self.known();
        let (mut counts, before) = match known.subscriptions.remove(&name) {
            Some((counts, before)) => (counts, Some(before)),
            None => (Counts::default(), None),
        };
        counts.add(now, applied);
        let was_behind = before.is_none_or(|before| before.status.lag > 0);
        let read = Read {
            status,
            was_behind,
            is_stopped,
        };
        known.subscriptions.insert(name, (counts, read));
    }
}

/// What is known now, read anew if that was not done just now.
pub(super) async fn look(gateway: &Gateway) -> Picture {
    let now = gateway.now();
    if gateway.0.pulse.begins(now) {
        let reading = tokio::spawn(read(gateway.clone(), now));
        // What takes longer goes on, and is there for the next look.
        let _ = tokio::time::timeout(PAGE_WAITS, reading).await;
    }
    gateway.0.pulse.picture(now)
}

/// Each stream with its readers by itself: a producer that hangs keeps nobody else waiting.
async fn read(gateway: Gateway, now: Timestamp) {
    let installation = gateway.installation();
    let streams = installation.streams();
    let streams = streams.map(|(handle, stream)| {
        let (gateway, name) = (&gateway, stream.name);
        async move {
            let head = read_stream(gateway, handle, name, now).await;
            let readers = installation.subscriptions().iter();
            let readers = readers.filter(|one| one.stream == name);
            let readers = readers.map(|one| read_subscription(gateway, one, head, now));
            join_all(readers).await;
        }
    });
    let is_unseen = |one: &&SubscriptionInfo| {
        let mut streams = installation.streams();
        !streams.any(|(_, stream)| stream.name == one.stream)
    };
    let unseen = installation.subscriptions().iter().filter(is_unseen);
    let unseen = unseen.map(|one| read_subscription(&gateway, one, None, now));
    future::join(join_all(streams), join_all(unseen)).await;
}

async fn read_stream(
    gateway: &Gateway,
    handle: &Handle,
    name: &str,
    now: Timestamp,
) -> Option<u64> {
    let found = tokio::time::timeout(READ_LIMIT, lag::stream(handle, name)).await;
    let head = found.ok()?.ok()?.head;
    gateway.0.pulse.take_stream(now, name, head);
    Some(head)
}

/// Of a stream that is written elsewhere only what is owed is known, and so no rate.
async fn read_subscription(
    gateway: &Gateway,
    one: &SubscriptionInfo,
    head: Option<u64>,
    now: Timestamp,
) {
    let reading = async {
        let status = lag::subscription(gateway.installation(), one).await?;
        let stopped = alert::stopped(one).await?;
        Ok::<_, tidings::Error>(status.map(|status| (status, !stopped.is_empty())))
    };
    let found = tokio::time::timeout(READ_LIMIT, reading).await;
    if let Ok(Ok(Some((status, is_stopped)))) = found {
        let applied = head.map_or(0, |head| head.saturating_sub(status.lag));
        gateway
            .0
            .pulse
            .take_subscription(now, applied, status, is_stopped);
    }
}
