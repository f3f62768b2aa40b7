//! Parked events: tried again in order, each key by itself, and given to a person at last.

use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use super::Subscription;
use super::apply::HANDLER_LIMIT;
use super::dead::DeadEvent;
use super::error_class::class_of;
use super::retried::{self, Failures};
use crate::db::Conn;
use crate::failure::{Failure, backoff, guarded};
use crate::handle::Handle;
use crate::outbox::{NewEvent, as_i64};
use crate::spans::{self, Delivery};
use crate::{Envelope, Error, Fate, Mask, Timestamp, Tx, Value, params};

/// Tries, quick ones included, before a parked event is dead.
const ATTEMPTS_MAX: u32 = 10;
const BACKOFF_FIRST: Duration = Duration::from_secs(1);
const BACKOFF_MOST: Duration = Duration::from_secs(600);
/// After a fault that is not the event's.
const WAIT: Duration = Duration::from_secs(1);
/// For so long a try is nobody else's: longer than a handler may take, so that of two instances
/// only one is at it. Whoever dies of the event leaves it until then.
const LEASE: Duration = Duration::from_secs(45);
const BATCH: u32 = 50;

/// Stores an event behind an earlier one of its key.
pub(super) async fn queue_up(
    conn: &mut Conn,
    subscription: &str,
    event: &Envelope,
) -> Result<(), Error> {
    insert(
        conn,
        subscription,
        event,
        "waiting",
        None,
        0,
        Timestamp::from_micros(0),
    )
    .await
}

/// Stores an event that failed.
pub(super) async fn park(
    tx: &mut Tx,
    subscription: &str,
    event: &Envelope,
    failure: &Failure,
    tries: u32,
) -> Result<(), Error> {
    let state = if failure.fate == Fate::Fail {
        "dead"
    } else {
        "parked"
    };
    let next = tx.now().plus(backoff(
        1,
        BACKOFF_FIRST,
        BACKOFF_MOST,
        tx.shared().chance(),
    ));
    let failed = Some((failure.error.as_str(), tx.now()));
    insert(tx, subscription, event, state, failed, tries, next).await
}

/// An event that is set aside already comes again when its cursor is put back: what is known
/// of it stays.
async fn insert(
    conn: &mut Conn,
    subscription: &str,
    event: &Envelope,
    state: &str,
    failed: Option<(&str, Timestamp)>,
    attempts: u32,
    next_at: Timestamp,
) -> Result<(), Error> {
    let sql =
        "INSERT INTO tidings_parked (subscription, stream, slot, sequence, key, type, version,
            data, time, actor, correlation_id, causation_id, state, error, attempts, next_at,
            first_failed_at, last_failed_at, error_class)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17,
            $18)
        ON CONFLICT DO NOTHING";
    let row = params![
        subscription,
        &event.id.stream,
        event.id.slot,
        as_i64(event.id.sequence),
        &event.key,
        &event.name,
        event.version,
        &event.data,
        event.time,
        &event.context.actor,
        &event.context.correlation_id,
        event.context.causation_id.clone(),
        state,
        failed.map(|(error, _)| error),
        attempts,
        next_at,
        failed.map(|(_, at)| at),
        failed.map(|(error, _)| class_of(error)),
    ];
    conn.execute(sql, row).await?;
    Ok(())
}

/// Tries parked events again, the first of each key when its time has come.
pub(crate) struct ParkedRunner {
    service: Handle,
    subscriptions: Vec<Arc<Subscription>>,
}

impl ParkedRunner {
    pub(crate) fn new(service: Handle, subscriptions: Vec<Arc<Subscription>>) -> Self {
        Self {
            service,
            subscriptions,
        }
    }

    /// Tries what is due. Says whether there was anything.
    pub(crate) async fn step(&mut self) -> Result<bool, Error> {
        // A subscription that this build no longer has keeps its events, also of one stream.
        let ours = self.subscriptions.iter();
        let ours: Vec<String> = ours
            .map(|of| format!("{} {}", of.name, of.stream.name))
            .collect();
        let names = serde_json::to_string(&ours).unwrap_or_default();
        let mut conn = self.service.read().await?;
        let ours = conn.dialect().pick(
            "SELECT value FROM json_each($3)",
            "SELECT jsonb_array_elements_text($3::text::jsonb)",
        );
        let sql = format!(
            "SELECT * FROM tidings_parked p
            WHERE state IN ('parked', 'waiting') AND next_at <= $1
                AND subscription || ' ' || stream IN ({ours})
            AND NOT EXISTS (
                SELECT 1 FROM tidings_paused z WHERE z.subscription = p.subscription)
            AND NOT EXISTS (
                SELECT 1 FROM tidings_parked q WHERE q.subscription = p.subscription
                AND q.stream = p.stream AND q.key = p.key AND q.sequence < p.sequence)
            ORDER BY next_at LIMIT $2"
        );
        let params = params![self.service.now(), BATCH, names];
        let due: Vec<DeadEvent> = conn.query(&sql, params).await?;
        drop(conn);
        let mut moved = false;
        for parked in &due {
            let subscription = self.subscriptions.iter().find(|subscription| {
                subscription.name == parked.subscription
                    && subscription.stream.name == parked.event.id.stream
            });
            if let Some(subscription) = subscription {
                self.try_again(subscription, parked).await?;
                moved = true;
            }
        }
        Ok(moved)
    }

    async fn try_again(&self, of: &Subscription, due: &DeadEvent) -> Result<(), Error> {
        let mut parked = due.clone();
        parked.attempts += 1;
        if !self.count_attempt(due).await? {
            return Ok(());
        }
        if parked.attempts > ATTEMPTS_MAX {
            let error = "the process has ended while it was applied".to_owned();
            let span = spans::park(self.service.name(), delivery(of, &parked), &parked.event);
            let failure = Failure::hopeless(error);
            let put_off = self.put_off(of, &parked, &failure);
            return put_off.instrument(span).await;
        }
        let mut answer = None;
        let work = async {
            let mut tx = self.service.begin_own().await?;
            // First, and with the number of attempts: of two who try, one touches the row.
            if !take(&mut tx, &parked).await? {
                return Ok(());
            }
            tx.delivery = Some(delivery(of, &parked));
            let applied = of.handler.apply(&[&parked.event], &mut tx).await;
            applied.map_err(|failed| {
                answer = failed.answer;
                failed.failure
            })?;
            if let Some(failed) = failures(due) {
                retried::note(&mut tx, of.name, &due.event, &failed).await?;
            }
            Ok(tx.commit().await?)
        };
        match guarded(self.service.clock().sleep(HANDLER_LIMIT), work).await {
            Ok(()) => Ok(()),
            Err(failure) => match answer {
                Some(answer) => self.answer(&parked, *answer).await,
                None => {
                    let span =
                        spans::park(self.service.name(), delivery(of, &parked), &parked.event);
                    let put_off = self.put_off(of, &parked, &failure);
                    put_off.instrument(span).await
                }
            },
        }
    }

    /// Tells whoever waits that an event cannot be applied; with that it is done.
    async fn answer(&self, parked: &DeadEvent, answer: NewEvent) -> Result<(), Error> {
        let mut tx = self.service.begin_own().await?;
        if take(&mut tx, parked).await? {
            tx.add_event(answer);
            tx.commit().await?;
        }
        Ok(())
    }

    /// Counts the attempt before it is made: an event that ends the process would end it
    /// for ever if it were counted after. `false` when somebody else was faster: the
    /// event is not due for anybody until this try is over.
    async fn count_attempt(&self, due: &DeadEvent) -> Result<bool, Error> {
        let mut tx = self.service.begin_own().await?;
        let now = tx.now();
        let sql = "UPDATE tidings_parked SET attempts = attempts + 1, next_at = $6
            WHERE subscription = $1 AND stream = $2 AND slot = $3 AND sequence = $4
                AND attempts = $5 AND state <> 'dead' AND next_at <= $7
                AND NOT EXISTS (SELECT 1 FROM tidings_paused z WHERE z.subscription = $1)";
        let mut row = address(due, due.attempts);
        row.extend_from_slice(params![now.plus(LEASE), now]);
        let counted = tx.execute(sql, &row).await? == 1;
        tx.commit().await?;
        Ok(counted)
    }

    async fn put_off(
        &self,
        of: &Subscription,
        parked: &DeadEvent,
        failure: &Failure,
    ) -> Result<(), Error> {
        let attempts = parked.attempts - u32::from(failure.fate == Fate::Wait);
        let (state, delay) = match failure.fate {
            Fate::Wait => ("parked", WAIT),
            Fate::Retry if attempts < ATTEMPTS_MAX => {
                let chance = self.service.0.chance();
                (
                    "parked",
                    backoff(attempts, BACKOFF_FIRST, BACKOFF_MOST, chance),
                )
            }
            Fate::Retry | Fate::Fail => ("dead", Duration::ZERO),
        };
        if state == "dead" {
            let mask = Mask::of_stream(&self.service, &of.stream);
            let error = mask.text(&failure.error, &parked.event.data);
            tracing::error!(error, "an event is dead: a person must decide");
        }
        let mut tx = self.service.begin_own().await?;
        let now = tx.now();
        let sql = "UPDATE tidings_parked SET state = $6, error = $7, next_at = $8,
                first_failed_at = coalesce(first_failed_at, $9), last_failed_at = $9,
                attempts = $10, error_class = $11
            WHERE subscription = $1 AND stream = $2 AND slot = $3 AND sequence = $4
                AND attempts = $5";
        let mut row = address(parked, parked.attempts);
        row.extend_from_slice(params![
            state,
            failure.error.as_str(),
            now.plus(delay),
            now,
            attempts,
            class_of(&failure.error)
        ]);
        tx.execute(sql, &row).await?;
        tx.commit().await
    }

    /// When the next try is due, if there is one.
    pub(crate) async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let sql =
            "SELECT min(next_at) FROM tidings_parked p WHERE state = 'parked' AND NOT EXISTS (
            SELECT 1 FROM tidings_paused z WHERE z.subscription = p.subscription)";
        let (due,) = self
            .service
            .read()
            .await?
            .query_one::<(Option<Timestamp>,)>(sql, &[])
            .await?;
        Ok(due)
    }
}

/// How an event has failed before; nothing of one that has only waited behind another.
fn failures(due: &DeadEvent) -> Option<Failures> {
    Some(Failures {
        tries: due.attempts,
        error: due.error.clone().unwrap_or_default(),
        first_at: due.first_failed_at?,
    })
}

fn delivery(of: &Subscription, parked: &DeadEvent) -> Delivery {
    Delivery {
        subscription: of.name,
        attempt: parked.attempts,
    }
}

/// Removes a parked event, if nobody else has tried it meanwhile.
async fn take(tx: &mut Tx, parked: &DeadEvent) -> Result<bool, Error> {
    let sql = "DELETE FROM tidings_parked WHERE subscription = $1 AND stream = $2
        AND slot = $3 AND sequence = $4 AND attempts = $5";
    let address = address(parked, parked.attempts);
    Ok(tx.execute(sql, &address).await? == 1)
}

fn address(parked: &DeadEvent, attempts: u32) -> Vec<Value> {
    let id = &parked.event.id;
    let sequence = as_i64(id.sequence);
    params![
        &parked.subscription,
        &id.stream,
        id.slot,
        sequence,
        attempts
    ]
    .to_vec()
}
