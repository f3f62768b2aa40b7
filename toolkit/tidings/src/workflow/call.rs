//! Calls outside: done, failed or unknown, and how what is unknown becomes known.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use super::flow::{Flow, Parting};
use super::outcome::{Found, Outcome};
use super::row::{StepKind, StepRow, StepState};
use super::step::{StepFailed, result_text};
use crate::alert::{self, Alert};
use crate::failure::{Failure, backoff, guarded};
use crate::handle::Handle;
use crate::{Error, Timestamp, Tx, crash, spans};

const ASK_FIRST: Duration = Duration::from_secs(1);
const ASK_MOST: Duration = Duration::from_secs(60);
/// The questions that come after exactly one second, and two more.
const ASKS_PROMPT: u32 = 2;
/// About five minutes of asking in vain; then operators are told, and asking goes on.
const ASKS_QUIET: u32 = 10;

/// One try of a call.
#[derive(Clone, Debug)]
pub struct Call {
    service: Handle,
    key: String,
    attempt: u32,
    started_at: Timestamp,
}

impl Call {
    /// The service that calls.
    #[must_use]
    pub fn service(&self) -> &Handle {
        &self.service
    }

    /// The same at every try of this step and when it is asked for: a key by which the other
    /// side recognises the call.
    #[must_use]
    pub fn idempotency_key(&self) -> &str {
        &self.key
    }

    /// Which call this is, counted from 1; when the other side is asked, the last one made.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When the step was begun, by the service clock.
    #[must_use]
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }
}

type Body<I, O> = Arc<dyn Fn(I, Call) -> BoxFuture<'static, O> + Send + Sync>;

fn body<I, O, F, Fut>(f: F) -> Body<I, O>
where
    F: Fn(I, Call) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = O> + Send + 'static,
{
    Arc::new(move |input, call| Box::pin(f(input, call)))
}

/// What is done when nobody knows whether a call has happened.
pub(super) enum Unsure<I, T> {
    /// A person decides.
    Stop,
    /// The other side recognises the key: the call is made again.
    Repeat,
    /// The other side is asked.
    Ask(Body<I, Found<T>>),
}

impl<I, T> Unsure<I, T> {
    pub(super) fn ask<F, Fut>(look_up: F) -> Self
    where
        F: Fn(I, Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Found<T>> + Send + 'static,
    {
        Unsure::Ask(body(look_up))
    }
}

/// A call with all that belongs to it.
pub(super) struct CallOf<I, T> {
    name: String,
    input: I,
    body: Body<I, Outcome<T>>,
    pub(super) unsure: Unsure<I, T>,
    must: bool,
}

impl<I, T> CallOf<I, T> {
    pub(super) fn new<F, Fut>(name: &str, input: I, f: F) -> Self
    where
        F: Fn(I, Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome<T>> + Send + 'static,
    {
        Self {
            name: name.to_owned(),
            input,
            body: body(f),
            unsure: Unsure::Stop,
            must: false,
        }
    }
}

/// A call that is made when this is awaited; see [`Flow::call`].
#[must_use = "the call is made when this is awaited"]
pub struct CallStep<'a, I, T> {
    flow: &'a mut Flow,
    call: CallOf<I, T>,
}

impl<I, T> CallStep<'_, I, T> {
    /// What to ask when nobody knows whether the call has happened:
    /// `async fn(I, Call) -> Found<T>`. It is asked until it knows: after one second, after two
    /// more, then with pauses that grow to a minute.
    pub fn reconcile<F, Fut>(mut self, look_up: F) -> Self
    where
        F: Fn(I, Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Found<T>> + Send + 'static,
    {
        self.call.unsure = Unsure::ask(look_up);
        self
    }

    /// Says that the other side recognises [`Call::idempotency_key`], for as long as the run
    /// may take: the call is made again when nobody knows whether it has happened.
    pub fn repeatable(mut self) -> Self {
        self.call.unsure = Unsure::Repeat;
        self
    }

    /// Says that the run must not go on without it: a call that has failed leaves the run
    /// stuck, with an alert, and when it is retried the call is made again. As
    /// [`Flow::must`] for steps.
    pub fn must(mut self) -> Self {
        self.call.must = true;
        self
    }
}

impl<'a, I, T> IntoFuture for CallStep<'a, I, T>
where
    I: Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + 'static,
{
    type Output = Result<T, StepFailed>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { flow, call } = self;
        Box::pin(flow.call_outside(StepKind::Call, call))
    }
}

impl Flow {
    /// Calls something outside: `async fn(I, Call) -> Outcome<T>`.
    ///
    /// That it is about to be called is on disk before it is; how it has ended is recorded
    /// after it. When a crash falls between the two, or the call says [`Outcome::Unknown`],
    /// nobody knows whether it has happened, and it is *not* simply made again. Say what is to
    /// be done then:
    ///
    /// - [`CallStep::reconcile`]: the other side is asked what has become of it;
    /// - [`CallStep::repeatable`]: it is made again, since the other side recognises its key;
    /// - nothing: the run is stuck, there is an alert, and a person decides
    ///   ([`decide`](super::decide)).
    ///
    /// A call that takes longer than the workflow's lease is given up, and counts as unknown.
    /// A cancelled run first learns how its call has ended.
    ///
    /// # Errors
    /// [`StepFailed`] when the call has said [`Outcome::Failed`] and is no
    /// [`must`](CallStep::must).
    pub fn call<I, T, F, Fut>(&mut self, name: &str, input: I, body: F) -> CallStep<'_, I, T>
    where
        I: Clone + Send + Sync + 'static,
        F: Fn(I, Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome<T>> + Send + 'static,
    {
        let call = CallOf::new(name, input, body);
        CallStep { flow: self, call }
    }

    pub(super) async fn call_outside<I, T>(
        &mut self,
        kind: StepKind,
        call: CallOf<I, T>,
    ) -> Result<T, StepFailed>
    where
        I: Clone + Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let mut step = self.place(&call.name, kind).await;
        if let Some(outcome) = self.recorded(&step).await {
            return outcome;
        }
        let found = match step.state {
            _ if step.attempts == 0 => Found::NotThere,
            StepState::Again => Found::NotThere,
            _ => self.look_up(&step, &call).await,
        };
        let found = match found {
            Found::NotThere => self.make(&mut step, &call).await.into(),
            found => found,
        };
        match found {
            Found::Done(value) => match result_text(&step.name, &value) {
                Ok(text) => {
                    step.result = Some(text);
                    self.settle(step, StepState::Done, None).await;
                    Ok(value)
                }
                Err(failure) => self.part(Parting::Failed(failure)).await,
            },
            Found::Failed(error) if call.must => {
                let step = self.settle(step, StepState::Again, Some(error)).await;
                self.give_up(StepFailed::of(&step).to_string()).await
            }
            Found::Failed(error) => {
                let step = self.settle(step, StepState::Failed, Some(error)).await;
                Err(StepFailed::of(&step))
            }
            Found::Unknown(error) => self.not_known(step, error, &call.unsure).await,
            Found::NotThere => self.give_up("make a call".to_owned()).await,
        }
    }

    /// Learns what has become of a call that may have been made.
    async fn look_up<I: Clone, T>(&mut self, step: &StepRow, call: &CallOf<I, T>) -> Found<T> {
        self.until_due(step).await;
        match &call.unsure {
            Unsure::Repeat => Found::NotThere,
            Unsure::Stop => {
                let text = match &step.error {
                    Some(error) => format!("learn whether {} has happened: {error}", step.name),
                    None => format!(
                        "learn whether {} has happened: the process has ended, or fallen silent, in the call",
                        step.name
                    ),
                };
                self.give_up(text).await
            }
            Unsure::Ask(look_up) => {
                let held = self.run.heartbeat().await;
                self.sure(held).await;
                let span = spans::step(self.id(), &step.name, step.attempts);
                let asking = look_up(call.input.clone(), self.try_of(step)).instrument(span);
                let asked = guarded(std::future::pending(), async { Ok(asking.await) }).await;
                asked.unwrap_or_else(|failure| Found::Unknown(failure.error))
            }
        }
    }

    /// Makes the call, after it is on disk that it is about to be made.
    async fn make<I: Clone, T>(&mut self, step: &mut StepRow, call: &CallOf<I, T>) -> Outcome<T> {
        let tx = match step.attempts {
            0 => self.begin_unless_cancelled(step).await,
            // Whether it has happened is not for a cancel to leave open.
            _ => self.begin().await,
        };
        step.attempts += 1;
        step.state = StepState::Started;
        (step.due_at, step.finished_at) = (None, None);
        let recorded = self.record(tx, step).await;
        self.sure(recorded).await;
        let span = spans::step(self.id(), &step.name, step.attempts);
        let calling = (call.body)(call.input.clone(), self.try_of(step)).instrument(span);
        let called = guarded(std::future::pending(), async { Ok(calling.await) }).await;
        crash::point("S4").await;
        called.unwrap_or_else(|Failure { error, .. }| Outcome::Unknown(error))
    }

    fn try_of(&self, step: &StepRow) -> Call {
        Call {
            service: self.service().clone(),
            key: format!("{}/{}", self.id(), step.name),
            attempt: step.attempts,
            started_at: step.started_at,
        }
    }

    async fn settle(
        &mut self,
        mut step: StepRow,
        state: StepState,
        error: Option<String>,
    ) -> StepRow {
        let mut tx = self.begin().await;
        step.error = error;
        step.ended(state, tx.now());
        if step.asks >= ASKS_QUIET {
            let closed = alert::close(&mut tx, alert::UNKNOWN, &self.row.subject()).await;
            self.sure(closed).await;
        }
        let recorded = self.record(tx, &step).await;
        self.sure(recorded).await;
        step
    }

    async fn not_known<I, T, R>(
        &mut self,
        mut step: StepRow,
        error: String,
        unsure: &Unsure<I, T>,
    ) -> R {
        let mut tx = self.begin().await;
        step.asks += 1;
        step.state = StepState::Unknown;
        step.error = Some(error.clone());
        if let Unsure::Stop = unsure {
            let recorded = self.record(tx, &step).await;
            self.sure(recorded).await;
            let text = format!("learn whether {} has happened: {error}", step.name);
            return self.give_up(text).await;
        }
        let chance = match step.asks {
            // Calls are made at moments of their own, and whoever waits for one wants to know.
            0..=ASKS_PROMPT => 0.0,
            _ => self.service().0.chance(),
        };
        let due = tx
            .now()
            .plus(backoff(step.asks, ASK_FIRST, ASK_MOST, chance));
        step.due_at = Some(due);
        if step.asks == ASKS_QUIET {
            let opened = self.tell_operators(&mut tx, &step, &error).await;
            self.sure(opened).await;
        }
        let what = format!("an answer to {}", step.name);
        self.wait(tx, &step, &what, Some(due)).await
    }

    async fn tell_operators(
        &mut self,
        tx: &mut Tx,
        step: &StepRow,
        error: &str,
    ) -> Result<(), Error> {
        let text = format!(
            "nobody can say whether {} of workflow {} has happened; it is asked for again and \
             again: {error}",
            step.name, self.row.name
        );
        alert::open_one(tx, &Alert::unknown(&self.row.subject(), text)).await
    }
}
