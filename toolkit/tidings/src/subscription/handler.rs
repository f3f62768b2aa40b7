//! Handlers, and how the runtime calls them without knowing their types.

use std::marker::PhantomData;

use futures_util::future::BoxFuture;
use tracing::Instrument;

use crate::failure::Failure;
use crate::outbox::NewEvent;
use crate::spans::{self, EVENT_PROCESSED};
use crate::{Context, Envelope, Event, Fault, Stream, Tx};

/// Code for one event: `async fn(Event<S>, &mut Tx) -> Result<(), E>`.
///
/// What it writes, publishes and enqueues through the transaction commits together
/// with the subscription's cursor: once, however often the event is delivered. It
/// may be *entered* more than once, so it has no other way to act: calls to the
/// outside are jobs.
///
/// Events of one key are applied one after the other. Events of different keys may be applied
/// at the same time on PostgreSQL, in this process when there are many, and in others that run
/// the same service: what they change together is locked by the database, in any order that does
/// not depend on the order of events (sorted by its key), or they wait for each other until the
/// database ends one of them, which is then tried again.
pub trait EventHandler<'a, S, E>: Send + Sync + 'static {
    /// The running handler.
    type Future: Future<Output = Result<(), E>> + Send + 'a;
    /// Applies the event.
    fn call(&self, event: Event<S>, tx: &'a mut Tx) -> Self::Future;
}

impl<'a, S, E, F, Fut> EventHandler<'a, S, E> for F
where
    F: Fn(Event<S>, &'a mut Tx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'a,
{
    type Future = Fut;
    fn call(&self, event: Event<S>, tx: &'a mut Tx) -> Fut {
        self(event, tx)
    }
}

/// Code for a whole batch: `async fn(&[Event<S>], &mut Tx) -> Result<(), E>`, for work that
/// can be written as one set-based statement (about three times as fast).
///
/// Events of one key are in order; batches are at most 250 events, and what is said of
/// [`EventHandler`] about other keys holds. When it fails, the batch is rolled back and
/// halved until the event that fails stands alone.
pub trait BatchHandler<'a, S, E>: Send + Sync + 'static {
    /// The running handler.
    type Future: Future<Output = Result<(), E>> + Send + 'a;
    /// Applies the events.
    fn call(&self, events: &'a [Event<S>], tx: &'a mut Tx) -> Self::Future;
}

impl<'a, S: 'a, E, F, Fut> BatchHandler<'a, S, E> for F
where
    F: Fn(&'a [Event<S>], &'a mut Tx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'a,
{
    type Future = Fut;
    fn call(&self, events: &'a [Event<S>], tx: &'a mut Tx) -> Fut {
        self(events, tx)
    }
}

/// A failure, and which event of the batch it is about, where that is known.
pub(crate) struct Failed {
    pub(crate) index: Option<usize>,
    pub(crate) failure: Failure,
    /// The event that tells of it to somebody who waits, in place of being dead.
    pub(crate) answer: Option<Box<NewEvent>>,
}

/// A handler whose stream's type is forgotten.
pub(crate) trait Erased: Send + Sync {
    /// Applies the events in order; says how many were of a type this build does not know.
    fn apply<'a>(
        &'a self,
        events: &'a [&'a Envelope],
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<u64, Failed>>;

    /// Reads an event as [`Erased::apply`] would, and applies nothing. Says which key its data
    /// have; nothing of what it would skip.
    ///
    /// # Errors
    /// Why not, as it would be said of a dead event.
    fn reads(&self, envelope: &Envelope) -> Result<Option<String>, String>;
}

/// Code for one event, whatever it is given of the transaction.
pub(crate) trait OneCode<S>: Send + Sync {
    fn run(
        &self,
        event: Event<S>,
        cause: &Envelope,
        tx: &mut Tx,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Code for a batch, whatever it is given of the transaction.
pub(crate) trait BatchCode<S>: Send + Sync {
    fn run(
        &self,
        events: &[Event<S>],
        cause: &Envelope,
        tx: &mut Tx,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Applies events one by one.
pub(crate) struct One<S, C>(C, PhantomData<fn(S)>);
/// Applies events in a batch.
pub(crate) struct Batch<S, C>(C, PhantomData<fn(S)>);

impl<S, C: OneCode<S>> One<S, C> {
    pub(crate) fn of(code: C) -> Self {
        Self(code, PhantomData)
    }
}

impl<S, C: BatchCode<S>> Batch<S, C> {
    pub(crate) fn of(code: C) -> Self {
        Self(code, PhantomData)
    }
}

/// A handler that gets the whole transaction.
pub(crate) struct OnTx<E, H>(pub(crate) H, pub(crate) PhantomData<fn() -> E>);

/// What an event causes belongs to the same flow and is done in the same actor's name.
pub(crate) fn caused_by(envelope: &Envelope) -> Context {
    Context {
        causation_id: Some(envelope.id.to_string()),
        ..envelope.context.clone()
    }
}

fn decode<S: Stream>(index: usize, envelope: &Envelope) -> Result<Option<Event<S>>, Failed> {
    let decoded = S::decode(&envelope.name, envelope.version, &envelope.data);
    let data = decoded.map_err(|reason| Failed {
        index: Some(index),
        failure: Failure::hopeless(format!(
            "read {} version {}: {reason}",
            envelope.name, envelope.version
        )),
        answer: None,
    })?;
    Ok(data.map(|data| Event {
        id: envelope.id.clone(),
        time: envelope.time,
        context: envelope.context.clone(),
        data,
    }))
}

fn reads<S: Stream>(envelope: &Envelope) -> Result<Option<String>, String> {
    let decoded = decode::<S>(0, envelope).map_err(|failed| failed.failure.error)?;
    Ok(decoded.map(|event| event.data.key()))
}

impl<S, E, H> OneCode<S> for OnTx<E, H>
where
    S: Stream,
    E: Fault,
    H: for<'a> EventHandler<'a, S, E>,
{
    async fn run(&self, event: Event<S>, cause: &Envelope, tx: &mut Tx) -> Result<(), Failure> {
        tx.set_context(caused_by(cause));
        let applied = self.0.call(event, tx).await;
        applied.map_err(|error| Failure::of(&error))
    }
}

impl<S, E, H> BatchCode<S> for OnTx<E, H>
where
    S: Stream,
    E: Fault,
    H: for<'a> BatchHandler<'a, S, E>,
{
    async fn run(&self, events: &[Event<S>], cause: &Envelope, tx: &mut Tx) -> Result<(), Failure> {
        tx.set_context(caused_by(cause));
        let applied = self.0.call(events, tx).await;
        applied.map_err(|error| Failure::of(&error))
    }
}

impl<S: Stream, C: OneCode<S>> Erased for One<S, C> {
    fn apply<'a>(
        &'a self,
        events: &'a [&'a Envelope],
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<u64, Failed>> {
        Box::pin(async move {
            let mut unknown = 0;
            for (index, envelope) in events.iter().enumerate() {
                let Some(event) = decode::<S>(index, envelope)? else {
                    unknown += 1;
                    continue;
                };
                let span = spans::process(tx.shared().name, tx.delivery, envelope);
                let applied = self.0.run(event, envelope, tx);
                let applied = applied.instrument(span.clone()).await;
                spans::ended(&span, EVENT_PROCESSED, &applied);
                applied.map_err(|failure| Failed {
                    index: Some(index),
                    failure,
                    answer: None,
                })?;
            }
            Ok(unknown)
        })
    }

    fn reads(&self, envelope: &Envelope) -> Result<Option<String>, String> {
        reads::<S>(envelope)
    }
}

impl<S: Stream, C: BatchCode<S>> Erased for Batch<S, C> {
    fn apply<'a>(
        &'a self,
        events: &'a [&'a Envelope],
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<u64, Failed>> {
        Box::pin(async move {
            let mut known = Vec::with_capacity(events.len());
            for (index, envelope) in events.iter().enumerate() {
                known.extend(decode::<S>(index, envelope)?);
            }
            let unknown = (events.len() - known.len()) as u64;
            if let (Some(first), false) = (events.first(), known.is_empty()) {
                let (service, delivery) = (tx.shared().name, tx.delivery);
                let batch = match events {
                    [one] => spans::Batch::of_one(spans::process(service, delivery, one)),
                    events => spans::batch(service, delivery, events),
                };
                let applied = self.0.run(&known, first, tx);
                let applied = applied.instrument(batch.span.clone()).await;
                spans::ended(&batch.span, "events are processed", &applied);
                applied.map_err(|failure| Failed {
                    index: None,
                    failure,
                    answer: None,
                })?;
            }
            Ok(unknown)
        })
    }

    fn reads(&self, envelope: &Envelope) -> Result<Option<String>, String> {
        reads::<S>(envelope)
    }
}
