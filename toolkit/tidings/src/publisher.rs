//! Hands a service's events to the bus: one publisher per stream, behind the outbox.
//!
//! It reads the outbox in the order of numbering from where it has come to, waits until the
//! broker has acknowledged a batch, and moves its position while it hands over the next, once per
//! batch and only if it still is where it was read. It never works in a transaction of the service, and holds none
//! while it waits for the broker. After a crash at any point, and when two instances publish at
//! once, the broker gets events twice; readers drop what they have.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::alert::{self, Alert};
use crate::db::{Conn, Migration};
use crate::feed::Bus;
use crate::handle::Handle;
use crate::outbox::Page;
use crate::{Dialect, Envelope, Error, Setup, StreamInfo, Timestamp, chain, crash, outbox, params};

/// Enough that the broker's acknowledgements cost little; a batch is repeated if one is missing.
const BATCH: u32 = 500;
/// How far a quiet stream's position may stay behind what its neighbours have written: a start,
/// and whoever asks for the lag, look through as much.
const STRIDE: i64 = 10_000;
/// How long the broker may take for a batch.
const BATCH_LIMIT: Duration = Duration::from_secs(30);
/// How long a broker may be away before an operator is told.
const PATIENCE: Duration = Duration::from_secs(60);
const ALERT: &str = "bus";

pub(crate) const MIGRATION: Migration = Migration::new(
    "tidings_0012_bus",
    "CREATE TABLE tidings_published (
        bus TEXT NOT NULL, stream TEXT NOT NULL, position BIGINT NOT NULL,
        PRIMARY KEY (bus, stream)
    )",
);

impl Setup {
    /// Hands the events of every stream that is written here to a broker, for readers in other
    /// processes, who get them with [`Bus::transport`]. Subscriptions in this process go on
    /// reading the outbox.
    ///
    /// A broker that is away delays nothing here: what was not handed over stays in the outbox,
    /// and readers can ask for it there. When events have waited for it for a minute, an alert
    /// of kind `bus` opens; it closes by itself.
    #[must_use]
    pub fn bus(mut self, bus: Arc<dyn Bus>) -> Self {
        self.bus = Some(bus);
        self
    }
}

/// Hands one stream to the bus.
pub(crate) struct Publisher {
    service: Handle,
    stream: StreamInfo,
    bus: Arc<dyn Bus>,
    /// Gone after every fault, so that the next step starts from what is stored.
    place: Option<Place>,
    /// What was read while something else was handed over.
    ahead: Option<Page>,
    /// Events in the next batch: few when they are large.
    batch: u32,
    /// The broker has nothing that was never published, as far as it was asked.
    has_compared: bool,
    /// Since when the broker has not taken what waits for it.
    away_since: Option<Timestamp>,
    /// Unknown after a start: an earlier process may have opened it.
    has_alert: Option<bool>,
}

/// Up to where the outbox was handed over.
#[derive(Clone, Copy)]
struct Place {
    /// What the table says.
    stored: i64,
    /// What the broker has acknowledged; stored with the next batch, or when there is none.
    handed: i64,
    /// Behind it there is nothing of this stream up to here. The publisher of a quiet stream
    /// would else look through all that its busy neighbours have written, at every commit.
    seen: i64,
}

impl Place {
    fn at(position: i64) -> Self {
        Self {
            stored: position,
            handed: position,
            seen: position,
        }
    }
}

impl Publisher {
    pub(crate) fn new(service: Handle, stream: StreamInfo, bus: Arc<dyn Bus>) -> Self {
        Self {
            service,
            stream,
            bus,
            place: None,
            ahead: None,
            batch: outbox::BATCH_FIRST,
            has_compared: false,
            away_since: None,
            has_alert: None,
        }
    }

    /// Who gets the events.
    pub(crate) fn bus(&self) -> &dyn Bus {
        &*self.bus
    }

    /// Where to wait for more.
    pub(crate) fn wakes(&self) -> watch::Receiver<u64> {
        self.service.0.published.subscribe()
    }

    /// Hands over what comes next. Says whether there was anything.
    pub(crate) async fn step(&mut self) -> Result<bool, Error> {
        let outcome = self.publish_next().await;
        match &outcome {
            Ok(_) => self.is_back().await?,
            Err(Error::Bus(_)) => {
                (self.place, self.ahead) = (None, None);
                self.is_away(&outcome).await?;
            }
            Err(_) => {
                // It may have been another database that came back.
                (self.place, self.ahead, self.has_compared) = (None, None, false);
            }
        }
        outcome
    }

    async fn publish_next(&mut self) -> Result<bool, Error> {
        if !self.has_compared {
            self.compare().await?;
        }
        let place = match self.place {
            Some(place) => place,
            None => Place::at(self.load().await?),
        };
        let Page {
            events,
            next,
            is_last,
        } = match self.ahead.take() {
            Some(ahead) => ahead,
            None => self.read(place.seen).await?,
        };
        if events.is_empty() {
            self.rest(place, next).await?;
            return Ok(false);
        }
        self.batch = outbox::fitting(&events, BATCH);
        crash::point("B0").await;
        let ahead = async {
            match is_last {
                true => Ok(None),
                false => self.read(next).await.map(Some),
            }
        };
        let (published, ahead, stored) =
            tokio::join!(self.hand_over(&events), ahead, self.store(place));
        published?;
        crash::point("B1").await;
        self.place = stored?.map(|place| Place {
            handed: next,
            seen: next,
            ..place
        });
        self.ahead = ahead?.filter(|_| self.place.is_some());
        crash::point("B2").await;
        Ok(true)
    }

    async fn read(&self, from: i64) -> Result<Page, Error> {
        let mut conn = self.service.read().await?;
        let page = outbox::read_from(&mut conn, self.stream.name, from, self.batch).await?;
        drop(conn);
        // Nobody may see what is not on disk yet, or readers are ahead after a power cut.
        self.service.db().wait_synced().await?;
        Ok(page)
    }

    async fn hand_over(&self, events: &[Envelope]) -> Result<(), Error> {
        tokio::select! {
            biased;
            published = self.bus.publish(&self.stream, events) => published,
            () = self.service.clock().sleep(BATCH_LIMIT) => {
                Err(Error::Bus("the broker took too long".into()))
            }
        }
    }

    /// There is nothing to hand over: stores what was, and goes on past what others have
    /// written. Back to the beginning when there is nothing that far: positions count anew in
    /// another database, and in a table of which retention has left nothing.
    async fn rest(&mut self, place: Place, next: i64) -> Result<(), Error> {
        let mut conn = self.service.read().await?;
        let last = outbox::last_position(&mut conn, self.stream.name).await?;
        drop(conn);
        let (handed, seen) = match next.max(place.seen) {
            _ if last < place.stored => (0, 0),
            seen if seen - place.handed >= STRIDE => (seen, seen),
            seen => (place.handed, seen),
        };
        let place = Place {
            handed,
            seen,
            ..place
        };
        self.place = self.store(place).await?;
        Ok(())
    }

    /// Has the broker forget a stream of which it has more than there is: the database went back
    /// in time, and readers that are behind must not take what it has forgotten for what it
    /// publishes now.
    async fn compare(&mut self) -> Result<(), Error> {
        // First the broker: what it has was published before.
        let there = self.bus.heads(&self.stream).await?;
        let mut conn = self.service.read().await?;
        let here: HashMap<u16, u64> = outbox::heads(&mut conn, self.stream.name)
            .await?
            .into_iter()
            .collect();
        drop(conn);
        let is_unknown = |(slot, head): &(u16, u64)| here.get(slot).is_none_or(|own| head > own);
        if let Some((slot, head)) = there.iter().find(|head| is_unknown(head)) {
            tracing::warn!(
                bus = self.bus.name(),
                stream = self.stream.name,
                slot,
                head,
                "the broker has events that this database does not know; it must forget the stream"
            );
            self.bus.forget(&self.stream).await?;
        }
        self.has_compared = true;
        Ok(())
    }

    async fn load(&self) -> Result<i64, Error> {
        let find = "SELECT position FROM tidings_published WHERE bus = $1 AND stream = $2";
        let names = params![self.bus.name(), self.stream.name];
        let mut conn = self.service.read().await?;
        if let Some((position,)) = conn.query_opt::<(i64,)>(find, names).await? {
            return Ok(position);
        }
        drop(conn);
        let db = self.service.db();
        let mut conn = db.begin().await?;
        let insert = "INSERT INTO tidings_published (bus, stream, position) VALUES ($1, $2, 0)
            ON CONFLICT DO NOTHING";
        conn.execute(insert, names).await?;
        db.commit(conn).await?;
        Ok(0)
    }

    /// Stores what was handed over, if nobody else has moved the position; else the next step
    /// loads it anew.
    ///
    /// Not in a [`Tx`](crate::Tx), because nobody who waits for changes needs to hear of it.
    async fn store(&self, place: Place) -> Result<Option<Place>, Error> {
        if place.handed == place.stored {
            return Ok(Some(place));
        }
        let db = self.service.db();
        let mut conn = db.begin().await?;
        let sql = "UPDATE tidings_published SET position = $4
            WHERE bus = $1 AND stream = $2 AND position = $3";
        let row = params![
            self.bus.name(),
            self.stream.name,
            place.stored,
            place.handed
        ];
        let touched = conn.execute(sql, row).await?;
        db.commit(conn).await?;
        let stored = place.handed;
        Ok((touched == 1).then_some(Place { stored, ..place }))
    }

    /// Tells an operator once the broker has been away for long. Nobody who writes waits for it.
    async fn is_away(&mut self, outcome: &Result<bool, Error>) -> Result<(), Error> {
        let now = self.service.now();
        let since = *self.away_since.get_or_insert(now);
        if self.has_alert == Some(true) || now.since(since) < PATIENCE {
            return Ok(());
        }
        let cause = outcome
            .as_ref()
            .err()
            .map_or_else(String::new, |e| chain(e));
        let text = format!(
            "{} has taken no events of {} since {since}; readers elsewhere ask this service: {cause}",
            self.bus.name(),
            self.stream.name
        );
        let mut tx = self.service.begin_own().await?;
        alert::open_one(&mut tx, &Alert::new(ALERT, &self.subject(), text)).await?;
        tx.commit().await?;
        self.has_alert = Some(true);
        Ok(())
    }

    /// Nothing waits for the broker any more, or it has taken some of it.
    async fn is_back(&mut self) -> Result<(), Error> {
        self.away_since = None;
        if self.has_alert == Some(false) {
            return Ok(());
        }
        let mut conn = self.service.read().await?;
        let sql = "SELECT count(*) FROM tidings_alerts
            WHERE kind = $1 AND subject = $2 AND closed_at IS NULL";
        let (open,): (i64,) = conn.query_one(sql, params![ALERT, self.subject()]).await?;
        drop(conn);
        if open > 0 {
            let mut tx = self.service.begin_own().await?;
            alert::close(&mut tx, ALERT, &self.subject()).await?;
            tx.commit().await?;
        }
        self.has_alert = Some(false);
        Ok(())
    }

    fn subject(&self) -> String {
        format!("{} {}", self.bus.name(), self.stream.name)
    }
}

/// How many events of a stream have not been handed over.
pub(crate) async fn lag(conn: &mut Conn, bus: &str, stream: &str) -> Result<u64, Error> {
    let (table, stream_is) = match conn.dialect() {
        Dialect::Sqlite => ("tidings_outbox", "+stream = $2"),
        Dialect::Postgres => ("tidings_numbers", "stream = $2"),
    };
    // Counting all of a long backlog would cost more than the number is worth.
    let sql = format!(
        "SELECT count(*) FROM (
            SELECT 1 FROM {table} WHERE {stream_is} AND position > coalesce((
                SELECT position FROM tidings_published WHERE bus = $1 AND stream = $2), 0)
            LIMIT 100000) AS waiting"
    );
    let (waiting,): (u64,) = conn.query_one(&sql, params![bus, stream]).await?;
    Ok(waiting)
}
