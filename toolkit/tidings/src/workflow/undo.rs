//! Undoing: what is registered after a step and done in reverse when the run fails.

use futures_util::future::BoxFuture;

use super::call::{Call, CallOf, Unsure};
use super::flow::Flow;
use super::outcome::{Found, Outcome};
use super::row::StepKind;
use super::step::{StepHandler, Unable};
use crate::Fault;

/// An undoing that waits for its turn.
pub(super) type Undo = Box<dyn for<'a> FnOnce(&'a mut Flow) -> BoxFuture<'a, ()> + Send>;

/// Tells the compiler that the closure takes a flow of any lifetime.
fn undoing(body: impl for<'a> FnOnce(&'a mut Flow) -> BoxFuture<'a, ()> + Send + 'static) -> Undo {
    Box::new(body)
}

impl Flow {
    /// Says how to undo what a step has done, by a transaction:
    /// `async fn(I, &mut Tx) -> Result<(), E>`. Call it after the step has succeeded.
    ///
    /// When the code ends with an error, or the run is cancelled, what was registered is done
    /// in reverse, each as a step of its own and once, as [`Flow::step`]. If it cannot be done,
    /// the run is stuck and there is an alert; retried, the run tries it again.
    pub fn undo<I, E, F>(&mut self, name: &str, input: I, body: F)
    where
        I: Send + 'static,
        E: Fault,
        F: for<'a> StepHandler<'a, I, (), E>,
    {
        let name = name.to_owned();
        self.undos.push(undoing(move |flow| {
            Box::pin(async move {
                let tell = Unable::Tell;
                let outcome = flow
                    .transact(&name, StepKind::Undo, tell, input, body)
                    .await;
                if let Err(failed) = outcome {
                    flow.give_up(failed.to_string()).await
                }
            })
        }));
    }

    /// As [`Flow::undo`], by a call outside: `async fn(I, Call) -> Outcome<()>`, with the same
    /// ways to end doubt as [`Flow::call`]. A call that has failed leaves the run stuck.
    pub fn undo_call<I, F, Fut>(&mut self, name: &str, input: I, body: F) -> UndoCall<'_, I>
    where
        I: Clone + Send + Sync + 'static,
        F: Fn(I, Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome<()>> + Send + 'static,
    {
        let call = CallOf::new(name, input, body);
        UndoCall {
            flow: self,
            call: Some(call),
        }
    }

    /// Does what is registered, last first.
    pub(super) async fn undo_all(&mut self) {
        while let Some(undo) = self.undos.pop() {
            undo(self).await;
        }
    }
}

/// An undoing by a call outside; it is registered when this is dropped.
pub struct UndoCall<'a, I: Clone + Send + Sync + 'static> {
    flow: &'a mut Flow,
    call: Option<CallOf<I, ()>>,
}

impl<I: Clone + Send + Sync + 'static> UndoCall<'_, I> {
    /// As [`CallStep::reconcile`](super::CallStep::reconcile).
    pub fn reconcile<F, Fut>(mut self, look_up: F)
    where
        F: Fn(I, Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Found<()>> + Send + 'static,
    {
        self.set(Unsure::ask(look_up));
    }

    /// As [`CallStep::repeatable`](super::CallStep::repeatable).
    pub fn repeatable(mut self) {
        self.set(Unsure::Repeat);
    }

    fn set(&mut self, unsure: Unsure<I, ()>) {
        if let Some(call) = &mut self.call {
            call.unsure = unsure;
        }
    }
}

impl<I: Clone + Send + Sync + 'static> Drop for UndoCall<'_, I> {
    fn drop(&mut self) {
        let Some(call) = self.call.take() else {
            return;
        };
        self.flow.undos.push(undoing(move |flow| {
            Box::pin(async move {
                let outcome = flow.call_outside(StepKind::UndoCall, call).await;
                if let Err(failed) = outcome {
                    flow.give_up(failed.to_string()).await
                }
            })
        }));
    }
}
