//! What every subscription did with one event.

use serde::Serialize;

use crate::db::Conn;
use crate::outbox::as_i64;
use crate::subscription::{DeadEvent, retried};
use crate::{
    Error, EventId, FromRow, Installation, SubscriptionInfo, Timestamp, alert, chain, params,
};

/// Where an event stands at a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceptionState {
    /// Nobody knows: the database of its service does not answer.
    Unknown,
    /// A person must decide about it.
    Dead,
    /// It failed and is tried again.
    Parked,
    /// It waits behind an earlier event of its key that failed.
    Waiting,
    /// The slot stands still until a person decides.
    Stopped,
    /// The subscription has yet to come to it.
    Owed,
    /// A person has given it up.
    Discarded,
    /// It was applied: its effects and the cursor were committed together.
    Applied,
    /// The subscription began behind it.
    Before,
}

/// What an operator has decided about an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, FromRow)]
pub struct Decision {
    /// What was done: `retry`, `discard` …
    pub act: String,
    /// Who did it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub note: Option<String>,
}

/// What a subscription did with an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reception {
    /// The service that subscribes.
    pub service: &'static str,
    /// The subscription.
    pub subscription: &'static str,
    /// Where the event stands.
    pub state: ReceptionState,
    /// How often it was tried, where it failed.
    pub attempts: Option<u32>,
    /// Why the last try that failed did, or why the slot stands still.
    pub error: Option<String>,
    /// When it first failed.
    pub first_failed_at: Option<Timestamp>,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
    /// When it was applied, of an event that failed before; of others nobody notes it.
    pub applied_at: Option<Timestamp>,
    /// What operators have decided about it, oldest first.
    pub decisions: Vec<Decision>,
}

impl Reception {
    fn of(subscription: &SubscriptionInfo, state: ReceptionState) -> Self {
        Self {
            service: subscription.service.name(),
            subscription: subscription.name,
            state,
            attempts: None,
            error: None,
            first_failed_at: None,
            next_at: None,
            applied_at: None,
            decisions: Vec::new(),
        }
    }
}

/// What every subscription that can be seen from here did with an event. One whose database does
/// not answer is [`ReceptionState::Unknown`].
pub async fn receptions(installation: &Installation, event: &EventId) -> Vec<Reception> {
    let readers = installation.subscriptions().iter();
    let readers = readers.filter(|subscription| subscription.stream == event.stream);
    let mut all = Vec::new();
    for subscription in readers {
        all.push(match reception(subscription, event).await {
            Ok(reception) => reception,
            Err(error) => {
                let service = subscription.service.name();
                tracing::warn!(service, error = %chain(&error), "a subscription could not be read");
                Reception::of(subscription, ReceptionState::Unknown)
            }
        });
    }
    all
}

async fn reception(of: &SubscriptionInfo, event: &EventId) -> Result<Reception, Error> {
    let mut conn = of.service.read().await?;
    let sequence = as_i64(event.sequence);
    let address = params![of.name, &event.stream, event.slot, sequence];
    let sql = "SELECT * FROM tidings_parked
        WHERE subscription = $1 AND stream = $2 AND slot = $3 AND sequence = $4";
    let parked: Option<DeadEvent> = conn.query_opt(sql, address).await?;
    let decisions = decisions(&mut conn, of, event).await?;
    let slot = params![of.name, &event.stream, event.slot];
    let cursor = at(&mut conn, "tidings_cursors", slot).await?;
    let began = at(&mut conn, "tidings_starts", slot).await?;
    let retried = retried::of_event(&mut conn, of.name, event).await?;
    // One connection is enough for who asks for the alerts, too.
    drop(conn);
    let is_discarded = decisions.last().is_some_and(|last| last.act == "discard");
    let mut reception = Reception::of(of, ReceptionState::Applied);
    if let Some(parked) = parked {
        reception.state = match parked.state.as_str() {
            "dead" => ReceptionState::Dead,
            "waiting" => ReceptionState::Waiting,
            _ => ReceptionState::Parked,
        };
        let is_tried = reception.state == ReceptionState::Parked;
        reception.attempts = parked.first_failed_at.map(|_| parked.attempts);
        reception.first_failed_at = parked.first_failed_at;
        reception.next_at = is_tried.then_some(parked.next_at);
        reception.error = parked.error;
    } else if event.sequence > cursor {
        let stopped = alert::stopped(of).await?.remove(&event.slot);
        reception.state = match stopped {
            Some(_) => ReceptionState::Stopped,
            None => ReceptionState::Owed,
        };
        reception.error = stopped.map(|alert| alert.text);
    } else if is_discarded {
        reception.state = ReceptionState::Discarded;
    } else if let Some(retried) = retried {
        reception.attempts = Some(retried.attempts);
        reception.error = Some(retried.error);
        reception.first_failed_at = Some(retried.first_failed_at);
        reception.applied_at = Some(retried.applied_at);
    } else if event.sequence <= began {
        reception.state = ReceptionState::Before;
    }
    reception.decisions = decisions;
    Ok(reception)
}

/// The sequence of a slot in a table of them; 0 where there is none.
async fn at(conn: &mut Conn, table: &str, slot: &[crate::Value]) -> Result<u64, Error> {
    let sql = format!(
        "SELECT sequence FROM {table} WHERE subscription = $1 AND stream = $2 AND slot = $3"
    );
    let found: Option<(u64,)> = conn.query_opt(&sql, slot).await?;
    Ok(found.map_or(0, |(sequence,)| sequence))
}

/// Acts are few: there is one for each time that a person has decided something.
async fn decisions(
    conn: &mut Conn,
    of: &SubscriptionInfo,
    event: &EventId,
) -> Result<Vec<Decision>, Error> {
    let sql = "SELECT act, actor, at, note FROM tidings_acts WHERE subject = $1 ORDER BY id";
    let subject = format!("{} {event}", of.name);
    conn.query(sql, params![subject]).await
}
