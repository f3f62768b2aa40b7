//! Slots that stand still until a person decides, and the decision.

use std::collections::BTreeMap;

use super::{AHEAD, Alert, GONE, close};
use crate::feed::{Feed, LocalFeed};
use crate::outbox::as_i64;
use crate::{Error, Installation, Start, SubscriptionInfo, Tx, params};

/// The slots of a subscription's stream that stand still until a person decides, each with its
/// alert: `ahead`, or `gone`.
///
/// # Errors
/// As statements.
pub async fn stopped(of: &SubscriptionInfo) -> Result<BTreeMap<u16, Alert>, Error> {
    let sql = "SELECT * FROM tidings_alerts WHERE closed_at IS NULL AND kind IN ($1, $2)";
    let mut conn = of.service.read().await?;
    let all: Vec<Alert> = conn.query(sql, params![AHEAD, GONE]).await?;
    let before = format!("{} {}.", of.name, of.stream);
    let slot = |alert: &Alert| alert.subject.strip_prefix(&before)?.parse().ok();
    let stopped = all.into_iter();
    Ok(stopped
        .filter_map(|alert| Some((slot(&alert)?, alert)))
        .collect())
}

/// For each of these slots the last number that counts as applied when a subscription goes on
/// from there; its producer is asked.
///
/// # Errors
/// When the producer can be neither seen nor reached; try again.
pub async fn starts(
    installation: &Installation,
    of: &SubscriptionInfo,
    slots: &[u16],
    from: Start,
) -> Result<Vec<(u16, u64)>, Error> {
    let mut streams = installation.streams();
    let writer = streams.find(|(_, stream)| stream.name == of.stream);
    let starts = match (writer, &of.feed) {
        (Some((writer, _)), _) => {
            LocalFeed::new(writer.clone())
                .starts(of.stream, from)
                .await?
        }
        (None, Some(feed)) => feed.0.starts(of.stream, from).await?,
        (None, None) => {
            let text = format!("nobody here can ask who writes {}", of.stream);
            return Err(Error::ConnectionLost(text.into()));
        }
    };
    let starts: BTreeMap<u16, u64> = starts.into_iter().collect();
    let start = |slot: &u16| (*slot, starts.get(slot).copied().unwrap_or(0));
    Ok(slots.iter().map(start).collect())
}

/// A person's decision about several slots at once: [`settle`] of each, to the number that is
/// given for it, with the person's note. `false` when somebody else has decided about one of
/// them already: the transaction is to be dropped then, and nothing has changed.
///
/// # Errors
/// As statements.
pub async fn settle_slots(
    tx: &mut Tx,
    of: &SubscriptionInfo,
    slots: &[(u16, u64)],
    note: Option<&str>,
) -> Result<bool, Error> {
    for &(slot, sequence) in slots {
        if !settle_with(tx, of.name, of.stream, slot, sequence, note).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A person's decision about a slot whose producer went back in time, or no longer has what
/// comes next: its events count as applied up to `sequence`, and the subscription goes on from
/// there. `false` when somebody else has decided already.
///
/// With the producer's head, nothing is applied again and what was lost stays applied; what
/// the producer has written since it went back is passed over. With a lower number, events
/// after it are applied, those that were applied before a second time. The number that the
/// producer's backup ended with is the one after which nothing was applied yet of its new
/// history. Parked, waiting and dead events with higher numbers are given up with that: they
/// were of the lost history.
///
/// # Errors
/// As statements.
pub async fn settle(
    tx: &mut Tx,
    subscription: &str,
    stream: &str,
    slot: u16,
    sequence: u64,
) -> Result<bool, Error> {
    settle_with(tx, subscription, stream, slot, sequence, None).await
}

async fn settle_with(
    tx: &mut Tx,
    subscription: &str,
    stream: &str,
    slot: u16,
    sequence: u64,
    note: Option<&str>,
) -> Result<bool, Error> {
    let subject = format!("{subscription} {stream}.{slot}");
    let was_ahead = close(tx, AHEAD, &subject).await?;
    let was_gone = close(tx, GONE, &subject).await?;
    if !was_ahead && !was_gone {
        return Ok(false);
    }
    let sql = "UPDATE tidings_cursors SET sequence = $4, marked = NULL, mark = NULL
        WHERE subscription = $1 AND stream = $2 AND slot = $3";
    let row = params![subscription, stream, slot, as_i64(sequence)];
    tx.execute(sql, row).await?;
    // They were of the history that is lost, and events of their numbers come again.
    let sql = "DELETE FROM tidings_parked
        WHERE subscription = $1 AND stream = $2 AND slot = $3 AND sequence > $4";
    let given_up = tx.execute(sql, row).await?;
    let mut words = format!("goes on after {sequence}");
    if given_up > 0 {
        words += &format!(", {given_up} parked events of the lost history are given up");
    }
    if let Some(note) = note {
        words += &format!(": {note}");
    }
    crate::act::record(tx, "settle", &subject, Some(&words)).await?;
    Ok(true)
}
