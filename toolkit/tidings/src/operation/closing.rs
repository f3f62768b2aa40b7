//! A kind of job whose end somebody else must know of.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::failure::Failure;
use crate::handle::Handle;
use crate::job::{Claim, Ended, JobKind, JobRow};
use crate::{Error, Tx};

/// Called in the transaction in which a job ends without being done.
type OnEnd = for<'a> fn(&'a JobRow, Ended, &'a mut Tx) -> BoxFuture<'a, Result<(), Error>>;
/// Called in the transaction in which somebody asks a job to stop.
type OnCancel = for<'a> fn(&'a JobRow, &'a mut Tx) -> BoxFuture<'a, Result<(), Error>>;

/// Another kind, with hooks at its ends.
pub(crate) struct Closing<K> {
    kind: K,
    on_end: OnEnd,
    on_cancel: Option<OnCancel>,
}

impl<K: JobKind> Closing<K> {
    pub(crate) fn new(kind: K, on_end: OnEnd) -> Self {
        Self {
            kind,
            on_end,
            on_cancel: None,
        }
    }

    pub(super) fn on_cancel(self, on_cancel: OnCancel) -> Self {
        Self {
            on_cancel: Some(on_cancel),
            ..self
        }
    }
}

impl<K: JobKind> JobKind for Closing<K> {
    fn kind(&self) -> &'static str {
        self.kind.kind()
    }
    fn attempts_max(&self) -> u32 {
        self.kind.attempts_max()
    }
    fn lease(&self) -> Duration {
        self.kind.lease()
    }
    fn backoff(&self) -> (Duration, Duration) {
        self.kind.backoff()
    }
    fn is_outside(&self) -> bool {
        self.kind.is_outside()
    }
    fn limit(&self) -> Option<u32> {
        self.kind.limit()
    }
    fn limit_per_key(&self) -> Option<u32> {
        self.kind.limit_per_key()
    }
    fn reads(&self, row: &JobRow) -> Result<(), String> {
        self.kind.reads(row)
    }
    fn run(&self, service: Handle, claim: Claim) -> BoxFuture<'_, Result<(), Failure>> {
        self.kind.run(service, claim)
    }
    fn ended<'a>(
        &'a self,
        row: &'a JobRow,
        end: Ended,
        _error: Option<&'a str>,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<(), Error>> {
        (self.on_end)(row, end, tx)
    }
    fn on_cancel<'a>(
        &'a self,
        row: &'a JobRow,
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async move {
            if let Some(on_cancel) = self.on_cancel {
                on_cancel(row, tx).await?;
            }
            Ok(false)
        })
    }
}
