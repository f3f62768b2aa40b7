//! Events that were put aside, as operators see them: what failed, how often, of what.

use serde::Serialize;

use crate::handle::Handle;
use crate::outbox::as_i64;
use crate::{Envelope, Error, EventId, FromRow, Row, Timestamp, Value, params};

/// The states of an event that was put aside, in the order in which they matter.
pub const STATES: [&str; 3] = ["dead", "parked", "waiting"];

/// An event that could not be applied, or that waits behind one.
#[derive(Clone, Debug, Serialize)]
pub struct DeadEvent {
    /// The subscription that could not apply it.
    pub subscription: String,
    /// The event, its data as it was received, or as an operator has edited it.
    pub event: Envelope,
    /// `parked`: tried again; `waiting`: behind a parked one; `dead`: a person must decide.
    pub state: String,
    /// Why the last try failed.
    pub error: Option<String>,
    /// The same for errors that differ only in names and numbers; good to find others alike.
    pub error_class: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again.
    pub next_at: Timestamp,
    /// When it first failed.
    pub first_failed_at: Option<Timestamp>,
    /// When it last failed.
    pub last_failed_at: Option<Timestamp>,
}

impl FromRow for DeadEvent {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            subscription: row.get("subscription")?,
            event: Envelope::from_row(row)?,
            state: row.get("state")?,
            error: row.get("error")?,
            error_class: row.get("error_class")?,
            attempts: row.get("attempts")?,
            next_at: row.get("next_at")?,
            first_failed_at: row.get("first_failed_at")?,
            last_failed_at: row.get("last_failed_at")?,
        })
    }
}

/// Which of the events that were put aside are asked for; all where nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// Those of one subscription.
    pub subscription: Option<String>,
    /// Those of one type: `order.paid`.
    pub event_type: Option<String>,
    /// Those that have failed of errors of one class, see [`DeadEvent::error_class`].
    pub error_class: Option<String>,
    /// Those whose error has this text in it.
    pub error: Option<String>,
}

impl Which {
    /// The condition, with the parameters 1 to 4.
    pub(super) fn condition(&self, dialect: crate::Dialect) -> (String, Vec<Value>) {
        let has = dialect.pick("instr(error, $4)", "strpos(error, $4)");
        let sql = format!(
            "($1 = '' OR subscription = $1) AND ($2 = '' OR type = $2)
             AND ($3 = '' OR coalesce(error_class, 'unknown') = $3) AND ($4 = '' OR {has} > 0)"
        );
        let text = |given: &Option<String>| given.clone().unwrap_or_default();
        let row = params![
            text(&self.subscription),
            text(&self.event_type),
            text(&self.error_class),
            text(&self.error)
        ];
        (sql, row.to_vec())
    }
}

/// The place of an event in the list: those that failed last are first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadPlace {
    /// When it last failed, in microseconds; 0 of one that only waits.
    pub at: i64,
    /// Its subscription.
    pub subscription: String,
    /// Its stream.
    pub stream: String,
    /// Its slot.
    pub slot: u16,
    /// Its number.
    pub sequence: u64,
}

impl DeadPlace {
    /// The place before everything that failed at this moment or earlier.
    #[must_use]
    pub fn before(at: i64) -> Self {
        Self {
            at,
            subscription: String::new(),
            stream: String::new(),
            slot: 0,
            sequence: 0,
        }
    }

    /// The place of an event.
    #[must_use]
    pub fn of(event: &DeadEvent) -> Self {
        let id = &event.event.id;
        Self {
            at: event.last_failed_at.map_or(0, Timestamp::as_micros),
            subscription: event.subscription.clone(),
            stream: id.stream.clone(),
            slot: id.slot,
            sequence: id.sequence,
        }
    }
}

/// Events that were put aside, those that failed last first: of one state or all, behind a place
/// of the list for the next page.
///
/// # Errors
/// As statements.
pub async fn list(
    service: &Handle,
    state: Option<&str>,
    which: &Which,
    after: Option<&DeadPlace>,
    limit: u32,
) -> Result<Vec<DeadEvent>, Error> {
    let mut conn = service.read().await?;
    let (condition, mut row) = which.condition(conn.dialect());
    let last = DeadPlace::before(i64::MAX);
    let after = after.unwrap_or(&last);
    row.extend_from_slice(params![
        after.at,
        &after.subscription,
        &after.stream,
        after.slot,
        as_i64(after.sequence),
        limit
    ]);
    let mut all: Vec<DeadEvent> = Vec::new();
    // A state at a time, so that the index gives them in their order.
    for state in STATES
        .iter()
        .filter(|one| state.is_none_or(|state| state == **one))
    {
        // What only waits has not failed.
        let (at, order, only) = match *state {
            "waiting" => ("CAST(0 AS BIGINT)", "", "AND last_failed_at IS NULL"),
            _ => ("last_failed_at", "last_failed_at DESC,", ""),
        };
        let sql = format!(
            "SELECT * FROM tidings_parked WHERE state = '{state}' {only} AND {condition}
                AND ({at}, subscription, stream, slot, sequence) < ($5, $6, $7, $8, $9)
            ORDER BY {order} subscription DESC, stream DESC, slot DESC, sequence DESC LIMIT $10"
        );
        all.extend(conn.query::<DeadEvent>(&sql, &row).await?);
    }
    all.sort_by_cached_key(|event| std::cmp::Reverse(DeadPlace::of(event)));
    all.truncate(limit as usize);
    Ok(all)
}

/// One event that was put aside; `None` when it is not (any more).
///
/// # Errors
/// As statements.
pub async fn get(
    service: &Handle,
    subscription: &str,
    event: &EventId,
) -> Result<Option<DeadEvent>, Error> {
    let mut conn = service.read().await?;
    conn.query_opt(ONE, &address(subscription, event)).await
}

pub(super) const ONE: &str = "SELECT * FROM tidings_parked
    WHERE subscription = $1 AND stream = $2 AND slot = $3 AND sequence = $4";

pub(super) fn address(subscription: &str, event: &EventId) -> Vec<Value> {
    let sequence = as_i64(event.sequence);
    params![subscription, &event.stream, event.slot, sequence].to_vec()
}

/// Dead events that have failed of one kind of error.
#[derive(Clone, Debug, Serialize)]
pub struct Alike {
    /// The subscription.
    pub subscription: String,
    /// The class of their errors; `unknown` of what failed under a version that knew of none.
    pub error_class: String,
    /// How many there are.
    pub count: u64,
    /// When the first of them failed for the last time.
    pub first_at: Option<Timestamp>,
    /// When the last one failed.
    pub last_at: Option<Timestamp>,
    /// One of them.
    pub example: DeadEvent,
}

/// Dead events by what they have failed of, those of which there are most first.
///
/// # Errors
/// As statements.
pub async fn alike(service: &Handle, limit: u32) -> Result<Vec<Alike>, Error> {
    let mut conn = service.read().await?;
    let sql = "SELECT subscription, error_class, count(*), min(last_failed_at),
            max(last_failed_at)
        FROM tidings_parked WHERE state = 'dead' GROUP BY subscription, error_class
        ORDER BY 3 DESC, 1, 2 LIMIT $1";
    type Group = (
        String,
        Option<String>,
        u64,
        Option<Timestamp>,
        Option<Timestamp>,
    );
    let groups: Vec<Group> = conn.query(sql, params![limit]).await?;
    let mut all = Vec::with_capacity(groups.len());
    for (subscription, error_class, count, first_at, last_at) in groups {
        let error_class = error_class.unwrap_or_else(|| "unknown".to_owned());
        let sql = "SELECT * FROM tidings_parked WHERE state = 'dead' AND subscription = $1
            AND coalesce(error_class, 'unknown') = $2 AND last_failed_at = $3
            ORDER BY stream, slot, sequence LIMIT 1";
        let row = params![&subscription, &error_class, last_at];
        // None when it has gone since.
        let example: Option<DeadEvent> = conn.query_opt(sql, row).await?;
        all.extend(example.map(|example| Alike {
            subscription,
            error_class,
            count,
            first_at,
            last_at,
            example,
        }));
    }
    Ok(all)
}

/// Everything that is parked, waiting or dead in a service, dead first, then oldest first.
///
/// # Errors
/// As statements.
pub async fn parked(service: &Handle, limit: u32) -> Result<Vec<DeadEvent>, Error> {
    let sql = "SELECT * FROM tidings_parked ORDER BY
            CASE state WHEN 'dead' THEN 0 WHEN 'parked' THEN 1 ELSE 2 END, time LIMIT $1";
    service.read().await?.query(sql, params![limit]).await
}
