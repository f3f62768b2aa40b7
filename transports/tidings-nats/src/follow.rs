//! Follows a JetStream stream for one subscription, in the background.
//!
//! The consumer is the broker's own affair: it has no name, acknowledges nothing and vanishes
//! when nobody asks. Where it goes on is known here: after the last message received, as long as
//! the stream is the one that it was received from, and else by the cursors.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull::Config as ConsumerConfig;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer};
use async_nats::jetstream::stream::{Info, Stream};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use tidings::{Attempts, Clock, Envelope, Error, Receiver, Timestamp, chain};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use crate::connection::{Shared, bus};
use crate::{message, names, start, stream};

/// Messages that the broker may send before it is asked again. They wait in memory too.
const PULL: usize = 100;
/// What waits for a reader takes at most this much, however large its events are.
const BUFFER_KIB: u32 = 4096;
const PULL_LIMIT: Duration = Duration::from_secs(30);
/// When the broker forgets a consumer whose reader is gone.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_MOST: Duration = Duration::from_secs(2);

/// An event with its share of the buffer, which is free again when it is dropped.
type Waiting = (Envelope, OwnedSemaphorePermit);

/// One subscription's end; the work is in a task that ends with it.
pub(crate) struct Following {
    events: mpsc::Receiver<Waiting>,
    wakes: watch::Receiver<u64>,
    task: JoinHandle<()>,
    is_drained: bool,
}

impl Following {
    pub(crate) fn begin(shared: Arc<Shared>, stream: &'static str, cursors: &[(u16, u64)]) -> Self {
        let (sender, events) = mpsc::channel(shared.settings.buffer_max);
        let (waker, wakes) = watch::channel(0);
        let attempts = shared.outages.attempts();
        let follower = Follower {
            connections: shared.connections.subscribe(),
            shared,
            stream,
            cursors: cursors.iter().copied().collect(),
            reached: None,
            events: sender,
            room: Arc::new(Semaphore::new(BUFFER_KIB as usize)),
            waker,
            attempts,
        };
        let task = tokio::spawn(follower.run());
        Self {
            events,
            wakes,
            task,
            is_drained: false,
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver for Following {
    fn receive(&mut self, limit: u32) -> BoxFuture<'_, Result<Vec<Envelope>, Error>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut received = Vec::new();
        while received.len() < limit
            && let Ok((event, _)) = self.events.try_recv()
        {
            received.push(event);
        }
        self.is_drained = received.len() < limit;
        Box::pin(async { Ok(received) })
    }

    fn is_drained(&self) -> bool {
        self.is_drained
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.wakes.clone()
    }
}

/// The last message received, and from which stream: one that is made anew counts anew.
#[derive(Clone, PartialEq)]
struct Reached {
    created: String,
    sequence: u64,
}

struct Follower {
    shared: Arc<Shared>,
    connections: watch::Receiver<u64>,
    stream: &'static str,
    /// Of every slot that is wanted, the last event applied or handed on.
    cursors: BTreeMap<u16, u64>,
    reached: Option<Reached>,
    events: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
    waker: watch::Sender<u64>,
    attempts: Attempts,
}

/// Why following has come to an end for now.
enum Ended {
    /// Nobody wants more.
    Unwanted,
    /// The consumer is not to be trusted any more; another one goes on at once.
    Anew(String),
    Failed(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Ended::Failed(error)
    }
}

impl Follower {
    async fn run(mut self) {
        let clock = Clock::system();
        let mut faults: u32 = 0;
        loop {
            self.connections.borrow_and_update();
            let before = self.reached.clone();
            let (began, refusals) = (clock.now(), self.shared.told.refusals());
            match self.follow().await {
                Ended::Unwanted => return,
                Ended::Anew(why) => {
                    tracing::debug!(stream = self.stream, why, "a NATS consumer is made anew");
                }
                Ended::Failed(error) => self.tell(error, began, refusals),
            }
            faults = if self.reached == before {
                faults.saturating_add(1)
            } else {
                0
            };
            let doubled = PAUSE_FIRST.saturating_mul(2_u32.saturating_pow(faults.min(10)));
            tokio::select! {
                () = clock.sleep(doubled.min(PAUSE_MOST)) => {}
                // A new connection is worth a look at once.
                _ = self.connections.changed() => {}
                () = self.events.closed() => return,
            }
        }
    }

    /// What is followed, for the log.
    fn what(&self) -> String {
        format!("the stream {} in NATS", self.stream)
    }

    /// Says that the producer is asked instead; what is without a connection is told of there.
    fn tell(&mut self, error: Error, began: Timestamp, refusals: u64) {
        let error = match error {
            Error::Bus(cause) => bus(self.shared.told.explain(refusals, self.stream, cause)),
            other => other,
        };
        match self.shared.is_connected() {
            true => {
                let what = self.what();
                self.attempts.failed(&what, began, &error);
            }
            false => {
                tracing::debug!(stream = self.stream, error = chain(&error), "NATS is away");
            }
        }
    }

    async fn follow(&mut self) -> Ended {
        let (created, consumer) = match self.consumer().await {
            Ok(Some(made)) => made,
            Ok(None) => return Ended::Anew("its producer has not made it yet".to_owned()),
            Err(error) => return error.into(),
        };
        let messages = consumer
            .stream()
            .max_messages_per_batch(PULL)
            .expires(PULL_LIMIT)
            .heartbeat(self.shared.settings.heartbeat.min(PULL_LIMIT / 3))
            .messages()
            .await;
        let mut messages = match messages {
            Ok(messages) => messages,
            Err(error) => return bus(error).into(),
        };
        let what = self.what();
        self.attempts.found(&what);
        let mut received = 0;
        loop {
            let next = tokio::select! {
                next = messages.next() => next,
                _ = self.connections.changed() => {
                    return Ended::Anew("there is a new connection".to_owned());
                }
                () = self.events.closed() => return Ended::Unwanted,
            };
            let message = match next {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Ended::Anew(chain(&error)),
                None => return Ended::Anew("it has ended".to_owned()),
            };
            received += 1;
            let sequence = match message.info() {
                Ok(info) if info.consumer_sequence == received => info.stream_sequence,
                Ok(_) => return Ended::Anew("a message has been lost".to_owned()),
                Err(error) => return Ended::Anew(error.to_string()),
            };
            if !self.hand_on(&message, sequence).await {
                return Ended::Unwanted;
            }
            let created = created.clone();
            self.reached = Some(Reached { created, sequence });
        }
    }

    /// A consumer that begins where this one must go on, and when its stream was made; nothing
    /// while there is no stream.
    async fn consumer(&self) -> Result<Option<(String, PullConsumer)>, Error> {
        let shared = &self.shared;
        let name = names::stream(&shared.settings.prefix, self.stream);
        let Some(found) = stream::find(shared, &name).await? else {
            return Ok(None);
        };
        let created = found.cached_info().created.to_string();
        let start = self.start(&found, &created).await?;
        let all = stream::slots(&found.cached_info().config) == Some(self.cursors.len());
        let subject = |slot| names::subject(&shared.settings.prefix, self.stream, slot);
        let config = ConsumerConfig {
            description: Some("a Tidings subscription".to_owned()),
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: start,
            },
            ack_policy: AckPolicy::None,
            filter_subjects: match all {
                true => Vec::new(),
                false => self.cursors.keys().copied().map(subject).collect(),
            },
            inactive_threshold: FORGOTTEN_AFTER,
            num_replicas: 1,
            memory_storage: true,
            ..ConsumerConfig::default()
        };
        let consumer = found.create_consumer(config).await.map_err(bus)?;
        tracing::debug!(stream = self.stream, start, "following NATS");
        Ok(Some((created, consumer)))
    }

    async fn start(&self, found: &Stream<Info>, created: &str) -> Result<u64, Error> {
        let last = found.cached_info().state.last_sequence;
        if let Some(reached) = &self.reached
            && reached.created == created
            && reached.sequence <= last
        {
            return Ok(reached.sequence + 1);
        }
        let cursors: Vec<(u16, u64)> = self.cursors.iter().map(|(s, c)| (*s, *c)).collect();
        start::of(&self.shared, found, self.stream, &cursors).await
    }

    /// Gives an event to the reader, and waits while it has enough. Says whether it wants more.
    async fn hand_on(&mut self, message: &Message, sequence: u64) -> bool {
        let shared = &self.shared;
        let parts = (
            &message.subject,
            message.headers.as_ref(),
            &*message.payload,
        );
        let event = match message::event(&shared.settings.prefix, self.stream, &shared.seal, parts)
        {
            Ok(event) => event,
            Err(odd) => {
                tracing::warn!(
                    stream = self.stream,
                    sequence,
                    error = chain(&odd),
                    "a message in NATS is left out; its event comes from the producer"
                );
                return true;
            }
        };
        if let Some(cursor) = self.cursors.get_mut(&event.id.slot) {
            if event.id.sequence <= *cursor {
                return true;
            }
            *cursor = event.id.sequence;
        }
        let kib = u32::try_from(message.payload.len() / 1024).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(kib.saturating_add(1).min(BUFFER_KIB));
        let share = tokio::select! {
            Ok(share) = room => share,
            () = self.events.closed() => return false,
        };
        let sent = self.events.send((event, share)).await.is_ok();
        self.waker.send_modify(|count| *count += 1);
        sent
    }
}
