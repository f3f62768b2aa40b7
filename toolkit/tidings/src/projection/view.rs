//! What the handlers of a projection get, and how the runtime calls them.

use std::marker::PhantomData;

use crate::db::Conn;
use crate::failure::Failure;
use crate::subscription::{BatchCode, OneCode};
use crate::{Dialect, Envelope, Error, Event, Fault, FromRow, Stream, Tx, Value};

/// The tables of a projection, in the transaction that moves its cursor.
///
/// It runs statements and does nothing else: there is no way to publish, to enqueue a job, to
/// send a command or to start a workflow, so applying an event again reaches nobody. Nor does it
/// tell the time: what a projection says of an event must be the same whenever it is applied.
///
/// ```compile_fail
/// # use tidings::{Error, Event, View};
/// # #[derive(tidings::Stream)]
/// # #[stream(name = "orders", key = "key")]
/// # enum OrderEvent { #[event("order.paid")] Paid { key: String } }
/// async fn sales(event: Event<OrderEvent>, view: &mut View<'_>) -> Result<(), Error> {
///     view.publish(event.data)?; // no method named `publish`
///     Ok(())
/// }
/// ```
///
/// ```compile_fail
/// # use tidings::{Error, Event, Job, View};
/// # #[derive(tidings::Stream)]
/// # #[stream(name = "orders", key = "key")]
/// # enum OrderEvent { #[event("order.paid")] Paid { key: String } }
/// # #[derive(serde::Serialize, serde::Deserialize)]
/// # struct Thank {}
/// # impl Job for Thank { const KIND: &'static str = "thank"; }
/// async fn sales(event: Event<OrderEvent>, view: &mut View<'_>) -> Result<(), Error> {
///     view.enqueue(&Thank {}).await?; // no method named `enqueue`
///     Ok(())
/// }
/// ```
pub struct View<'a> {
    conn: &'a mut Conn,
}

impl View<'_> {
    /// Which SQL it speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.conn.dialect()
    }

    /// Runs a statement and says how many rows it touched.
    ///
    /// # Errors
    /// As [`Conn::execute`].
    pub async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, Error> {
        self.conn.execute(sql, params).await
    }

    /// Runs a statement and reads all its rows.
    ///
    /// # Errors
    /// As [`Conn::query`].
    pub async fn query<T: FromRow>(
        &mut self,
        sql: &str,
        params: &[Value],
    ) -> Result<Vec<T>, Error> {
        self.conn.query(sql, params).await
    }

    /// Reads the first row, if there is one.
    ///
    /// # Errors
    /// As [`Conn::query`].
    pub async fn query_opt<T: FromRow>(
        &mut self,
        sql: &str,
        params: &[Value],
    ) -> Result<Option<T>, Error> {
        self.conn.query_opt(sql, params).await
    }

    /// Reads the first row.
    ///
    /// # Errors
    /// As [`Conn::query_one`].
    pub async fn query_one<T: FromRow>(&mut self, sql: &str, params: &[Value]) -> Result<T, Error> {
        self.conn.query_one(sql, params).await
    }
}

/// Code for one event: `async fn(Event<S>, &mut View<'_>) -> Result<(), E>`.
pub trait ViewHandler<'a, S, E>: Send + Sync + 'static {
    /// The running handler.
    type Future: Future<Output = Result<(), E>> + Send + 'a;
    /// Applies the event.
    fn call(&self, event: Event<S>, view: &'a mut View<'a>) -> Self::Future;
}

impl<'a, S, E, F, Fut> ViewHandler<'a, S, E> for F
where
    F: Fn(Event<S>, &'a mut View<'a>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'a,
{
    type Future = Fut;
    fn call(&self, event: Event<S>, view: &'a mut View<'a>) -> Fut {
        self(event, view)
    }
}

/// Code for a whole batch: `async fn(&[Event<S>], &mut View<'_>) -> Result<(), E>`, for work that
/// can be written as one set-based statement. Events of one key are in order.
pub trait ViewBatchHandler<'a, S, E>: Send + Sync + 'static {
    /// The running handler.
    type Future: Future<Output = Result<(), E>> + Send + 'a;
    /// Applies the events.
    fn call(&self, events: &'a [Event<S>], view: &'a mut View<'a>) -> Self::Future;
}

impl<'a, S: 'a, E, F, Fut> ViewBatchHandler<'a, S, E> for F
where
    F: Fn(&'a [Event<S>], &'a mut View<'a>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'a,
{
    type Future = Fut;
    fn call(&self, events: &'a [Event<S>], view: &'a mut View<'a>) -> Fut {
        self(events, view)
    }
}

/// A handler that gets the projection's tables alone.
pub(super) struct OnView<E, H>(pub(super) H, pub(super) PhantomData<fn() -> E>);

impl<S, E, H> OneCode<S> for OnView<E, H>
where
    S: Stream,
    E: Fault,
    H: for<'a> ViewHandler<'a, S, E>,
{
    async fn run(&self, event: Event<S>, _: &Envelope, tx: &mut Tx) -> Result<(), Failure> {
        let mut view = View { conn: tx };
        let applied = self.0.call(event, &mut view).await;
        applied.map_err(|error| Failure::of(&error))
    }
}

impl<S, E, H> BatchCode<S> for OnView<E, H>
where
    S: Stream,
    E: Fault,
    H: for<'a> ViewBatchHandler<'a, S, E>,
{
    async fn run(&self, events: &[Event<S>], _: &Envelope, tx: &mut Tx) -> Result<(), Failure> {
        let mut view = View { conn: tx };
        let applied = self.0.call(events, &mut view).await;
        applied.map_err(|error| Failure::of(&error))
    }
}
