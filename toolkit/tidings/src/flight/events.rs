//! Events, commands and replies: those that are stored, and those that are set aside.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Looking, OF_A_KIND, Place};
use crate::db::Conn;
use crate::installation::ServiceParts;
use crate::subscription::{DeadEvent, Subscription};
use crate::{Dialect, Envelope, Error, Kind, StreamInfo, history, outbox, params};

/// Positions that are read through in one statement.
const PART: i64 = 50_000;

impl Looking {
    /// Some of each kind that the stream holds. Of commands and replies only those that are
    /// still to come: what was carried out is never read again.
    pub(super) async fn events(
        &mut self,
        part: &ServiceParts,
        subscription: &Subscription,
        all: &[ServiceParts],
    ) -> Result<(), Error> {
        let stream = subscription.stream;
        let writes = |part: &&ServiceParts| {
            let streams = &part.handle.0.streams;
            streams.iter().any(|own| own.name == stream.name)
        };
        let Some(producer) = all.iter().find(writes) else {
            return Ok(());
        };
        let (place, events) = match stream.kind {
            Kind::Command => {
                let events = to_come(part, subscription, producer).await?;
                (Place::Command, events)
            }
            Kind::Business | Kind::State => {
                if !self.stored.contains_key(stream.name) {
                    let mut conn = producer.handle.0.db.read().await?;
                    let stored = stored(&mut conn, &stream).await?;
                    self.stored.insert(stream.name, stored);
                }
                let stored = self.stored.get(stream.name);
                (Place::Event, stored.cloned().unwrap_or_default())
            }
        };
        for event in &events {
            self.event(part, place, subscription, event);
        }
        Ok(())
    }

    pub(super) async fn parked(&mut self, part: &ServiceParts) -> Result<(), Error> {
        let mut conn = part.handle.0.db.read().await?;
        let sql = "SELECT * FROM (
                SELECT p.*, row_number() OVER (
                    PARTITION BY subscription, stream, type, version, state
                    ORDER BY slot, sequence) AS place
                FROM tidings_parked p
            ) AS p WHERE place <= $1 ORDER BY subscription, stream, slot, sequence";
        let parked: Vec<DeadEvent> = conn.query(sql, params![OF_A_KIND]).await?;
        for one in parked {
            let place = match one.state.as_str() {
                "dead" => Place::Dead,
                _ => Place::Parked,
            };
            let stream = one.event.id.stream.as_str();
            let mut own = part.subscriptions.iter();
            let of = own.find(|of| of.name == one.subscription && of.stream.name == stream);
            match of {
                Some(of) => self.event(part, place, of, &one.event),
                None => {
                    let reason = "there is no such subscription in this build".to_owned();
                    let kind = kind(&one.event, &one.subscription);
                    let address = one.event.id.to_string();
                    self.tried(part.handle.name(), place, kind, address, Err(reason), "");
                }
            }
        }
        Ok(())
    }

    fn event(
        &mut self,
        part: &ServiceParts,
        place: Place,
        subscription: &Subscription,
        event: &Envelope,
    ) {
        let outcome = subscription.handler.reads(event).map(drop);
        let kind = kind(event, subscription.name);
        let address = event.id.to_string();
        self.tried(
            part.handle.name(),
            place,
            kind,
            address,
            outcome,
            &event.data,
        );
    }
}

fn kind(event: &Envelope, subscription: &str) -> String {
    format!(
        "{} version {} for {subscription}",
        event.name, event.version
    )
}

/// The oldest and the newest of each kind of a stream. It reads through all of it once, in parts
/// that take no statement long.
async fn stored(conn: &mut Conn, stream: &StreamInfo) -> Result<Vec<Envelope>, Error> {
    let from = conn.dialect().pick(
        "tidings_outbox o",
        "tidings_numbers n JOIN tidings_outbox o ON o.id = n.outbox_id",
    );
    // SQLite would rather go through all of the stream for each part.
    let (of, of_stream) = match conn.dialect() {
        Dialect::Sqlite => ("o", "+o.stream"),
        Dialect::Postgres => ("n", "n.stream"),
    };
    let sql = format!(
        "SELECT o.type, o.version, min({of}.position), max({of}.position) FROM {from}
         WHERE {of_stream} = $1 AND {of}.position > $2 AND {of}.position <= $3
         GROUP BY o.type, o.version"
    );
    let mut kinds: BTreeMap<(String, u16), (i64, i64)> = BTreeMap::new();
    let end = outbox::last_position(conn, stream.name).await?;
    let mut after = 0;
    while after < end {
        let part = params![stream.name, after, after + PART];
        let found: Vec<(String, u16, i64, i64)> = conn.query(&sql, part).await?;
        for (name, version, oldest, newest) in found {
            let places = kinds.entry((name, version)).or_insert((oldest, newest));
            places.1 = newest;
        }
        after += PART;
    }
    let places = kinds
        .into_values()
        .flat_map(|(oldest, newest)| [oldest, newest]);
    let places: BTreeSet<i64> = places.collect();
    let sql = outbox::select(conn, "WHERE n.stream = $1 AND n.position = $2");
    let mut events = Vec::with_capacity(places.len());
    for place in places {
        events.extend(conn.query_opt(&sql, params![stream.name, place]).await?);
    }
    Ok(events)
}

/// What a subscription has yet to apply, the first of each kind and slot.
async fn to_come(
    part: &ServiceParts,
    subscription: &Subscription,
    producer: &ServiceParts,
) -> Result<Vec<Envelope>, Error> {
    let stream = subscription.stream.name;
    let sql = "SELECT slot, sequence FROM tidings_cursors WHERE subscription = $1 AND stream = $2";
    let mut conn = part.handle.0.db.read().await?;
    let cursors: Vec<(u16, u64)> = conn.query(sql, params![subscription.name, stream]).await?;
    let cursors: HashMap<u16, u64> = cursors.into_iter().collect();
    drop(conn);
    let mut conn = producer.handle.0.db.read().await?;
    let mut events: Vec<Envelope> = Vec::new();
    for (slot, head) in outbox::heads(&mut conn, stream).await? {
        let cursor = cursors.get(&slot).copied().unwrap_or_default();
        if cursor < head {
            let page = history::read_page(&mut conn, stream, slot, cursor, 5 * OF_A_KIND).await?;
            events.extend(page.events);
        }
    }
    let mut counts: HashMap<(String, u16), u32> = HashMap::new();
    events.retain(|event| {
        let count = counts
            .entry((event.name.clone(), event.version))
            .or_default();
        *count += 1;
        *count <= OF_A_KIND
    });
    Ok(events)
}
