//! A story as it is played: a producer, a subscriber, and what stands between them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tidings::{
    Clock, Error, EventId, Feed, Handle, Installation, LocalFeed, Running, Setup, Transport,
};

use super::carrier::{Carrier, Disturbance, Route};
use super::ground::Ground;
use super::letters::{self, Line, PRODUCER, Paper, Script};
use super::subscriber::Subscriber;
use super::verdict::Failure;
use super::watched::{Seen, Watched, lock};
use crate::Database;

/// How often somebody looks who waits.
const LOOK: Duration = Duration::from_millis(20);
/// More than any story writes to one slot.
const MANY: u32 = 100_000;

/// A story that is being played.
pub(super) struct Stage {
    pub(super) carrier: Arc<dyn Carrier>,
    pub(super) patience: Duration,
    producer: Option<(Installation, Running)>,
    handle: Handle,
    subscriber: Option<Subscriber>,
    script: Script,
    seen: Arc<Mutex<Seen>>,
    producers: Database,
    subscribers: Database,
}

impl Stage {
    /// The producer is at work and carried; nobody reads yet.
    pub(super) async fn open(ground: Ground) -> Result<Self, Failure> {
        let (producers, subscribers) = (ground.database().await?, ground.database().await?);
        let (producer, handle) = start(&*ground.carrier, &producers).await?;
        Ok(Self {
            carrier: ground.carrier,
            patience: ground.patience,
            producer: Some(producer),
            handle,
            subscriber: None,
            script: Script::default(),
            seen: Arc::default(),
            producers,
            subscribers,
        })
    }

    /// Writes in one transaction.
    pub(super) async fn write(&mut self, lines: Vec<Line>) -> Result<(), Failure> {
        let numbered = lines.into_iter().map(|line| self.script.number(line));
        write_in_one(&self.handle, numbered.collect()).await
    }

    /// Writes in transactions of one line, with one writer for each list, all at once. No two
    /// lists may have a key in common: who came first would not be known.
    pub(super) async fn write_at_once(&mut self, lists: Vec<Vec<Line>>) -> Result<(), Failure> {
        let mut writers = tokio::task::JoinSet::new();
        for list in lists {
            let numbered = list.into_iter().map(|line| self.script.number(line));
            let numbered: Vec<(i64, Line)> = numbered.collect();
            let handle = self.handle.clone();
            writers.spawn(async move {
                for line in numbered {
                    write_in_one(&handle, vec![line]).await?;
                }
                Ok(())
            });
        }
        writers.join_all().await.into_iter().collect()
    }

    /// Writes so many large letters that nobody is going to read, and keeps none of them.
    pub(super) async fn write_volume(
        &mut self,
        pieces: usize,
        bytes: usize,
        mut look: impl FnMut(),
    ) -> Result<(), Failure> {
        for turn in 0..pieces.div_ceil(16) {
            let line = |piece| letters::letter(format!("{turn}-{piece}"), "v".repeat(bytes));
            let lines = (0..16).map(|piece| (0, line(piece)));
            write_in_one(&self.handle, lines.collect()).await?;
            look();
        }
        Ok(())
    }

    /// Writes an event that the subscriber does not know.
    pub(super) async fn burn(&mut self, key: &str) -> Result<(), Failure> {
        let mut tx = self.handle.begin_own().await?;
        letters::burn(&mut tx, key)?;
        Ok(tx.commit().await?)
    }

    /// Opens the subscriber, with one subscription.
    pub(super) async fn subscribe(&mut self) -> Result<(), Failure> {
        self.subscribe_with(1, |route| route).await
    }

    /// Opens the subscriber, over a route that is changed before it gets it.
    pub(super) async fn subscribe_with(
        &mut self,
        subscriptions: usize,
        change: impl FnOnce(Route) -> Route,
    ) -> Result<(), Failure> {
        let Route { feed, transport } = self.route()?;
        let route = change(Route { feed, transport });
        let storage = self.subscribers.storage();
        self.subscriber = Some(Subscriber::open(storage, &route, subscriptions).await?);
        Ok(())
    }

    /// The carrier's route, its transport watched.
    pub(super) fn route(&self) -> Result<Route, Failure> {
        let Route { feed, transport } = self.carrier.route().map_err(Failure::Carrier)?;
        let transport = Watched::over(transport, &self.seen, self.patience / 4);
        Ok(Route { feed, transport })
    }

    /// The carrier's transport, watched.
    pub(super) fn transport(&self) -> Result<Arc<dyn Transport>, Failure> {
        Ok(self.route()?.transport)
    }

    /// The subscriber finishes the step that it is in, and is closed.
    pub(super) async fn unsubscribe(&mut self) -> Result<(), Failure> {
        if let Some(subscriber) = self.subscriber.take() {
            self.in_time("let its subscriber stop", subscriber.stop())
                .await?;
        }
        Ok(())
    }

    /// The subscriber ends where it stands.
    pub(super) fn kill_subscriber(&mut self) {
        self.subscriber = None;
    }

    /// The producer finishes what it does, and is closed.
    pub(super) async fn stop_producer(&mut self) -> Result<(), Failure> {
        self.carrier.leave().await;
        if let Some((_, running)) = self.producer.take() {
            self.in_time("let its producer stop", running.stop())
                .await?;
        }
        Ok(())
    }

    /// The producer is opened again on its database, and carried.
    pub(super) async fn start_producer(&mut self) -> Result<(), Failure> {
        let (producer, handle) = start(&*self.carrier, &self.producers).await?;
        self.producer = Some(producer);
        self.handle = handle;
        Ok(())
    }

    pub(super) async fn disturb(&self, how: Disturbance) -> Result<(), Failure> {
        self.carrier.disturb(how).await.map_err(Failure::Carrier)
    }

    /// The truth, past the carrier.
    pub(super) fn truth(&self) -> LocalFeed {
        LocalFeed::new(self.handle.clone())
    }

    /// Waits until the producer has numbered so many events of a stream.
    pub(super) async fn numbered(&self, paper: Paper, count: u64) -> Result<(), Failure> {
        let work = async {
            loop {
                let heads = self.truth().heads(paper.stream()).await?;
                if heads.iter().map(|(_, head)| head).sum::<u64>() >= count {
                    return Ok::<(), Error>(());
                }
                pause(LOOK).await;
            }
        };
        Ok(self
            .in_time("let its producer number events", work)
            .await??)
    }

    /// Waits until everything that was written has been applied as it must be.
    pub(super) async fn settle(&self) -> Result<(), Failure> {
        let subscriber = self.subscriber.as_ref();
        let subscriber = subscriber.ok_or_else(|| Failure::ground("nobody subscribes"))?;
        let until = Clock::system().now().plus(self.patience);
        loop {
            self.check_what_was_seen()?;
            let complaint = subscriber.complaint(&self.truth(), &self.script.0).await?;
            let Some(complaint) = complaint else {
                return Ok(());
            };
            if Clock::system().now() >= until {
                let text = format!("{complaint}, after {:?}", self.patience);
                return Err(Failure::broken(text));
            }
            pause(LOOK).await;
        }
    }

    /// Waits until the subscriber has applied so many events.
    pub(super) async fn applied(&self, count: u64) -> Result<(), Failure> {
        let subscriber = self.subscriber.as_ref();
        let subscriber = subscriber.ok_or_else(|| Failure::ground("nobody subscribes"))?;
        let work = async {
            while subscriber.applied().await? < count {
                self.check_what_was_seen()?;
                pause(LOOK).await;
            }
            Ok::<(), Failure>(())
        };
        self.in_time("bring events", work).await?
    }

    /// The end of a story: all is applied, stays so, and was carried as it was written.
    pub(super) async fn finish(mut self) -> Result<(), Failure> {
        self.settle().await?;
        // What comes late and is applied twice is seen now.
        pause(LOOK * 5).await;
        self.settle().await?;
        self.compare_with_truth().await?;
        self.unsubscribe().await?;
        self.stop_producer().await
    }

    fn check_what_was_seen(&self) -> Result<(), Failure> {
        match lock(&self.seen).broken.first() {
            Some(text) => Err(Failure::broken(text)),
            None => Ok(()),
        }
    }

    /// Every event that the transport has brought is in the producer's outbox, word for word.
    pub(super) async fn compare_with_truth(&self) -> Result<(), Failure> {
        self.check_what_was_seen()?;
        let mut carried = std::mem::take(&mut lock(&self.seen).events);
        for paper in Paper::ALL {
            for slot in 0..paper.slots() {
                let stream = paper.stream();
                let page = self.truth().read(stream, slot, 0, MANY).await?;
                for event in page.events {
                    if carried.remove(&event.id).is_some_and(|one| one != event) {
                        let text = format!("{} was not carried as it was written", event.id);
                        return Err(Failure::broken(text));
                    }
                }
            }
        }
        match carried.keys().next() {
            Some(id) => Err(Failure::broken(format!("{id} was never written"))),
            None => Ok(()),
        }
    }

    /// Which events the transport has carried so far.
    pub(super) fn carried(&self) -> Vec<EventId> {
        lock(&self.seen).events.keys().cloned().collect()
    }

    /// The work's end, if it comes before patience does.
    pub(super) async fn in_time<T>(
        &self,
        what: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        tokio::select! {
            done = work => Ok(done),
            () = pause(self.patience) => {
                self.check_what_was_seen()?;
                let text = format!("it did not {what} within {:?}", self.patience);
                Err(Failure::broken(text))
            }
        }
    }
}

/// Waits in real time, as all the stories do.
pub(super) async fn pause(span: Duration) {
    Clock::system().sleep(span).await;
}

async fn start(
    carrier: &dyn Carrier,
    database: &Database,
) -> Result<((Installation, Running), Handle), Failure> {
    let setup = Setup::new(database.storage()).service(letters::producer());
    let mut producer = carrier.prepare(setup).open().await?;
    let running = producer.start();
    carrier.carry(&producer).await.map_err(Failure::Carrier)?;
    let handle = producer.handle(PRODUCER).ok_or(Error::NoRow)?;
    Ok(((producer, running), handle))
}

async fn write_in_one(producer: &Handle, lines: Vec<(i64, Line)>) -> Result<(), Failure> {
    let mut tx = producer.begin_own().await?;
    for (number, line) in lines {
        letters::publish(&mut tx, number, line)?;
    }
    Ok(tx.commit().await?)
}
