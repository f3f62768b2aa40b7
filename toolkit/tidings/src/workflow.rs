//! Workflows: processes of several steps that survive any crash.
//!
//! A workflow is an async function whose steps have names. Each step is recorded; when the
//! process dies, or the run waits for an hour or a month, the function is run again from the
//! top and every recorded step gives what it gave before. What is promised:
//!
//! - The effect of a [`step`](Flow::step) happens once: it commits together with its record,
//!   under the fence of the job that carries the run.
//! - A [`call`](Flow::call) outside is made at least once; one that may have happened is asked
//!   for, and made again only if it has certainly not arrived or may be repeated.
//! - A [`sleep`](Flow::sleep) never ends early by the service clock, however often restarted.
//! - A message ([`Tx::tell`](crate::Tx::tell)) is taken once, in order, however early it came.
//! - When the function ends with an error or the run is [cancelled](cancel), what was
//!   registered with [`undo`](Flow::undo) is done in reverse.
//! - A run that cannot go on is [stuck](RunState::Stuck) and on the list of alerts: the code no
//!   longer fits what is recorded, nobody knows how a call has ended, or something cannot be
//!   undone. [`retry`] goes on once the cause is mended.
//!
//! A small saga, which takes the money for an order and gives the ticket back if it cannot:
//!
//! ```
//! use tidings::{Call, Error, Fate, Fault, Flow, Found, Outcome, Service, StepFailed, Tx, Workflow, params};
//! use std::time::Duration;
//!
//! #[derive(Clone, serde::Serialize, serde::Deserialize)]
//! struct Buy {
//!     order_id: String,
//!     cents: i64,
//! }
//!
//! impl Workflow for Buy {
//!     const NAME: &'static str = "buy";
//! }
//!
//! async fn buy(order: Buy, cx: &mut Flow) -> Result<(), StepFailed> {
//!     cx.step("reserve", order.clone(), reserve_in_tx).await?;
//!     cx.undo("reserve_undo", order.clone(), release_in_tx);
//!     let receipt: String = cx.call("charge", order.clone(), charge).reconcile(look_up).await?;
//!     cx.undo_call("charge_undo", receipt.clone(), refund).repeatable();
//!     cx.sleep("cool_off", Duration::from_secs(3600)).await;
//!     cx.step("sell", (order, receipt), sell_in_tx).await
//! }
//!
//! async fn reserve_in_tx(order: Buy, tx: &mut Tx) -> Result<(), Error> {
//!     tx.execute("UPDATE tickets SET held_by = $1 WHERE held_by IS NULL", params![order.order_id]).await?;
//!     Ok(())
//! }
//!
//! async fn release_in_tx(order: Buy, tx: &mut Tx) -> Result<(), Error> {
//!     tx.execute("UPDATE tickets SET held_by = NULL WHERE held_by = $1", params![order.order_id]).await?;
//!     Ok(())
//! }
//!
//! async fn sell_in_tx((order, receipt): (Buy, String), tx: &mut Tx) -> Result<(), Error> {
//!     tx.execute("UPDATE tickets SET receipt = $2 WHERE held_by = $1", params![order.order_id, receipt]).await?;
//!     Ok(())
//! }
//!
//! async fn charge(order: Buy, call: Call) -> Outcome<String> {
//!     // Send call.idempotency_key() with it; a time-out is Outcome::Unknown.
//!     # let _ = order;
//!     Outcome::Done(format!("receipt of {}", call.idempotency_key()))
//! }
//!
//! async fn look_up(order: Buy, call: Call) -> Found<String> {
//!     // Ask the other side what has become of call.idempotency_key().
//!     # let _ = (order, call);
//!     Found::NotThere
//! }
//!
//! async fn refund(receipt: String, call: Call) -> Outcome<()> {
//!     # let _ = (receipt, call);
//!     Outcome::Done(())
//! }
//!
//! fn service() -> Service {
//!     Service::new("orders").workflow(buy)
//! }
//!
//! /// Anywhere in a transaction of the service: a route, a handler of events, a job.
//! async fn place_order(tx: &mut Tx, order: Buy) -> Result<bool, Error> {
//!     tx.start(&order, &order.order_id).await
//! }
//! # fn main() { service(); }
//! ```

mod call;
mod carrier;
mod flow;
mod message;
mod operate;
mod outcome;
mod rehearsal;
mod row;
mod start;
mod step;
mod store;
mod sweep;
mod undo;
mod wait;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use call::{Call, CallStep};
pub use flow::Flow;
pub use message::{AsEvent, AsMessage, Message, Told};
pub use operate::{
    Filter, RunCount, Verdict, abandon, cancel, counts, decide, find, get, list, retry, steps,
};
pub use outcome::{Found, Outcome};
pub(crate) use rehearsal::{Recorded, Rehearsal};
pub(crate) use row::MIGRATION;
pub use row::{RunState, StepKind, StepRow, StepState, WorkflowRow};
pub(crate) use start::job_kind;
pub use step::{StepFailed, StepHandler};
pub(crate) use sweep::{carry_the_lost, sweep};
pub use undo::UndoCall;
pub use wait::Patience;

use crate::{Fault, Service};

/// What a workflow is started with, and what is fixed about it.
///
/// When the code is changed so that it asks for other steps, or for the same in another
/// order, runs that are on their way do not fit it any more. Raise [`Workflow::VERSION`],
/// and either go on with the old ones where [`Flow::version`] says so, or leave
/// [`Workflow::OLDEST`] where it is: then they are stuck, with an alert, instead of doing
/// something wrong.
pub trait Workflow: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name in the table; a literal, never derived from the type.
    const NAME: &'static str;
    /// The version of the code. A process with older code leaves runs of a newer version to
    /// others.
    const VERSION: u32 = 1;
    /// The oldest version whose runs the code can go on with.
    const OLDEST: u32 = Self::VERSION;
    /// How often a step that is a transaction is tried before it has failed.
    const ATTEMPTS_MAX: u32 = 10;
    /// How long a single step or call may take before another worker takes the run over.
    const LEASE: Duration = Duration::from_secs(60);
}

/// Code of a workflow: `async fn(W, &mut Flow) -> Result<(), E>`.
///
/// An error ends the run, and what was registered is undone; only one whose fate is
/// [`Fate::Wait`](crate::Fate::Wait) has the code run again later.
pub trait WorkflowHandler<'a, W, E>: Send + Sync + 'static {
    /// The running code.
    type Future: Future<Output = Result<(), E>> + Send + 'a;
    /// Runs the code.
    fn call(&self, input: W, cx: &'a mut Flow) -> Self::Future;
}

impl<'a, W, E, F, Fut> WorkflowHandler<'a, W, E> for F
where
    F: Fn(W, &'a mut Flow) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'a,
{
    type Future = Fut;
    fn call(&self, input: W, cx: &'a mut Flow) -> Fut {
        self(input, cx)
    }
}

impl Service {
    /// Runs a workflow: `async fn(W, &mut Flow) -> Result<(), E>`; see [`workflow`](crate::workflow).
    #[must_use]
    pub fn workflow<W, E, H>(mut self, handler: H) -> Self
    where
        W: Workflow,
        E: Fault,
        H: for<'a> WorkflowHandler<'a, W, E>,
    {
        self.jobs.push(Box::new(carrier::Carrier::new(handler)));
        self
    }
}
