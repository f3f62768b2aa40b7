//! The jobs that send callbacks.

use std::marker::PhantomData;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use super::client::{Answer, Message, SendError};
use super::schedule::pause_after;
use super::signature::{Secret, signature};
use super::table::{Attempt, CallbackRow};
use super::{close_alerts, open_alert, secret, table};
use crate::job::{Ended, JobRow, JobRun, Outside};
use crate::operation::Closing;
use crate::spans::{self, traceparent};
use crate::{Enqueue, Error, Job, Service, Timestamp, Tx, Uuid, crash};

/// Longer than a try can take.
const LEASE: Duration = Duration::from_secs(30);

/// Sends a callback once, to a host that has answered when it was called last.
#[derive(Serialize, Deserialize)]
pub(super) struct Deliver {
    callback: Uuid,
    /// Of a callback that was sent again meanwhile, only the latest turn counts.
    turn: i64,
    host: String,
}

impl Job for Deliver {
    const KIND: &'static str = "tidings.callback";
    const LEASE: Duration = LEASE;
    const CONCURRENCY: Option<u32> = Some(24);
    const CONCURRENCY_PER_KEY: Option<u32> = Some(3);

    fn limit_key(&self) -> Option<String> {
        Some(self.host.clone())
    }
}

/// Sends a callback once, to a host that has not answered, or was never called.
///
/// They have a lane of their own: a hundred dead hosts keep each other waiting, ten seconds a
/// try, and must not keep the living ones waiting too (F-65).
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct DeliverUnproven(Deliver);

impl Job for DeliverUnproven {
    const KIND: &'static str = "tidings.callback_unproven";
    const LEASE: Duration = LEASE;
    const CONCURRENCY: Option<u32> = Some(16);
    const CONCURRENCY_PER_KEY: Option<u32> = Some(1);

    fn limit_key(&self) -> Option<String> {
        self.0.limit_key()
    }
}

/// Gives a service the jobs that send callbacks.
pub(crate) fn deliver_with(mut service: Service) -> Service {
    let proven = |job: Deliver, run| deliver(job, run, Lane::Proven);
    let unproven = |job: DeliverUnproven, run| deliver(job.0, run, Lane::Unproven);
    let proven = Outside(proven, PhantomData::<fn(Deliver) -> Error>);
    let unproven = Outside(unproven, PhantomData::<fn(DeliverUnproven) -> Error>);
    service.jobs.push(Box::new(Closing::new(proven, given_up)));
    service
        .jobs
        .push(Box::new(Closing::new(unproven, given_up)));
    service
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lane {
    Proven,
    Unproven,
}

pub(super) async fn enqueue(
    tx: &mut Tx,
    callback: Uuid,
    turn: i64,
    host: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let job = Deliver {
        callback,
        turn,
        host: host.to_owned(),
    };
    if table::answers(tx, host).await? {
        tx.enqueue_with(&job, Enqueue::at(at)).await?;
    } else {
        tx.enqueue_with(&DeliverUnproven(job), Enqueue::at(at))
            .await?;
    }
    Ok(())
}

/// 1. Notes that a try begins, and looks up who signs.
/// 2. Sends.
/// 3. Notes what came of it, together with the next try and the end of this job.
///
/// A crash between 1 and 3 repeats all of it, with the same id and the same bytes.
async fn deliver(job: Deliver, run: JobRun, lane: Lane) -> Result<(), Error> {
    let Some(begun) = begin(&job, &run, lane).await? else {
        return Ok(());
    };
    let service = run.service().clone();
    let (id, at) = (begun.callback.id.to_string(), service.now());
    let timestamp = at.as_micros() / 1_000_000;
    let body = &begun.callback.body;
    let correlation_id = &begun.callback.correlation_id;
    let span_id = span_id_of(&begun);
    let span = spans::callback(&id, &job.host, correlation_id, span_id);
    let message = Message {
        url: &begun.callback.url,
        id: &id,
        timestamp,
        signature: &signature(&begun.secrets, &id, timestamp, body),
        correlation_id,
        traceparent: &traceparent(correlation_id, span_id),
        body,
    };
    let sent = service.0.callbacks.send(message, service.clock());
    let outcome = sent.instrument(span.clone()).await;
    match &outcome {
        Ok(answer) => {
            span.record("status", answer.status);
            span.in_scope(|| tracing::debug!("a callback was answered"));
        }
        Err(error) => spans::failed(&span, &crate::chain(error)),
    }
    drop(span);
    crash::point("K3").await;
    if let Err(error) = &outcome {
        tracing::info!(
            service = service.name(), callback = id, host = job.host,
            error = %crate::chain(error), "a callback was not taken"
        );
    }
    let elapsed = service.now().since(at);
    let attempt = attempt_of(begun.number, at, elapsed, &outcome);
    let mut tx = run.finish().await?;
    table::end_attempt(&mut tx, begun.callback.id, &attempt).await?;
    table::set_answers(&mut tx, &job.host, outcome.is_ok()).await?;
    let chance = service.0.chance();
    record(&mut tx, &begun.callback, Verdict::of(&outcome), chance).await?;
    tx.commit().await
}

/// Each try has a span of its own.
fn span_id_of(begun: &Begun) -> u64 {
    let (high, low) = begun.callback.id.as_u64_pair();
    (high ^ low).wrapping_add(u64::from(begun.number)).max(1)
}

/// A try that is going to be made.
struct Begun {
    callback: CallbackRow,
    secrets: Vec<Secret>,
    number: u32,
}

async fn begin(job: &Deliver, run: &JobRun, lane: Lane) -> Result<Option<Begun>, Error> {
    let mut tx = run.begin().await?;
    let callback = table::find(&mut tx, job.callback).await?;
    let is_due = |one: &CallbackRow| one.state == "queued" && one.turn == job.turn;
    let Some(callback) = callback.filter(is_due) else {
        return Ok(None);
    };
    if lane == Lane::Proven && !table::answers(&mut tx, &job.host).await? {
        // It has fallen silent while this job waited.
        drop(tx);
        let mut tx = run.finish().await?;
        let now = tx.now();
        enqueue(&mut tx, job.callback, job.turn, &job.host, now).await?;
        tx.commit().await?;
        return Ok(None);
    }
    let now = tx.now();
    let secrets = secret::current(&mut tx, callback.owner, now).await?;
    let number = table::begin_attempt(&mut tx, callback.id).await?;
    tx.commit().await?;
    Ok(Some(Begun {
        callback,
        secrets,
        number,
    }))
}

fn attempt_of(
    number: u32,
    at: Timestamp,
    elapsed: Duration,
    outcome: &Result<Answer, SendError>,
) -> Attempt {
    let answer = outcome.as_ref().ok();
    Attempt {
        number,
        at,
        status: answer.map(|answer| answer.status),
        error: outcome.as_ref().err().map(ToString::to_string),
        answer: answer.map(|answer| answer.text.clone()),
        elapsed_ms: i64::try_from(elapsed.as_millis()).ok(),
    }
}

/// What an outcome means for the callback.
enum Verdict {
    Taken,
    NotWanted,
    Again(Option<Duration>),
}

impl Verdict {
    fn of(outcome: &Result<Answer, SendError>) -> Self {
        match outcome {
            Ok(answer) => match answer.status {
                200..300 => Self::Taken,
                410 => Self::NotWanted,
                429 | 503 => Self::Again(answer.retry_after),
                _ => Self::Again(None),
            },
            Err(_) => Self::Again(None),
        }
    }
}

async fn record(
    tx: &mut Tx,
    callback: &CallbackRow,
    verdict: Verdict,
    chance: f64,
) -> Result<(), Error> {
    let CallbackRow {
        id, turn, failures, ..
    } = *callback;
    let asked = match verdict {
        Verdict::Taken => {
            table::finish(tx, id, turn, "delivered", failures).await?;
            return Ok(());
        }
        Verdict::NotWanted => {
            table::finish(tx, id, turn, "gone", failures + 1).await?;
            return Ok(());
        }
        Verdict::Again(asked) => asked,
    };
    let failures = failures + 1;
    match pause_after(failures, asked, chance) {
        Some(pause) => {
            let next_at = tx.now().plus(pause);
            if table::put_off(tx, id, turn, failures, next_at).await? {
                enqueue(tx, id, turn + 1, &callback.host, next_at).await?;
            }
        }
        None => {
            if table::finish(tx, id, turn, "exhausted", failures).await? {
                open_alert(tx, &callback.host).await?;
            }
        }
    }
    Ok(())
}

/// The job itself has ended without being done: its code fails, or somebody has stopped it.
fn given_up<'a>(row: &'a JobRow, end: Ended, tx: &'a mut Tx) -> BoxFuture<'a, Result<(), Error>> {
    Box::pin(async move {
        let Ok(job) = serde_json::from_str::<Deliver>(&row.data) else {
            return Ok(());
        };
        let Some(callback) = table::find(tx, job.callback).await? else {
            return Ok(());
        };
        let ended = table::finish(tx, job.callback, job.turn, "exhausted", callback.failures);
        if ended.await? && end == Ended::Dead {
            open_alert(tx, &callback.host).await?;
        }
        close_alerts(tx).await
    })
}
