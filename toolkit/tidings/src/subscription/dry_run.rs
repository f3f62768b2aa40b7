//! Trying an event without doing it: the handler runs in a transaction that is rolled back.

use std::time::Duration;

use serde::Serialize;

use super::dead::{DeadEvent, ONE, address};
use super::decide::check;
use super::effects::{TableChange, Watch, WouldEnqueue, WouldPublish};
use crate::failure::{Failure, guarded};
use crate::handle::Handle;
use crate::installation::SubscriptionInfo;
use crate::outbox::NewEvent;
use crate::{Dialect, Error, EventId, Fate, Tx};

/// Less than a handler may take otherwise: on SQLite nobody else writes meanwhile.
const LIMIT: Duration = Duration::from_secs(10);

/// What would happen if an event were tried now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DryRun {
    /// `applied`; `skipped`: of a type that this build does not know; `answered`: whoever sent the
    /// command would be told that it failed; `failed`.
    pub outcome: &'static str,
    /// Why it would fail.
    pub error: Option<String>,
    /// What would become of it then: `retry`, `dead`, or `wait` for what is missing.
    pub fate: Option<&'static str>,
    /// Tables whose rows would change.
    pub tables: Vec<TableChange>,
    /// Events, commands and replies that would be published.
    pub published: Vec<WouldPublish>,
    /// Jobs that would be enqueued.
    pub jobs: Vec<WouldEnqueue>,
    /// How long it took.
    pub took_ms: u64,
}

/// Applies an event that was put aside, and takes it all back: says what would happen. `None` when
/// it is not there any more. With `data` as if it had been edited to that.
///
/// The handler runs with this build's code on the database as it is, in a transaction that is
/// rolled back, for ten seconds at the most: no row is changed, nothing is published, enqueued or
/// woken, no number of a stream is used up, and the event stays as it is. On SQLite nobody else
/// writes meanwhile; on PostgreSQL whoever wants the same rows waits.
///
/// What does not belong to the database cannot be taken back. Handlers do nothing of the kind by
/// the rules (calls to the outside are jobs), but one that calls another service, or changes
/// something in memory, has done so. On PostgreSQL numbers that a table draws from a sequence of its
/// own are drawn; on SQLite a rule that is only looked at by COMMIT is not looked at.
///
/// # Errors
/// When the database cannot be reached; what the handler says is in the answer.
pub async fn dry_run(
    of: &SubscriptionInfo,
    event: &EventId,
    data: Option<&str>,
) -> Result<Option<DryRun>, Error> {
    let service = &of.service;
    let mut tx = service.begin_own().await?;
    let kept: Option<DeadEvent> = tx.query_opt(ONE, &address(of.name, event)).await?;
    let Some(mut kept) = kept else {
        return Ok(None);
    };
    if let Some(data) = data {
        if let Err(reason) = check(&of.code.0, &kept, data) {
            let nothing = Run::default();
            return Ok(Some(nothing.failed(Failure::hopeless(reason), None)));
        }
        data.clone_into(&mut kept.event.data);
    }
    let began = service.now();
    let mut run = apply(service, of, &kept, &mut tx).await?;
    run.took_ms = service
        .now()
        .since(began)
        .as_millis()
        .try_into()
        .unwrap_or(u64::MAX);
    // Dropped without COMMIT.
    drop(tx);
    Ok(Some(run))
}

/// What was seen of a run.
#[derive(Default)]
struct Run {
    tables: Vec<TableChange>,
    published: Vec<WouldPublish>,
    jobs: Vec<WouldEnqueue>,
}

impl Run {
    fn done(self, outcome: &'static str) -> DryRun {
        DryRun {
            outcome,
            error: None,
            fate: None,
            tables: self.tables,
            published: self.published,
            jobs: self.jobs,
            took_ms: 0,
        }
    }

    fn failed(self, failure: Failure, answer: Option<&NewEvent>) -> DryRun {
        let mut run = self.done("failed");
        run.error = Some(failure.error);
        run.fate = Some(match failure.fate {
            Fate::Retry => "retry",
            Fate::Wait => "wait",
            Fate::Fail => "dead",
        });
        if let Some(answer) = answer {
            run.outcome = "answered";
            run.fate = None;
            run.published = vec![WouldPublish::of(answer)];
        }
        run
    }
}

async fn apply(
    service: &Handle,
    of: &SubscriptionInfo,
    kept: &DeadEvent,
    tx: &mut Tx,
) -> Result<DryRun, Error> {
    if tx.dialect() == Dialect::Postgres {
        // Somebody may hold what it wants for longer than a person waits.
        let limits = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10s'";
        tx.execute_batch(limits).await?;
    }
    let watch = Watch::begin(tx).await?;
    let mut answer = None;
    let work = async {
        let applied = of.code.0.handler.apply(&[&kept.event], tx).await;
        let unknown = applied.map_err(|failed| {
            answer = failed.answer;
            failed.failure
        })?;
        // Also where the handler has kept the failure of a statement to itself.
        let tables = watch.end(tx).await?;
        Ok((unknown, tables))
    };
    match guarded(service.clock().sleep(LIMIT), work).await {
        Ok((unknown, tables)) => {
            let run = Run {
                tables,
                published: tx.events().iter().map(WouldPublish::of).collect(),
                jobs: tx.enqueued.take().unwrap_or_default(),
            };
            Ok(run.done(if unknown > 0 { "skipped" } else { "applied" }))
        }
        Err(failure) => Ok(Run::default().failed(failure, answer.as_deref())),
    }
}
