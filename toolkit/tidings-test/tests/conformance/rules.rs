//! Transports that break a rule, each found out by the case that is there for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tidings::{Cause, Envelope, Error, Feed, FeedPage, Installation, Receiver, Transport};
use tidings_test::conformance::{self, Carrier, Doing, Failure, Ground, InProcess, Route};
use tokio::sync::watch;

/// What a transport does that it must not.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// `receive` waits for events that do not come.
    Blocks,
    /// It brings nothing, and the feed behind it fails: nobody can help.
    BringsNothingAndFeedFails,
    /// It brings nothing; the feed hides it.
    BringsNothing,
    /// It never says that there is something new.
    NeverWakes,
    /// It changes a text on the way.
    Changes,
    /// It makes up an event that comes next.
    Invents,
    /// It gives what there is, whatever was asked for.
    GivesTooMuch,
    /// It takes what is published into memory, for a reader who does not come.
    Gathers,
    /// It is opened twice and never again.
    OpensTwice,
    /// It brings the slots from the third on only.
    ForgetsSlots,
}

struct Flawed {
    good: InProcess,
    flaw: Flaw,
    opened: Arc<AtomicU32>,
}

impl Carrier for Flawed {
    fn carry<'a>(&'a self, producer: &'a Installation) -> Doing<'a, Result<(), Cause>> {
        self.good.carry(producer)
    }

    fn route(&self) -> Result<Route, Cause> {
        let (feed, good) = self.good.route()?.parts();
        let flaw = self.flaw;
        let opened = Arc::clone(&self.opened);
        let transport = Arc::new(FlawedTransport { good, flaw, opened });
        if flaw == Flaw::BringsNothingAndFeedFails {
            return Ok(Route::shared(Arc::new(NoFeed), transport));
        }
        Ok(Route::shared(feed, transport))
    }
}

/// A feed that nobody reaches.
struct NoFeed;

fn unreachable<T: Send>() -> Doing<'static, Result<T, Error>> {
    Box::pin(async { Err(Error::ConnectionLost("there is nobody".into())) })
}

impl Feed for NoFeed {
    fn read<'a>(
        &'a self,
        _: &'a str,
        _: u16,
        _: u64,
        _: u32,
    ) -> Doing<'a, Result<FeedPage, Error>> {
        unreachable()
    }

    fn heads<'a>(&'a self, _: &'a str) -> Doing<'a, Result<Vec<(u16, u64)>, Error>> {
        unreachable()
    }
}

struct FlawedTransport {
    good: Arc<dyn Transport>,
    flaw: Flaw,
    opened: Arc<AtomicU32>,
}

struct FlawedReceiver {
    good: Box<dyn Receiver>,
    flaw: Flaw,
    silence: watch::Sender<u64>,
    gathered: Arc<tokio::sync::Mutex<Vec<Envelope>>>,
}

impl Transport for FlawedTransport {
    fn open<'a>(
        &'a self,
        stream: &'static str,
        cursors: &'a [(u16, u64)],
    ) -> Doing<'a, Result<Box<dyn Receiver>, Error>> {
        Box::pin(async move {
            let before = self.opened.fetch_add(1, Ordering::Relaxed);
            if self.flaw == Flaw::OpensTwice && before >= 2 {
                return Err(Error::ConnectionLost("it was dropped".into()));
            }
            let gathered = Arc::default();
            if self.flaw == Flaw::Gathers {
                let ahead = self.good.open(stream, cursors).await?;
                tokio::spawn(gather(ahead, Arc::clone(&gathered)));
            }
            let receiver: Box<dyn Receiver> = Box::new(FlawedReceiver {
                good: self.good.open(stream, cursors).await?,
                flaw: self.flaw,
                silence: watch::Sender::new(0),
                gathered,
            });
            Ok(receiver)
        })
    }
}

async fn gather(mut from: Box<dyn Receiver>, into: Arc<tokio::sync::Mutex<Vec<Envelope>>>) {
    let mut wakes = from.wakes();
    while let Ok(events) = from.receive(100).await {
        if events.is_empty() && wakes.changed().await.is_err() {
            return;
        }
        into.lock().await.extend(events);
    }
}

impl Receiver for FlawedReceiver {
    fn receive(&mut self, limit: u32) -> Doing<'_, Result<Vec<Envelope>, Error>> {
        Box::pin(async move {
            let limit = match self.flaw {
                Flaw::GivesTooMuch => limit * 2,
                _ => limit,
            };
            let mut events = match self.flaw {
                Flaw::Gathers => {
                    let mut gathered = self.gathered.lock().await;
                    let most = gathered.len().min(limit as usize);
                    gathered.drain(..most).collect()
                }
                _ => self.good.receive(limit).await?,
            };
            match self.flaw {
                Flaw::Blocks if events.is_empty() => std::future::pending().await,
                Flaw::BringsNothing | Flaw::BringsNothingAndFeedFails => events.clear(),
                Flaw::ForgetsSlots => events.retain(|event| event.id.slot > 2),
                Flaw::Changes => {
                    for event in &mut events {
                        event.data = event.data.replace("\"text ", "\"test ");
                    }
                }
                Flaw::Invents => {
                    let last = events.last().cloned();
                    events.extend(last.map(|mut event| {
                        event.id.sequence += 1;
                        event
                    }));
                    events.truncate(limit as usize);
                }
                _ => {}
            }
            Ok(events)
        })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        match self.flaw {
            Flaw::NeverWakes => self.silence.subscribe(),
            _ => self.good.wakes(),
        }
    }
}

/// Runs a case over a transport with a flaw, and shows what it says of it.
macro_rules! found_out {
    ($($name:ident: $flaw:ident by $case:ident, $($says:literal)|+;)*) => {$(
        #[test]
        fn $name() {
            let good = InProcess::default();
            let opened = Arc::default();
            let flawed = Flawed { good, flaw: Flaw::$flaw, opened };
            conformance::run(async {
                let ground = Ground::sqlite(flawed).patience(Duration::from_secs(12));
                says(conformance::$case(ground).await, &[$($says),+]);
                Ok(())
            });
        }
    )*};
}

fn says(outcome: Result<(), Failure>, expected: &[&str]) {
    match outcome {
        Err(Failure::Broken(text)) if expected.iter().any(|part| text.contains(part)) => {}
        other => panic!("expected a rule broken with one of {expected:?}, and it was {other:?}"),
    }
}

found_out!(
    a_receive_that_waits_for_ever_is_found_out:
        Blocks by what_is_published_live_arrives_soon, "receive had not answered";
    a_transport_that_brings_nothing_and_has_no_feed_is_found_out:
        BringsNothingAndFeedFails by a_new_subscriber_gets_all_history, "was applied up to 0";
    a_transport_that_brings_nothing_is_found_out:
        BringsNothing by in_calm_weather_every_event_comes_by_the_transport,
        "bring every event by itself";
    a_transport_that_forgets_some_slots_is_found_out:
        ForgetsSlots by a_receiver_of_some_slots_gets_these, "bring every event by itself";
    a_transport_that_never_wakes_is_found_out:
        NeverWakes by what_is_published_live_arrives_soon, "it does not wake";
    a_transport_that_changes_events_is_found_out:
        Changes by a_subscriber_goes_on_from_the_middle, "was written as";
    a_transport_that_makes_events_up_is_found_out:
        Invents by what_is_published_live_arrives_soon, "but its head is" | "and not the same";
    a_transport_that_gives_too_much_is_found_out:
        GivesTooMuch by a_receiver_gives_no_more_than_was_asked_for, "gave 2 events";
    a_transport_that_gathers_for_a_reader_who_does_not_come_is_found_out:
        Gathers by what_nobody_takes_is_not_gathered_without_bound, "the process has grown";
    a_transport_that_cannot_be_opened_again_is_found_out:
        OpensTwice by a_subscriber_that_comes_and_goes_misses_nothing, "bring events";
);
