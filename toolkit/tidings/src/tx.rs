//! The transaction: a change, its events and its jobs, all or nothing.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::db::Conn;
use crate::handle::{Handle, Shared};
use crate::http::idempotency::{self, Claim, Kept};
use crate::outbox::{self, NewEvent};
use crate::spans::{self, Delivery};
use crate::subscription::WouldEnqueue;
use crate::{Context, Error, EventType, FromRow, Stream, Timestamp, Value, crash, stream};

/// The largest event or job, in bytes of JSON; what every broker takes.
pub const MESSAGE_BYTES_MAX: usize = 512 * 1024;

/// A transaction of one service.
///
/// It is a connection ([`Conn`]), so statements run on it directly. Events and
/// jobs become real with the commit and with nothing else: dropped, failed or
/// killed before COMMIT, nothing has happened; after COMMIT everything has, and
/// every subscriber will be told however often the process dies.
///
/// ```
/// # use tidings::{params, Context, Handle, Error};
/// # #[derive(tidings::Stream)]
/// # #[stream(name = "orders", key = "order_id")]
/// # enum OrderEvent {
/// #     #[event("order.cancelled")]
/// #     Cancelled { order_id: uuid::Uuid },
/// # }
/// async fn cancel(service: &Handle, context: Context, order_id: uuid::Uuid) -> Result<(), Error> {
///     let mut tx = service.begin(context).await?;
///     tx.execute("UPDATE orders SET status = 'cancelled' WHERE id = $1", params![order_id]).await?;
///     tx.publish(OrderEvent::Cancelled { order_id })?;
///     tx.commit().await
/// }
/// ```
///
/// When [`Tx::commit`] answers [`Error::OutcomeUnknown`] the transaction may have
/// happened: ask the database before doing it again.
pub struct Tx {
    conn: Conn,
    shared: Arc<Shared>,
    context: Context,
    now: Timestamp,
    events: Vec<NewEvent>,
    /// What was enqueued, where somebody wants to know: in a dry run.
    pub(crate) enqueued: Option<Vec<WouldEnqueue>>,
    /// The request that this is the effect of, if it has an `Idempotency-Key`.
    pub(crate) claim: Option<Arc<Claim>>,
    pub(crate) answer: Option<Box<Kept>>,
    /// Whose work it is, where events are being processed in it.
    pub(crate) delivery: Option<Delivery>,
}

impl Tx {
    pub(crate) async fn begin(shared: Arc<Shared>, context: Context) -> Result<Self, Error> {
        let conn = shared.db.begin().await?;
        let now = shared.clock.now();
        Ok(Self {
            conn,
            claim: Claim::current(&shared),
            answer: None,
            delivery: None,
            shared,
            context,
            now,
            events: Vec::new(),
            enqueued: None,
        })
    }

    /// As [`Tx::begin`] for the service's own work, with a question that changes nothing.
    pub(crate) async fn begin_asking<T: FromRow>(
        shared: Arc<Shared>,
        context: Context,
        sql: &str,
        params: &[Value],
    ) -> Result<(Self, Vec<T>), Error> {
        let (conn, rows) = shared.db.begin_asking(sql, params).await?;
        let now = shared.clock.now();
        let tx = Self {
            conn,
            claim: None,
            answer: None,
            delivery: None,
            shared,
            context,
            now,
            events: Vec::new(),
            enqueued: None,
        };
        Ok((tx, rows))
    }

    /// When the transaction began, by the service clock; the time of everything in it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Who acts, and what the work belongs to.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What was given to the service with [`Service::resource`](crate::Service::resource).
    ///
    /// # Errors
    /// As [`Handle::resource`].
    pub fn resource<T: Send + Sync + 'static>(&self) -> Result<Arc<T>, Error> {
        Handle(Arc::clone(&self.shared)).resource()
    }

    /// Says what causes the events and jobs that follow; a handler of slices calls
    /// it per event, handlers of one event have it set for them.
    pub fn set_context(&mut self, context: Context) {
        self.context = context;
    }

    /// Publishes an event with this transaction.
    ///
    /// # Errors
    /// [`Error::Undeclared`] when the service does not publish this stream,
    /// [`Error::Encode`] and [`Error::TooLarge`] when it cannot be sent. The
    /// transaction can only be rolled back then: the change must not become real
    /// without its event.
    pub fn publish<S: Stream>(&mut self, event: S) -> Result<(), Error> {
        let collected = self.collect(&event);
        self.conn.note(collected)
    }

    fn collect<S: Stream>(&mut self, event: &S) -> Result<(), Error> {
        let event_type = event.event_type();
        if !self
            .shared
            .streams
            .iter()
            .any(|stream| stream.name == S::NAME)
        {
            return Err(Error::Undeclared {
                what: format!("stream {}", S::NAME),
            });
        }
        let data = event.encode().map_err(|source| Error::Encode {
            what: event_type.name.to_owned(),
            source,
        })?;
        check_size(event_type.name, data.len())?;
        if cfg!(debug_assertions) {
            check_reads_back::<S>(event_type, &data)?;
        }
        let key = event.key();
        self.events.push(NewEvent {
            stream: S::NAME,
            slot: stream::slot_of(&key, S::SLOTS),
            key,
            event_type,
            data,
            time: self.now,
            context: self.context.clone(),
        });
        Ok(())
    }

    /// Adds an event that does not come from a declared stream's type.
    pub(crate) fn add_event(&mut self, event: NewEvent) {
        self.events.push(event);
    }

    /// What the transaction would publish.
    pub(crate) fn events(&self) -> &[NewEvent] {
        &self.events
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Commits: the change, its events and its jobs are on disk when this returns.
    ///
    /// If the future is dropped half-way the outcome is unknown to the caller, as
    /// after a lost connection; it is still all or nothing.
    ///
    /// # Errors
    /// See [`Error`]; after any but [`Error::OutcomeUnknown`] and [`Error::SyncFailed`]
    /// nothing has happened.
    pub async fn commit(self) -> Result<(), Error> {
        crash::point("P1").await;
        if self.events.is_empty() {
            return self.commit_all().await;
        }
        let shared = Arc::clone(&self.shared);
        let spans = spans::publish(shared.name, self.delivery, &self.events);
        let sending = shared.meters.sending(&self.events, &shared.clock);
        let committed = self.commit_all().await;
        match &committed {
            Ok(()) => sending.done(&shared.clock),
            Err(error) => spans
                .iter()
                .for_each(|span| spans::failed(span, &crate::chain(error))),
        }
        committed
    }

    async fn commit_all(mut self) -> Result<(), Error> {
        let claim = self.claim;
        let claim = claim.filter(|_| self.conn.has_written() || !self.events.is_empty());
        if let Some(claim) = &claim {
            // Boxed, or the futures of all who never have a key would be larger for it.
            Box::pin(idempotency::commit_in_tx(
                &mut self.conn,
                claim,
                self.answer,
            ))
            .await?;
        }
        let left = outbox::insert(&mut self.conn, &self.events).await?;
        crash::point("P2").await;
        outbox::commit(&self.shared.db, self.conn, left).await?;
        if let Some(claim) = claim {
            claim.set_committed();
        }
        spans::published(self.shared.name, &self.events);
        crash::point("P4").await;
        // Woken only now: a reader that ran before the sync could act on what a
        // power cut takes back.
        self.shared.wake(!self.events.is_empty());
        Ok(())
    }
}

/// Nobody could read it, and everybody would have it dead (X-05); see [`schema`](crate::schema).
fn check_reads_back<S: Stream>(event_type: EventType, data: &str) -> Result<(), Error> {
    let read = S::decode(event_type.name, event_type.version, data);
    read.map(|_| ()).map_err(|reason| Error::Encode {
        what: event_type.name.to_owned(),
        source: <serde_json::Error as serde::ser::Error>::custom(format!(
            "its own type does not read it: {reason}"
        )),
    })
}

pub(crate) fn check_size(what: &str, bytes: usize) -> Result<(), Error> {
    if bytes > MESSAGE_BYTES_MAX {
        return Err(Error::TooLarge {
            what: what.to_owned(),
            bytes,
            limit: MESSAGE_BYTES_MAX,
        });
    }
    Ok(())
}

impl Deref for Tx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
