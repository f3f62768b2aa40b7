//! How much every subscription still owes: head minus cursor, exactly.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Error, Installation, outbox, params, publisher};

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
    /// Events published and not yet applied or parked.
    pub lag: u64,
    /// Events that are tried again or wait behind one.
    pub parked: u64,
    /// Events that a person must decide about.
    pub dead: u64,
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

/// Every stream with its head.
///
/// # Errors
/// As statements.
pub async fn streams(installation: &Installation) -> Result<Vec<StreamStatus>, Error> {
    let mut all = Vec::new();
    for (handle, info) in installation.streams() {
        let heads = outbox::heads(&mut handle.read().await?, info.name).await?;
        all.push(StreamStatus {
            stream: info.name.to_owned(),
            service: handle.name().to_owned(),
            head: heads.iter().map(|(_, head)| head).sum(),
        });
    }
    Ok(all)
}

/// Every subscription with its lag.
///
/// # Errors
/// As statements.
pub async fn subscriptions(installation: &Installation) -> Result<Vec<SubscriptionStatus>, Error> {
    let mut all = Vec::new();
    for subscription in installation.subscriptions() {
        let producer = installation
            .streams()
            .find(|(_, stream)| stream.name == subscription.stream);
        let heads = match producer {
            Some((handle, _)) => {
                outbox::heads(&mut handle.read().await?, subscription.stream).await?
            }
            None => Vec::new(),
        };
        let mut conn = subscription.service.read().await?;
        let sql =
            "SELECT slot, sequence FROM tidings_cursors WHERE subscription = $1 AND stream = $2";
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
        let owed = heads
            .iter()
            .map(|(slot, head)| head.saturating_sub(cursors.get(slot).copied().unwrap_or(0)));
        all.push(SubscriptionStatus {
            service: subscription.service.name().to_owned(),
            name: subscription.name.to_owned(),
            stream: subscription.stream.to_owned(),
            lag: owed.sum(),
            parked,
            dead,
        });
    }
    Ok(all)
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
