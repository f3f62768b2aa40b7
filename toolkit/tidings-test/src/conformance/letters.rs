//! What the stories are about: letters and pages, and a reader who keeps all of them.

use std::collections::BTreeMap;
use std::time::Duration;

use tidings::{Clock, Error, Event, EventId, Handle, Migration, Service, Tx, params};

/// The name of the service whose streams are carried; [`Installation::handle`] finds it by it.
///
/// [`Installation::handle`]: tidings::Installation::handle
pub const PRODUCER: &str = "producer";
pub(super) const SUBSCRIBER: &str = "subscriber";
/// A letter that begins so takes its reader this long.
pub(super) const SLOW: &str = "slow ";
const SLOW_FOR: Duration = Duration::from_millis(5);

/// Letters as their writer knows them.
#[derive(tidings::Stream)]
#[stream(name = "letters", key = "key", slots = 64)]
enum LetterEvent {
    #[event("letter.written")]
    Written {
        key: String,
        number: i64,
        text: String,
    },
    #[event("letter.burnt")]
    Burnt { key: String },
}

/// Letters as a reader knows them who has not been told that they can be burnt.
#[derive(tidings::Stream)]
#[stream(name = "letters", key = "key", slots = 64)]
enum KnownLetterEvent {
    #[event("letter.written")]
    Written {
        key: String,
        number: i64,
        text: String,
    },
}

/// A stream of one slot.
#[derive(tidings::Stream)]
#[stream(name = "pages", key = "key", slots = 1)]
enum PageEvent {
    #[event("page.written")]
    Written {
        key: String,
        number: i64,
        text: String,
    },
}

/// Which stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Paper {
    Letters,
    Pages,
}

impl Paper {
    pub(super) const ALL: [Paper; 2] = [Paper::Letters, Paper::Pages];

    pub(super) fn stream(self) -> &'static str {
        match self {
            Paper::Letters => "letters",
            Paper::Pages => "pages",
        }
    }

    pub(super) fn slots(self) -> u16 {
        match self {
            Paper::Letters => 64,
            Paper::Pages => 1,
        }
    }
}

/// Something to write.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) paper: Paper,
    pub(super) key: String,
    pub(super) text: String,
}

pub(super) fn letter(key: impl Into<String>, text: impl Into<String>) -> Line {
    let (key, text) = (key.into(), text.into());
    let paper = Paper::Letters;
    Line { paper, key, text }
}

pub(super) fn page(key: impl Into<String>, text: impl Into<String>) -> Line {
    let (key, text) = (key.into(), text.into());
    let paper = Paper::Pages;
    Line { paper, key, text }
}

/// What was written, or read: each key's texts in order, each with its number.
pub(super) type Texts = BTreeMap<(Paper, String), Vec<(i64, String)>>;

/// Gives lines their numbers and keeps what was written.
#[derive(Default)]
pub(super) struct Script(pub(super) Texts);

impl Script {
    pub(super) fn number(&mut self, line: Line) -> (i64, Line) {
        let texts = self.0.entry((line.paper, line.key.clone())).or_default();
        let number = i64::try_from(texts.len()).unwrap_or(i64::MAX);
        texts.push((number, line.text.clone()));
        (number, line)
    }
}

pub(super) fn producer() -> Service {
    Service::new(PRODUCER)
        .publishes::<LetterEvent>()
        .publishes::<PageEvent>()
}

pub(super) fn publish(tx: &mut Tx, number: i64, line: Line) -> Result<(), Error> {
    let Line { paper, key, text } = line;
    match paper {
        Paper::Letters => tx.publish(LetterEvent::Written { key, number, text }),
        Paper::Pages => tx.publish(PageEvent::Written { key, number, text }),
    }
}

/// Writes an event that the reader does not know.
pub(super) fn burn(tx: &mut Tx, key: &str) -> Result<(), Error> {
    let key = key.to_owned();
    tx.publish(LetterEvent::Burnt { key })
}

/// A second row of one event would be there for all to see: nothing here is idempotent.
const READ: &[Migration] = &[Migration::new(
    "0001_read",
    "CREATE TABLE read_texts (
        subscription TEXT NOT NULL, stream TEXT NOT NULL, key TEXT NOT NULL,
        place BIGINT NOT NULL, number BIGINT NOT NULL, text TEXT NOT NULL, event TEXT NOT NULL,
        PRIMARY KEY (subscription, stream, key, place)
    )",
)];

/// The names of the subscriptions that a subscriber has.
pub(super) const SUBSCRIPTIONS: [&str; 2] = ["first", "second"];

/// A subscriber with one or two subscriptions, each on every stream.
pub(super) fn subscriber(subscriptions: usize) -> Service {
    let mut service = Service::new(SUBSCRIBER)
        .migrations(READ)
        .subscribes("first", first_letter)
        .subscribes("first", first_page);
    if subscriptions > 1 {
        service = service
            .subscribes("second", second_letter)
            .subscribes("second", second_page);
    }
    service
}

async fn first_letter(event: Event<KnownLetterEvent>, tx: &mut Tx) -> Result<(), Error> {
    let KnownLetterEvent::Written { key, number, text } = event.data;
    keep("first", &event.id, &key, number, &text, tx).await
}

async fn first_page(event: Event<PageEvent>, tx: &mut Tx) -> Result<(), Error> {
    let PageEvent::Written { key, number, text } = event.data;
    keep("first", &event.id, &key, number, &text, tx).await
}

async fn second_letter(event: Event<KnownLetterEvent>, tx: &mut Tx) -> Result<(), Error> {
    let KnownLetterEvent::Written { key, number, text } = event.data;
    keep("second", &event.id, &key, number, &text, tx).await
}

async fn second_page(event: Event<PageEvent>, tx: &mut Tx) -> Result<(), Error> {
    let PageEvent::Written { key, number, text } = event.data;
    keep("second", &event.id, &key, number, &text, tx).await
}

async fn keep(
    subscription: &str,
    id: &EventId,
    key: &str,
    number: i64,
    text: &str,
    tx: &mut Tx,
) -> Result<(), Error> {
    if text.starts_with(SLOW) {
        Clock::system().sleep(SLOW_FOR).await;
    }
    let sql = "INSERT INTO read_texts (subscription, stream, key, place, number, text, event)
        SELECT $1, $2, $3, coalesce(max(place), 0) + 1, $4, $5, $6 FROM read_texts
        WHERE subscription = $1 AND stream = $2 AND key = $3";
    // As JSON, because PostgreSQL keeps no text with a zero in it.
    let text = serde_json::Value::from(text).to_string();
    let row = params![subscription, &id.stream, key, number, text, id.to_string()];
    tx.execute(sql, row).await?;
    Ok(())
}

/// What one subscription has read.
pub(super) async fn read_by(subscriber: &Handle, subscription: &str) -> Result<Texts, Error> {
    let mut texts = Texts::new();
    for paper in Paper::ALL {
        let sql = "SELECT key, number, text FROM read_texts
            WHERE subscription = $1 AND stream = $2 ORDER BY key, place";
        let of = params![subscription, paper.stream()];
        let rows: Vec<(String, i64, String)> = subscriber.read().await?.query(sql, of).await?;
        for (key, number, text) in rows {
            let text = serde_json::from_str(&text).unwrap_or(text);
            texts.entry((paper, key)).or_default().push((number, text));
        }
    }
    Ok(texts)
}
