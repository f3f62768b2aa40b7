//! Waiting: for a time, for a message, for a job.

use std::time::Duration;

use super::flow::Flow;
use super::message::Told;
use super::row::{StepKind, StepRow, StepState};
use super::step::StepFailed;
use super::store;
use crate::{Enqueue, Error, Job, Timestamp, job};

/// How long a run waits for a message. Made of a span (`Duration`), a moment (`Timestamp`) or
/// `None`, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Without an end.
    Endless,
    /// A span, from when the wait is begun.
    For(Duration),
    /// To a moment of the service clock, however late the wait is begun. It should come from
    /// the input or from a step; what is on disk from the first time is what counts.
    Until(Timestamp),
}

impl From<Duration> for Patience {
    fn from(span: Duration) -> Self {
        Patience::For(span)
    }
}

impl From<Option<Duration>> for Patience {
    fn from(span: Option<Duration>) -> Self {
        span.map_or(Patience::Endless, Patience::For)
    }
}

impl From<Timestamp> for Patience {
    fn from(moment: Timestamp) -> Self {
        Patience::Until(moment)
    }
}

impl Patience {
    fn due(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Patience::Endless => None,
            Patience::For(span) => Some(now.plus(span)),
            Patience::Until(moment) => Some(moment),
        }
    }
}

impl Flow {
    /// Pauses for a span of the service clock. When it ends is on disk: a restart does not
    /// begin it anew, and it never ends early.
    pub async fn sleep(&mut self, name: &str, span: Duration) {
        self.sleep_to(name, |now| now.plus(span)).await;
    }

    /// Pauses until a moment of the service clock, which should come from the input or from
    /// a step; what is on disk from the first time is what counts.
    pub async fn sleep_until(&mut self, name: &str, due: Timestamp) {
        self.sleep_to(name, |_| due).await;
    }

    async fn sleep_to(&mut self, name: &str, due: impl FnOnce(Timestamp) -> Timestamp + Send) {
        let mut step = self.place(name, StepKind::Sleep).await;
        if step.state == StepState::Done {
            return;
        }
        let tx = self.begin_unless_cancelled(&step).await;
        let now = tx.now();
        let due = step.due_at.unwrap_or_else(|| due(now));
        if now >= due {
            step.ended(StepState::Done, now);
            let recorded = self.record(tx, &step).await;
            return self.sure(recorded).await;
        }
        step.due_at = Some(due);
        step.state = StepState::Waiting;
        let what = format!("the end of {name} at {due}");
        self.wait(tx, &step, &what, Some(due)).await
    }

    /// Waits for the next message of a type that [`Tx::tell`](crate::Tx::tell) has left for
    /// this run, or until the time-out has passed: then `None`. What it was is recorded.
    ///
    /// Messages wait for the run, however long before this call they came, and are taken in
    /// their order, each once. One that comes after the time-out is there for the next wait; a
    /// step that must not happen when one has come asks
    /// [`Tx::has_message`](crate::Tx::has_message).
    pub async fn wait_for<T, M>(&mut self, name: &str, timeout: impl Into<Patience>) -> Option<T>
    where
        T: Told<M>,
    {
        let timeout = timeout.into();
        self.wait_for_which(name, timeout, |_: &T| true).await
    }

    /// As [`Flow::wait_for`], for the first message that is `wanted`; those before it are
    /// taken too, and lost to later waits. `wanted` must only look at the message.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tidings::Flow;
    /// # #[derive(tidings::Stream)]
    /// # #[stream(name = "payments", key = "order_id")]
    /// # enum PaymentEvent {
    /// #     #[event("payment.settled")] Settled { order_id: String },
    /// #     #[event("payment.noted")] Noted { order_id: String },
    /// # }
    /// # async fn part(cx: &mut Flow) {
    /// let quarter = Duration::from_secs(900);
    /// let is_end = |event: &PaymentEvent| matches!(event, PaymentEvent::Settled { .. });
    /// match cx.wait_until("settled", quarter, is_end).await {
    ///     Some(_) => { /* go on */ }
    ///     None => { /* it took too long */ }
    /// }
    /// # }
    /// ```
    pub async fn wait_until<T, M>(
        &mut self,
        name: &str,
        timeout: impl Into<Patience>,
        wanted: impl Fn(&T) -> bool + Send,
    ) -> Option<T>
    where
        T: Told<M>,
    {
        let timeout = timeout.into();
        self.wait_for_which(name, timeout, wanted).await
    }

    async fn wait_for_which<T, M>(
        &mut self,
        name: &str,
        timeout: Patience,
        wanted: impl Fn(&T) -> bool + Send,
    ) -> Option<T>
    where
        T: Told<M>,
    {
        self.read_waiting::<T, M>().await;
        let mut step = self.place(name, StepKind::Wait).await;
        if step.state == StepState::Done {
            return self.message_of(&step).await;
        }
        let mut tx = self.begin_unless_cancelled(&step).await;
        let now = tx.now();
        if step.state == StepState::Started {
            step.due_at = timeout.due(now);
        }
        let taken = store::take_message(&mut tx, self.id(), T::NAME, step.position, |text| {
            T::read(text).map(|message| wanted(&message).then_some(message))
        });
        let taken = taken.await;
        let taken = self.sure_or_stuck(taken).await;
        if taken.is_none() && step.due_at.is_none_or(|due| now < due) {
            step.state = StepState::Waiting;
            let what = format!("a message {}", T::NAME);
            let due = step.due_at;
            return self.wait(tx, &step, &what, due).await;
        }
        let (text, message) = taken.unzip();
        step.result = text;
        step.ended(StepState::Done, now);
        let recorded = self.record(tx, &step).await;
        self.sure(recorded).await;
        message
    }

    async fn message_of<T: Told<M>, M>(&mut self, step: &StepRow) -> Option<T> {
        let text = step.result.as_deref()?;
        match T::read(text) {
            Ok(message) => Some(message),
            Err(reason) => {
                let text = format!("read the message of step {}: {reason}", step.name);
                self.give_up(text).await
            }
        }
    }

    /// A message that this build cannot read is no fault of the ground.
    async fn sure_or_stuck<T>(&mut self, outcome: Result<T, Error>) -> T {
        match outcome {
            Err(error @ Error::Decode { .. }) => self.give_up(error.to_string()).await,
            outcome => self.sure(outcome).await,
        }
    }

    /// Enqueues a job and waits for its end. It is enqueued once.
    ///
    /// When the run is cancelled meanwhile, the job is asked to stop, and the run waits for
    /// its end before it undoes anything.
    ///
    /// # Errors
    /// [`StepFailed`] when the job is dead or cancelled. A dead job that the run has acted
    /// upon is cancelled: nobody can try it again.
    pub async fn job<J: Job>(&mut self, name: &str, child: &J) -> Result<(), StepFailed> {
        let mut step = self.place(name, StepKind::Job).await;
        if let Some(outcome) = self.recorded(&step).await {
            return outcome;
        }
        let Some(id) = step.job_id else {
            let mut tx = self.begin_unless_cancelled(&step).await;
            let parent = Some(self.run.id());
            tx.set_context(self.context_of(name));
            let enqueued = job::enqueue_child(&mut tx, child, Enqueue::now(), parent).await;
            step.job_id = self.sure(enqueued).await;
            step.state = StepState::Waiting;
            let what = format!("a job {}", J::KIND);
            return self.wait(tx, &step, &what, None).await;
        };
        let (mut tx, cancel) = self.begin_and_ask().await;
        let found = store::child(&mut tx, id).await;
        let now = tx.now();
        let Some((state, error, asked)) = self.sure(found).await else {
            let text = format!("learn how the job of {name} has ended: it is kept no longer");
            return self.give_up(text).await;
        };
        match state.as_str() {
            "done" => {
                step.result = Some("null".to_owned());
                step.ended(StepState::Done, now);
            }
            "dead" | "cancelled" => {
                let buried = store::bury_child(&mut tx, id, now).await;
                self.sure(buried).await;
                step.error = Some(error.unwrap_or(format!("the job is {state}")));
                step.ended(StepState::Failed, now);
            }
            _ => {
                if cancel && !asked {
                    let asked = job::cancel(&mut tx, id).await;
                    self.sure(asked).await;
                }
                let what = format!("a job {}", J::KIND);
                return self.wait(tx, &step, &what, None).await;
            }
        }
        let recorded = self.record(tx, &step).await;
        self.sure(recorded).await;
        match step.state {
            StepState::Done => Ok(()),
            _ => Err(StepFailed::of(&step)),
        }
    }
}
