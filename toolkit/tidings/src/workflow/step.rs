//! Steps that are a transaction: done once, however often they are begun.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use super::flow::{Flow, Parting};
use super::row::{StepKind, StepRow, StepState};
use crate::failure::{Failure, backoff, guarded};
use crate::{Fate, Fault, Tx, spans, tx};

const BACKOFF_FIRST: Duration = Duration::from_secs(2);
const BACKOFF_MOST: Duration = Duration::from_secs(3600);

/// A step that has failed, now and at every replay: what it was to do has not happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("do step {step}: {error}")]
pub struct StepFailed {
    /// The step's name.
    pub step: String,
    /// Why.
    pub error: String,
}

impl StepFailed {
    pub(super) fn of(step: &StepRow) -> Self {
        Self {
            step: step.name.clone(),
            error: step.error.clone().unwrap_or_default(),
        }
    }
}

impl Fault for StepFailed {
    /// The step has had its tries.
    fn fate(&self) -> Fate {
        Fate::Fail
    }
}

/// What becomes of a step that has had its tries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unable {
    /// The code is told.
    Tell,
    /// The run is stuck.
    Stop,
}

/// Code of a step that is a transaction: `async fn(I, &mut Tx) -> Result<T, E>`.
pub trait StepHandler<'a, I, T, E>: Send + Sync + 'static {
    /// The running step.
    type Future: Future<Output = Result<T, E>> + Send + 'a;
    /// Runs the step.
    fn call(&self, input: I, tx: &'a mut Tx) -> Self::Future;
}

impl<'a, I, T, E, F, Fut> StepHandler<'a, I, T, E> for F
where
    F: Fn(I, &'a mut Tx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'a,
{
    type Future = Fut;
    fn call(&self, input: I, tx: &'a mut Tx) -> Fut {
        self(input, tx)
    }
}

impl Flow {
    /// Does a step that is a transaction of the service: `async fn(I, &mut Tx) -> Result<T, E>`.
    ///
    /// What it writes, publishes and enqueues commits together with the record of its result,
    /// and only if nobody else carries the run: its effect happens once, however often the
    /// process dies. A fault of the ground is tried again without end; another error is tried
    /// again with growing pauses, as often as the workflow says; an error that says
    /// [`Fate::Fail`] is not. Then the step has failed, nothing of it is kept, and the code is
    /// told, at every replay, so that it can do something else or end with the error.
    ///
    /// # Errors
    /// [`StepFailed`], with what the last try said.
    pub fn step<'a, I, T, E, F>(
        &'a mut self,
        name: &'a str,
        input: I,
        body: F,
    ) -> BoxFuture<'a, Result<T, StepFailed>>
    where
        I: Send + 'a,
        T: Serialize + DeserializeOwned + Send + 'a,
        E: Fault,
        F: for<'b> StepHandler<'b, I, T, E>,
    {
        // Boxed here, where its types are parameters: the compiler cannot show of the code of
        // a workflow that it may move between threads if an input with a `&'static str` is
        // part of it.
        Box::pin(self.transact(name, StepKind::Step, Unable::Tell, input, body))
    }

    /// Does a step without which the run must not end: as [`Flow::step`], but when it cannot be
    /// done the run is stuck, with an alert, and when it is retried the step has new tries. For
    /// what has to follow from something that cannot be undone, such as writing down that money
    /// was taken.
    ///
    /// A run that is cancelled does it first.
    pub fn must<'a, I, T, E, F>(&'a mut self, name: &'a str, input: I, body: F) -> BoxFuture<'a, T>
    where
        I: Send + 'a,
        T: Serialize + DeserializeOwned + Send + 'a,
        E: Fault,
        F: for<'b> StepHandler<'b, I, T, E>,
    {
        Box::pin(async move {
            let done = self.transact(name, StepKind::Step, Unable::Stop, input, body);
            match done.await {
                Ok(value) => value,
                // Recorded by code that could do without it.
                Err(failed) => self.give_up(failed.to_string()).await,
            }
        })
    }

    pub(super) async fn transact<I, T, E, F>(
        &mut self,
        name: &str,
        kind: StepKind,
        unable: Unable,
        input: I,
        body: F,
    ) -> Result<T, StepFailed>
    where
        I: Send,
        T: Serialize + DeserializeOwned + Send,
        E: Fault,
        F: for<'a> StepHandler<'a, I, T, E>,
    {
        let mut step = self.place(name, kind).await;
        if let Some(outcome) = self.recorded(&step).await {
            return outcome;
        }
        self.until_due(&step).await;
        let mut tx = match unable {
            Unable::Tell => self.begin_unless_cancelled(&step).await,
            Unable::Stop => self.begin().await,
        };
        tx.set_context(self.context_of(name));
        step.attempts += 1;
        let work = async {
            let outcome = body.call(input, &mut tx).await;
            outcome.map_err(|error| Failure::of(&error))
        };
        let span = spans::step(self.id(), name, step.attempts);
        let worked = guarded(std::future::pending(), work.instrument(span.clone())).await;
        spans::ended(&span, "a step is done", &worked);
        let outcome = match worked {
            Ok(value) => self.keep(tx, &mut step, value).await,
            Err(failure) => {
                // Rolled back here: what follows needs the writer's turn.
                drop(tx);
                Err(failure)
            }
        };
        match outcome {
            Ok(value) => Ok(value),
            Err(failure) => Err(self.try_later_or_fail(step, unable, failure).await),
        }
    }

    async fn keep<T: Serialize>(
        &mut self,
        tx: Tx,
        step: &mut StepRow,
        value: T,
    ) -> Result<T, Failure> {
        step.result = Some(result_text(&step.name, &value)?);
        step.error = None;
        step.ended(StepState::Done, tx.now());
        self.record(tx, step).await?;
        Ok(value)
    }

    async fn try_later_or_fail(
        &mut self,
        mut step: StepRow,
        unable: Unable,
        failure: Failure,
    ) -> StepFailed {
        if failure.fate == Fate::Wait {
            return self.part(Parting::Failed(failure)).await;
        }
        step.result = None;
        step.error = Some(failure.error);
        let tx = self.begin().await;
        if failure.fate == Fate::Retry && step.attempts < self.attempts_max {
            let chance = self.service().0.chance();
            let pause = backoff(step.attempts, BACKOFF_FIRST, BACKOFF_MOST, chance);
            let due = tx.now().plus(pause);
            (step.state, step.finished_at, step.due_at) = (StepState::Started, None, Some(due));
            let what = format!("another try of {}", step.name);
            return self.wait(tx, &step, &what, Some(due)).await;
        }
        step.ended(StepState::Failed, tx.now());
        let failed = StepFailed::of(&step);
        if unable == Unable::Stop {
            // As if it had not begun, for when the run is retried.
            (step.state, step.attempts, step.finished_at) = (StepState::Started, 0, None);
        }
        let recorded = self.record(tx, &step).await;
        self.sure(recorded).await;
        match unable {
            Unable::Tell => failed,
            Unable::Stop => self.give_up(failed.to_string()).await,
        }
    }
}

pub(super) fn result_text<T: Serialize>(step: &str, value: &T) -> Result<String, Failure> {
    let text = serde_json::to_string(value);
    let text = text.map_err(|error| Failure::hopeless(format!("write the result: {error}")))?;
    tx::check_size(step, text.len()).map_err(|error| Failure::hopeless(error.to_string()))?;
    Ok(text)
}
