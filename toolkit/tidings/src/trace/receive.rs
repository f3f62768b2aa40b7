//! What the subscriptions did with the events of a flow: read for all events of a subscription
//! at once, because a flow may have thousands.

use std::collections::HashMap;

use super::gather::Gathered;
use crate::find::ReceptionState;
use crate::subscription::{DeadEvent, RetriedEvent};
use crate::{Error, EventId, Installation, SubscriptionInfo, Timestamp, alert, chain, params};

/// Parked events of one subscription that are read at the most.
const PARKED_MOST: u32 = 10_000;

/// What a service did with an event, by all of its subscriptions of the stream.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) service: &'static str,
    /// The subscriptions, if there are several: the one that is worst off first.
    pub(super) subscriptions: Vec<&'static str>,
    pub(super) state: ReceptionState,
    pub(super) attempts: Option<u32>,
    pub(super) error: Option<String>,
    pub(super) applied_at: Option<Timestamp>,
}

/// By event.
pub(super) type ByEvent = HashMap<EventId, Vec<Received>>;

/// What every subscription did; and the services that did not answer.
pub(super) async fn all(
    installation: &Installation,
    id: &str,
    flow: &Gathered,
) -> (ByEvent, Vec<&'static str>) {
    let streams = flow.streams();
    let readers = installation.subscriptions().iter();
    let mut received = ByEvent::new();
    let mut silent = Vec::new();
    for of in readers.filter(|one| streams.contains(one.stream)) {
        let standing = match Standing::read(of, id).await {
            Ok(standing) => standing,
            Err(error) => {
                let service = of.service.name();
                tracing::warn!(service, error = %chain(&error), "a subscription could not be read");
                silent.push(service);
                continue;
            }
        };
        let mask = installation.mask();
        let told = flow.events.iter();
        for told in told.filter(|told| told.event.id.stream == of.stream) {
            let mut one = standing.of(of, &told.event.id);
            one.error = one.error.map(|error| mask.text(&error, &told.event.data));
            add(received.entry(told.event.id.clone()).or_default(), one);
        }
    }
    (received, silent)
}

/// Two subscriptions of one service are shown as one: nobody knows which of them has led to what.
fn add(all: &mut Vec<Received>, one: Received) {
    let Some(known) = all.iter_mut().find(|other| other.service == one.service) else {
        all.push(one);
        return;
    };
    let mut both = [known.clone(), one];
    both.sort_by_key(|one| one.state);
    let [worst, better] = both;
    *known = worst;
    known.subscriptions.extend(better.subscriptions);
    known.attempts = known.attempts.max(better.attempts);
    known.error = known.error.take().or(better.error);
    known.applied_at = known.applied_at.max(better.applied_at);
}

/// Where a subscription stands in the slots of a stream.
struct Standing {
    cursors: HashMap<u16, u64>,
    starts: HashMap<u16, u64>,
    stopped: Vec<u16>,
    parked: HashMap<EventId, DeadEvent>,
    retried: HashMap<EventId, RetriedEvent>,
}

impl Standing {
    async fn read(of: &SubscriptionInfo, id: &str) -> Result<Self, Error> {
        let mut conn = of.service.read().await?;
        let own = params![of.name, of.stream];
        let sql = "SELECT slot, sequence FROM tidings_cursors
            WHERE subscription = $1 AND stream = $2";
        let cursors: Vec<(u16, u64)> = conn.query(sql, own).await?;
        let sql = "SELECT slot, sequence FROM tidings_starts
            WHERE subscription = $1 AND stream = $2";
        let starts: Vec<(u16, u64)> = conn.query(sql, own).await?;
        let sql = format!(
            "SELECT * FROM tidings_parked WHERE subscription = $1 AND stream = $2
                AND correlation_id = $3 LIMIT {PARKED_MOST}"
        );
        let own = params![of.name, of.stream, id];
        let parked: Vec<DeadEvent> = conn.query(&sql, own).await?;
        let sql = "SELECT * FROM tidings_retried WHERE subscription = $1 AND stream = $2
            AND correlation_id = $3";
        let retried: Vec<RetriedEvent> = conn.query(sql, own).await?;
        // One connection is enough for who asks for the alerts, too.
        drop(conn);
        let stopped = alert::stopped(of).await?;
        let parked = parked.into_iter().map(|one| (one.event.id.clone(), one));
        let retried = retried.into_iter().map(|one| (one.event.clone(), one));
        Ok(Self {
            cursors: cursors.into_iter().collect(),
            starts: starts.into_iter().collect(),
            stopped: stopped.into_keys().collect(),
            parked: parked.collect(),
            retried: retried.collect(),
        })
    }

    fn of(&self, of: &SubscriptionInfo, event: &EventId) -> Received {
        let at = |table: &HashMap<u16, u64>| table.get(&event.slot).copied().unwrap_or(0);
        let mut received = Received {
            service: of.service.name(),
            subscriptions: vec![of.name],
            state: ReceptionState::Applied,
            attempts: None,
            error: None,
            applied_at: None,
        };
        if let Some(parked) = self.parked.get(event) {
            received.state = match parked.state.as_str() {
                "dead" => ReceptionState::Dead,
                "waiting" => ReceptionState::Waiting,
                _ => ReceptionState::Parked,
            };
            received.attempts = parked.first_failed_at.map(|_| parked.attempts);
            received.error = parked.error.clone();
        } else if event.sequence > at(&self.cursors) {
            received.state = match self.stopped.contains(&event.slot) {
                true => ReceptionState::Stopped,
                false => ReceptionState::Owed,
            };
        } else if let Some(retried) = self.retried.get(event) {
            received.attempts = Some(retried.attempts);
            received.error = Some(retried.error.clone());
            received.applied_at = Some(retried.applied_at);
        } else if event.sequence <= at(&self.starts) {
            received.state = ReceptionState::Before;
        }
        received
    }
}
