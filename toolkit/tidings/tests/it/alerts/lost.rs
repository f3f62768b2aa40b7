//! An event that is lost on the way, in every way in which a transport can lose it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tidings::alert::{AlertRules, Rule};
use tidings::{
    Clock, Envelope, Error, Event, Feed, FeedPage, Handle, LocalFeed, Receiver, Setup, Transport,
    Tx, params,
};
use tokio::sync::watch;

use super::{MINUTE, SECOND, live, names, open};
use crate::bed::words::write_down;
use crate::bed::{
    Bed, CountEvent, Stage, clock, consumer, effects_by_key, on_both, producer, publish,
};

on_both!(
    an_event_that_is_lost_on_the_way_is_named_until_it_is_applied,
    what_is_repeated_or_overtaken_is_no_alert,
    a_producer_that_does_not_answer_is_an_alert_of_its_readers,
    a_subscription_is_behind_when_its_rule_says_so,
    a_rule_about_nothing_is_refused,
    what_is_paused_is_not_behind_and_not_forgotten,
);

/// What the transport does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Brings,
    /// Throws away what comes.
    Loses,
    /// Keeps what comes until it is mended.
    Delays,
    /// Brings each event twice, and what is next last of all: never, while it is so.
    Reorders,
    /// Answers with an error.
    Fails,
    /// Is connected, and nothing comes.
    IsSilent,
}

/// As bad as one may be, and so patient that the producer is not asked meanwhile.
#[derive(Clone)]
struct Bad {
    good: LocalFeed,
    way: Arc<Mutex<Way>>,
}

impl Transport for Bad {
    fn open<'a>(
        &'a self,
        stream: &'static str,
        cursors: &'a [(u16, u64)],
    ) -> BoxFuture<'a, Result<Box<dyn Receiver>, Error>> {
        Box::pin(async move {
            let receiver = BadReceiver {
                good: self.good.open(stream, cursors).await?,
                way: Arc::clone(&self.way),
                late: Vec::new(),
            };
            Ok(Box::new(receiver) as Box<dyn Receiver>)
        })
    }

    fn patience(&self) -> Duration {
        60 * MINUTE
    }
}

struct BadReceiver {
    good: Box<dyn Receiver>,
    way: Arc<Mutex<Way>>,
    late: Vec<Envelope>,
}

impl Receiver for BadReceiver {
    fn receive(&mut self, limit: u32) -> BoxFuture<'_, Result<Vec<Envelope>, Error>> {
        Box::pin(async move {
            let way = *self.way.lock().unwrap();
            if way == Way::Fails {
                return Err(Error::Bus("the broker is away".into()));
            }
            if way == Way::IsSilent {
                return Ok(Vec::new());
            }
            let came = self.good.receive(limit).await?;
            Ok(match way {
                Way::Loses => Vec::new(),
                Way::Delays => {
                    self.late.extend(came);
                    Vec::new()
                }
                Way::Reorders => {
                    let mut came = came.into_iter();
                    self.late.extend(came.next());
                    came.flat_map(|event| [event.clone(), event]).collect()
                }
                _ => self.late.drain(..).chain(came).collect(),
            })
        })
    }

    fn wakes(&self) -> watch::Receiver<u64> {
        self.good.wakes()
    }
}

async fn count(event: Event<CountEvent>, tx: &mut Tx) -> Result<(), Error> {
    write_down(&event, tx).await
}

async fn stage(bed: &Bed, rules: AlertRules) -> (Stage, Arc<Mutex<Way>>) {
    let way = Arc::new(Mutex::new(Way::Brings));
    let clock = clock();
    let bad = Arc::clone(&way);
    let setup = bed
        .setup(&clock)
        .service(producer())
        .service(consumer().subscribes("count", count))
        .alert_rules(rules)
        .transport(move |good| {
            let way = Arc::clone(&bad);
            Arc::new(Bad { good, way })
        });
    (Stage::open(setup, clock).await, way)
}

async fn an_event_that_is_lost_on_the_way_is_named_until_it_is_applied(bed: Bed) {
    let ways = [Way::Loses, Way::Delays, Way::Fails, Way::IsSilent];
    let (mut stage, way) = stage(&bed, AlertRules::default()).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    let slot = tidings::slot_of("a", 4);
    publish(&producer, "a", 0).await;
    live(&mut stage, SECOND).await;
    let mut last = 1;
    for bad in ways {
        *way.lock().unwrap() = bad;
        publish(&producer, "a", last).await;
        publish(&producer, "a", last + 1).await;
        live(&mut stage, 4 * MINUTE).await;
        assert_eq!(names(&consumer).await, [""; 0], "{bad:?}, not yet");
        live(&mut stage, 2 * MINUTE).await;
        let lost = format!("counts.{slot}.{} (count.added)", last + 1);
        let [(kind, subject, text)] = &open(&consumer).await[..] else {
            panic!("{bad:?}: {:?}", open(&consumer).await);
        };
        assert_eq!(
            (kind.as_str(), subject.as_str()),
            ("behind", "count counts")
        );
        assert!(text.starts_with(&lost), "{bad:?}: {text}");
        let applied: Vec<i64> = (0..last).collect();
        assert_eq!(effects_by_key(&consumer).await["a"], applied, "{bad:?}");

        // What was thrown away comes from the producer, once it is asked again.
        *way.lock().unwrap() = Way::Brings;
        live(&mut stage, 61 * MINUTE).await;
        live(&mut stage, 10 * SECOND).await;
        last += 2;
        let applied: Vec<i64> = (0..last).collect();
        assert_eq!(effects_by_key(&consumer).await["a"], applied, "{bad:?}");
        assert_eq!(names(&consumer).await, [""; 0], "{bad:?} is mended");
    }
}

async fn what_is_repeated_or_overtaken_is_no_alert(bed: Bed) {
    let (mut stage, way) = stage(&bed, AlertRules::default()).await;
    let (producer, consumer) = (stage.handle("producer"), stage.handle("consumer"));
    *way.lock().unwrap() = Way::Reorders;
    for number in 0..6 {
        publish(&producer, "a", number).await;
    }
    for _ in 0..4 {
        live(&mut stage, 2 * MINUTE).await;
        assert_eq!(names(&consumer).await, [""; 0]);
    }
    assert_eq!(effects_by_key(&consumer).await["a"], [0, 1, 2, 3, 4, 5]);
}

/// A producer elsewhere that may be away.
struct Elsewhere {
    good: LocalFeed,
    is_away: Arc<Mutex<bool>>,
}

impl Elsewhere {
    fn there(&self) -> Result<&LocalFeed, Error> {
        match *self.is_away.lock().unwrap() {
            true => Err(Error::ConnectionLost("nobody answers".into())),
            false => Ok(&self.good),
        }
    }
}

impl Feed for Elsewhere {
    fn read<'a>(
        &'a self,
        stream: &'a str,
        slot: u16,
        after: u64,
        limit: u32,
    ) -> BoxFuture<'a, Result<FeedPage, Error>> {
        Box::pin(async move { self.there()?.read(stream, slot, after, limit).await })
    }

    fn heads<'a>(&'a self, stream: &'a str) -> BoxFuture<'a, Result<Vec<(u16, u64)>, Error>> {
        Box::pin(async move { self.there()?.heads(stream).await })
    }
}

async fn a_producer_that_does_not_answer_is_an_alert_of_its_readers(bed: Bed) {
    let far = bed.serve(producer()).await;
    let is_away = Arc::new(Mutex::new(false));
    let clock = clock();
    let feed = Elsewhere {
        good: LocalFeed::new(far.clone()),
        is_away: Arc::clone(&is_away),
    };
    let reader = consumer().subscribes("count", count);
    let setup = reading(&bed, &clock).service(reader).elsewhere(
        "counts",
        Arc::new(feed),
        Arc::new(LocalFeed::new(far)),
    );
    let mut stage = Stage::open(setup, clock).await;
    let consumer = stage.handle("consumer");
    live(&mut stage, SECOND).await;
    *is_away.lock().unwrap() = true;
    live(&mut stage, MINUTE).await;
    live(&mut stage, 4 * MINUTE).await;
    assert_eq!(names(&consumer).await, [""; 0], "not yet");
    live(&mut stage, 2 * MINUTE).await;
    let (_, subject, text) = open(&consumer).await.remove(0);
    assert_eq!(subject, "count counts");
    assert!(
        text.contains("nobody who writes counts has answered since"),
        "{text}"
    );
    *is_away.lock().unwrap() = false;
    live(&mut stage, 10 * SECOND).await;
    assert_eq!(names(&consumer).await, [""; 0]);
}

fn reading(bed: &Bed, clock: &Clock) -> Setup {
    Setup::new(if bed.is_sqlite() {
        let folder = bed.folder().join("reader");
        std::fs::create_dir(&folder).unwrap();
        tidings::Storage::Sqlite(folder)
    } else {
        bed.storage()
    })
    .clock(clock.clone())
    .seed(1)
}

async fn a_subscription_is_behind_when_its_rule_says_so(bed: Bed) {
    let soon = AlertRules::default()
        .kind("behind", Rule::off())
        .subscription("consumer/count", Rule::after(20 * SECOND));
    let never = AlertRules::default().subscription("consumer/count", Rule::off());
    for (rules, expected) in [(soon, vec!["behind: count counts"]), (never, vec![])] {
        let (mut stage, way) = stage(&bed, rules).await;
        live(&mut stage, SECOND).await;
        *way.lock().unwrap() = Way::Loses;
        publish(&stage.handle("producer"), "a", 1).await;
        live(&mut stage, 15 * SECOND).await;
        // The first one's alert is closed, because nobody looks for it any more.
        assert_eq!(names(&stage.handle("consumer")).await, [""; 0]);
        live(&mut stage, 10 * SECOND).await;
        assert_eq!(names(&stage.handle("consumer")).await, expected);
    }
}

async fn a_rule_about_nothing_is_refused(bed: Bed) {
    let after = Rule::after(MINUTE);
    for (rules, missing) in [
        (AlertRules::default().kind("behnd", after), "behnd"),
        (AlertRules::default().kind("gap", after), "gap"),
        (
            AlertRules::default().subscription("consumer/sum", after),
            "consumer/sum",
        ),
        (
            AlertRules::default().detector("consumer/late", after),
            "consumer/late",
        ),
    ] {
        let setup = bed
            .setup(&clock())
            .service(producer())
            .service(consumer().subscribes("count", count))
            .alert_rules(rules);
        let refused = setup.open().await.err().unwrap().to_string();
        assert!(refused.contains(missing), "{refused}");
    }
}

async fn what_is_paused_is_not_behind_and_not_forgotten(bed: Bed) {
    let (mut stage, way) = stage(&bed, AlertRules::default()).await;
    let consumer = stage.handle("consumer");
    let pauses = "CREATE TABLE IF NOT EXISTS tidings_paused (
        subscription TEXT PRIMARY KEY, at BIGINT NOT NULL, actor TEXT NOT NULL, note TEXT NOT NULL)";
    write(&consumer, pauses, &[]).await;
    live(&mut stage, SECOND).await;
    *way.lock().unwrap() = Way::Loses;
    publish(&stage.handle("producer"), "a", 1).await;
    let pause = "INSERT INTO tidings_paused (subscription, at, actor, note)
        VALUES ('count', $1, 'user:ann', 'until Monday')";
    write(&consumer, pause, params![stage.clock.now()]).await;
    live(&mut stage, 6 * MINUTE).await;
    assert_eq!(names(&consumer).await, [""; 0]);
    live(&mut stage, 24 * 60 * MINUTE).await;
    let (kind, subject, text) = open(&consumer).await.remove(0);
    assert_eq!((kind.as_str(), subject.as_str()), ("paused", "count"));
    assert!(text.ends_with(": until Monday"), "{text}");
    write(&consumer, "DELETE FROM tidings_paused", &[]).await;
    live(&mut stage, 10 * SECOND).await;
    assert!(!names(&consumer).await.contains(&"paused: count".to_owned()));
}

async fn write(service: &Handle, sql: &str, params: &[tidings::Value]) {
    let mut tx = service.begin_own().await.unwrap();
    tx.execute(sql, params).await.unwrap();
    tx.commit().await.unwrap();
}
