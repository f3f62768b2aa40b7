//! How much every subscription still owes: head minus cursor, exactly.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::db::Conn;
use crate::handle::Handle;
pub use crate::instance::{InstanceShare, InstanceStatus, instances};
use crate::subscription::{Paused, pause};
use crate::{
    Error, Installation, SubscriptionInfo, Timestamp, chain, history, outbox, params, publisher,
};

/// A stream, and how many events it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StreamStatus {
    /// The stream.
    pub stream: String,
    /// The service that writes it.
    pub service: String,
    /// The sum of its slots' heads: every event ever published.
    pub head: u64,
}

/// A subscription, and how many events it has yet to apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriptionStatus {
    /// The service that subscribes.
    pub service: String,
    /// The subscription.
    pub name: String,
    /// The stream it reads.
    pub stream: String,
    /// Events published and not yet applied or parked. What was compacted away does not count. Of
    /// a producer that can only be asked over the network it does, for as long as the subscription
    /// is behind it, because heads are all that is told there.
    pub lag: u64,
    /// Events that are tried again or wait behind one.
    pub parked: u64,
    /// Events that a person must decide about.
    pub dead: u64,
    /// Who has paused it, if somebody has: it applies nothing until it is resumed.
    pub paused: Option<Paused>,
}

/// A subscription, and since when it owes what it owes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OldestOwed {
    /// The service that subscribes.
    pub service: String,
    /// The subscription.
    pub name: String,
    /// The stream it reads.
    pub stream: String,
    /// When the oldest event was published that is not applied yet; nothing when all are.
    pub since: Option<Timestamp>,
}

/// A stream that is handed to a bus, and how much of it has not been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BusStatus {
    /// The bus.
    pub bus: String,
    /// The service that writes the stream.
    pub service: String,
    /// The stream.
    pub stream: String,
    /// Events that wait to be handed over; more than 100,000 are not counted.
    pub lag: u64,
}

/// Every stream with its head. Of services elsewhere only what can be seen from here; what
/// cannot just now is left out, and logged.
///
/// # Errors
/// As statements, about services that run here.
pub async fn streams(installation: &Installation) -> Result<Vec<StreamStatus>, Error> {
    let mut all = Vec::new();
    for (handle, info) in installation.streams() {
        all.extend(seen(handle, stream(handle, info.name).await)?);
    }
    Ok(all)
}

/// One stream of a service, with its head.
///
/// # Errors
/// As statements.
pub async fn stream(service: &Handle, name: &str) -> Result<StreamStatus, Error> {
    let heads = heads(service, name).await?;
    Ok(StreamStatus {
        stream: name.to_owned(),
        service: service.name().to_owned(),
        head: heads.iter().map(|(_, head)| head).sum(),
    })
}

async fn heads(service: &Handle, stream: &str) -> Result<Vec<(u16, u64)>, Error> {
    outbox::heads(&mut service.read().await?, stream).await
}

/// One service that is away does not hide the others.
pub(crate) fn seen<T>(service: &Handle, outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error) if service.runs_here() => Err(error),
        Err(error) => {
            // Whoever looks has a hole to see; the log is for who does not look.
            let (service, error) = (service.name(), chain(&error));
            tracing::info!(service, error, "a service elsewhere cannot be looked into");
            Ok(None)
        }
    }
}

/// Every subscription with its lag. Of services elsewhere only what can be seen from here, and
/// none of those whose producer can be neither seen nor asked just now: nobody knows what they
/// owe.
///
/// # Errors
/// As statements, about services that run here.
pub async fn subscriptions(installation: &Installation) -> Result<Vec<SubscriptionStatus>, Error> {
    let mut all = Vec::new();
    for one in installation.subscriptions() {
        all.extend(subscription(installation, one).await?);
    }
    Ok(all)
}

/// One subscription with its lag; nothing where it, or its producer elsewhere, can be neither
/// seen nor asked.
///
/// # Errors
/// As statements, about services that run here.
pub async fn subscription(
    installation: &Installation,
    one: &SubscriptionInfo,
) -> Result<Option<SubscriptionStatus>, Error> {
    let Some(produced) = produced_for(installation, one).await? else {
        return Ok(None);
    };
    seen(&one.service, status(one, produced).await)
}

/// Every stream that is handed to a bus.
///
/// # Errors
/// As statements.
pub async fn buses(installation: &Installation) -> Result<Vec<BusStatus>, Error> {
    let mut all = Vec::new();
    for (handle, stream, bus) in &installation.on_bus {
        let lag = publisher::lag(&mut handle.read().await?, bus, stream).await?;
        all.push(BusStatus {
            bus: (*bus).to_owned(),
            service: handle.name().to_owned(),
            stream: (*stream).to_owned(),
            lag,
        });
    }
    Ok(all)
}

/// Of every subscription that runs here, since when it owes what it owes. Of a producer that can
/// only be asked over the network nobody knows: those are left out.
///
/// # Errors
/// As statements, about services that run here.
pub async fn oldest(installation: &Installation) -> Result<Vec<OldestOwed>, Error> {
    let mut all = Vec::new();
    let here = installation.subscriptions().iter();
    for subscription in here.filter(|one| one.service.runs_here()) {
        let mut streams = installation.streams();
        let producer = streams.find(|(_, stream)| stream.name == subscription.stream);
        let Some((producer, _)) = producer else {
            continue;
        };
        let since = since(subscription, producer).await;
        if let Some(since) = seen(producer, since)? {
            all.push(OldestOwed {
                service: subscription.service.name().to_owned(),
                name: subscription.name.to_owned(),
                stream: subscription.stream.to_owned(),
                since,
            });
        }
    }
    Ok(all)
}

/// What a subscription reads.
#[derive(Default)]
struct Produced<'a> {
    heads: Vec<(u16, u64)>,
    /// Who writes it, if that can be seen from here.
    by: Option<&'a Handle>,
}

async fn produced_for<'a>(
    installation: &'a Installation,
    subscription: &SubscriptionInfo,
) -> Result<Option<Produced<'a>>, Error> {
    let mut streams = installation.streams();
    let producer = streams.find(|(_, stream)| stream.name == subscription.stream);
    if let Some((handle, stream)) = producer {
        let heads = seen(handle, heads(handle, stream.name).await)?;
        let by = Some(handle);
        return Ok(heads.map(|heads| Produced { heads, by }));
    }
    let Some(feed) = &subscription.feed else {
        return Ok(Some(Produced::default()));
    };
    match feed.0.heads(subscription.stream).await {
        Ok(heads) => Ok(Some(Produced { heads, by: None })),
        Err(error) => {
            let (stream, error) = (subscription.stream, chain(&error));
            tracing::info!(stream, error, "the producer of a stream cannot be asked");
            Ok(None)
        }
    }
}

/// When the oldest event was published that a subscription has yet to apply; nothing where it
/// owes none, or its producer cannot be looked into from here.
///
/// # Errors
/// As statements.
pub async fn owes_since(
    installation: &Installation,
    subscription: &SubscriptionInfo,
) -> Result<Option<Timestamp>, Error> {
    let mut streams = installation.streams();
    let producer = streams.find(|(_, stream)| stream.name == subscription.stream);
    match producer {
        Some((producer, _)) => since(subscription, producer).await,
        None => Ok(None),
    }
}

/// A look at the index for each slot that is behind.
async fn since(of: &SubscriptionInfo, producer: &Handle) -> Result<Option<Timestamp>, Error> {
    let heads = heads(producer, of.stream).await?;
    let sql = "SELECT slot, sequence FROM tidings_cursors WHERE subscription = $1 AND stream = $2";
    let names = params![of.name, of.stream];
    let mut conn = of.service.read().await?;
    let cursors: Vec<(u16, u64)> = conn.query(sql, names).await?;
    drop(conn);
    let cursors: BTreeMap<u16, u64> = cursors.into_iter().collect();
    let owed = heads.into_iter().map(|(slot, head)| {
        let cursor = cursors.get(&slot).copied().unwrap_or(0);
        (slot, (cursor, head))
    });
    let owed = owed.filter(|(_, (cursor, head))| cursor < head).collect();
    oldest_owed(&mut producer.read().await?, of.stream, &owed).await
}

/// When the oldest was published of what comes next in each slot, by its cursor and head.
pub(crate) async fn oldest_owed(
    conn: &mut Conn,
    stream: &str,
    owed: &BTreeMap<u16, (u64, u64)>,
) -> Result<Option<Timestamp>, Error> {
    let mut oldest: Option<Timestamp> = None;
    for (&slot, &(cursor, _)) in owed {
        let next = history::read_page(conn, stream, slot, cursor, 1).await?;
        if let Some(next) = next.events.first() {
            oldest = Some(oldest.map_or(next.time, |at| at.min(next.time)));
        }
    }
    Ok(oldest)
}

async fn status(
    subscription: &SubscriptionInfo,
    Produced { heads, by }: Produced<'_>,
) -> Result<SubscriptionStatus, Error> {
    let mut conn = subscription.service.read().await?;
    let sql = "SELECT slot, sequence FROM tidings_cursors WHERE subscription = $1 AND stream = $2";
    let names = params![subscription.name, subscription.stream];
    let cursors: BTreeMap<u16, u64> = conn
        .query::<(u16, u64)>(sql, names)
        .await?
        .into_iter()
        .collect();
    let sql = "SELECT count(CASE WHEN state <> 'dead' THEN 1 END),
            count(CASE WHEN state = 'dead' THEN 1 END)
        FROM tidings_parked WHERE subscription = $1 AND stream = $2";
    let (parked, dead): (u64, u64) = conn.query_one(sql, names).await?;
    let paused = pause::of(&mut conn, subscription.name).await?;
    // One connection is enough for who asks both.
    drop(conn);
    let owed = heads
        .iter()
        .map(|(slot, head)| head.saturating_sub(cursors.get(slot).copied().unwrap_or(0)));
    let mut lag: u64 = owed.sum();
    if let (Some(producer), true) = (by, lag > 0) {
        let mut conn = producer.read().await?;
        let compacted = history::compacted_behind(&mut conn, subscription.stream, &cursors).await?;
        lag = lag.saturating_sub(compacted);
    }
    Ok(SubscriptionStatus {
        service: subscription.service.name().to_owned(),
        name: subscription.name.to_owned(),
        stream: subscription.stream.to_owned(),
        lag,
        parked,
        dead,
        paused,
    })
}
