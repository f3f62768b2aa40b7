//! One run of an operation, and how it is carried by a job.

use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::table::{self, End, OperationProblem};
use super::{Closing, Operation};
use crate::handle::Handle;
use crate::job::{Ended, JobKind, JobRow, JobRun, Outside};
use crate::{Error, Fate, Fault, Tx, Uuid, crash, tx};

/// One run of an operation, given to its handler.
///
/// As with any job, the run may be repeated after a crash or a failure, and only the run that
/// holds the claim can record anything.
pub struct OperationRun<O> {
    run: Arc<JobRun>,
    of: PhantomData<fn() -> O>,
}

impl<O: Operation> OperationRun<O> {
    /// The operation's identifier.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.run.id()
    }

    /// The service that the operation belongs to.
    #[must_use]
    pub fn service(&self) -> &Handle {
        self.run.service()
    }

    /// Which try this is, counted from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.run.attempt()
    }

    /// The same for every run: a key for the other side to recognise a repeated call.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        self.run.idempotency_key()
    }

    /// Begins a transaction in the middle of the operation; it also holds the claim for
    /// another lease.
    ///
    /// # Errors
    /// As [`JobRun::begin`].
    pub async fn begin(&self) -> Result<Tx, Error> {
        self.run.begin().await
    }

    /// Says that the run is alive, and learns whether it was asked to stop.
    ///
    /// # Errors
    /// As [`JobRun::begin`].
    pub async fn heartbeat(&self) -> Result<(), Error> {
        self.run.heartbeat().await
    }

    /// Says how far the operation is, in percent; a heartbeat too. A lower number than one
    /// said before, by this run or an earlier one, changes nothing.
    ///
    /// # Errors
    /// As [`JobRun::begin`].
    pub async fn progress(&self, percent: u8) -> Result<(), Error> {
        let mut tx = self.run.begin().await?;
        table::progress(&mut tx, self.id(), percent).await?;
        tx.commit().await
    }

    /// Begins the transaction in which the operation succeeds, so that what it changes
    /// becomes real together with its result. Return the output after it has committed; what
    /// a handler returns without this is recorded in a transaction of its own.
    ///
    /// # Errors
    /// As [`JobRun::finish`]; [`Error::Encode`] and [`Error::TooLarge`] when the output cannot
    /// be kept.
    pub async fn succeed(&self, output: &O::Output) -> Result<Tx, Error> {
        let end = End::Succeeded(encode(O::KIND, output)?);
        self.end(end).await
    }

    /// Begins the transaction in which the operation fails for good, with words for its owner.
    /// Whatever the handler returns after it has committed, the operation has failed and is
    /// not tried again.
    ///
    /// An error that a handler returns without this is tried again, and its text stays within
    /// the house: the owner learns only that the operation could not be carried out.
    ///
    /// # Errors
    /// As [`JobRun::finish`].
    pub async fn fail(&self, code: &str, message: impl Into<String>) -> Result<Tx, Error> {
        let (code, message) = (code.to_owned(), message.into());
        self.end(End::Failed(OperationProblem { code, message }))
            .await
    }

    async fn end(&self, end: End) -> Result<Tx, Error> {
        let mut tx = self.run.finish().await?;
        table::end(&mut tx, self.id(), end).await?;
        Ok(tx)
    }
}

fn encode(kind: &str, output: &impl serde::Serialize) -> Result<String, Error> {
    let result = serde_json::to_string(output).map_err(|source| Error::Encode {
        what: format!("the result of {kind}"),
        source,
    })?;
    tx::check_size(kind, result.len())?;
    Ok(result)
}

/// Code of an operation: `async fn(O, OperationRun<O>) -> Result<O::Output, E>`.
pub trait OperationHandler<O: Operation, E>: Send + Sync + 'static {
    /// The running handler.
    type Future: Future<Output = Result<O::Output, E>> + Send;
    /// Carries the operation out.
    fn call(&self, operation: O, run: OperationRun<O>) -> Self::Future;
}

impl<O, E, F, Fut> OperationHandler<O, E> for F
where
    O: Operation,
    F: Fn(O, OperationRun<O>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O::Output, E>> + Send,
{
    type Future = Fut;
    fn call(&self, operation: O, run: OperationRun<O>) -> Fut {
        self(operation, run)
    }
}

/// A handler's own error, or ours around it.
#[derive(Debug, thiserror::Error)]
enum Carried<E: Fault> {
    #[error(transparent)]
    Own(E),
    #[error(transparent)]
    Store(#[from] Error),
}

impl<E: Fault> Fault for Carried<E> {
    fn fate(&self) -> Fate {
        match self {
            Carried::Own(error) => error.fate(),
            Carried::Store(error) => error.fate(),
        }
    }
}

/// The kind of job that carries an operation.
pub(super) fn carrier<O, E, H>(handler: H) -> Box<dyn JobKind>
where
    O: Operation,
    E: Fault,
    H: OperationHandler<O, E>,
{
    let handler = Arc::new(handler);
    let carry = move |job: O, run| carry(Arc::clone(&handler), job, run);
    let outside = Outside(carry, PhantomData::<fn(O) -> Carried<E>>);
    Box::new(Closing::new(outside, ended).on_cancel(asked_to_stop))
}

async fn carry<O, E, H>(handler: Arc<H>, job: O, run: JobRun) -> Result<(), Carried<E>>
where
    O: Operation,
    E: Fault,
    H: OperationHandler<O, E>,
{
    let run = Arc::new(run);
    let mut tx = run.begin().await?;
    if !table::begin(&mut tx, run.id()).await? {
        // Somebody has revived its job, but what has ended never changes.
        return Ok(());
    }
    tx.commit().await?;
    let of = PhantomData;
    let given = OperationRun {
        run: Arc::clone(&run),
        of,
    };
    let output = handler.call(job, given).await.map_err(Carried::Own)?;
    let end = OperationRun::<O> { run, of };
    match end.succeed(&output).await {
        Ok(tx) => tx.commit().await?,
        // The handler has recorded it with its own changes, or another run has.
        Err(Error::Overtaken) => {}
        Err(error) => return Err(error.into()),
    }
    crash::point("K1").await;
    Ok(())
}

fn ended<'a>(row: &'a JobRow, end: Ended, tx: &'a mut Tx) -> BoxFuture<'a, Result<(), Error>> {
    Box::pin(async move {
        let end = match end {
            Ended::Dead => End::Failed(OperationProblem {
                code: "operation_failed".to_owned(),
                message: "The operation could not be carried out.".to_owned(),
            }),
            Ended::Cancelled => End::Cancelled,
        };
        table::end(tx, row.id, end).await
    })
}

fn asked_to_stop<'a>(row: &'a JobRow, tx: &'a mut Tx) -> BoxFuture<'a, Result<(), Error>> {
    Box::pin(table::set_cancelling(tx, row.id))
}
